/** What the benchmark's processes give the task to work with. Owns the addresses and the variables that name them (CONTRACTS 8). */
export type EngineAddresses = {
  readonly feedUrl: string;
  readonly deskUrl: string;
  readonly controlPort: number;
  readonly cloudUrl: string;
  readonly tableName: string;
};

const CONFIG_PATH = "config/local.json";

/** The AWS SDK's own are not among them. */
export function taskEnvironment({ feedUrl, deskUrl, cloudUrl, tableName }: EngineAddresses) {
  return {
    FLASHMM_CONFIG: CONFIG_PATH,
    SEI_WS_URLS: feedUrl,
    SEI_REST_URL: deskUrl,
    CAMBRIAN_BASE_URL: deskUrl,
    CAMBRIAN_API_KEY: "local-key",
    CAMBRIAN_SECRET_KEY: "local-secret",
    FILLS_QUEUE_URL: `${cloudUrl}/000000000000/fills`,
    TABLE_NAME: tableName,
  };
}
