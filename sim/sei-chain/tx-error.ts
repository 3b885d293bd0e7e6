/**
 * A transaction that the chain refuses, in the codes and words of cosmos-sdk and the dex module (types/errors.go of each).
 * Owns the codes; who refuses, and why, is the caller's.
 */

const SDK_ERRORS = {
  "tx parse error": 2,
  unauthorized: 4,
  "insufficient funds": 5,
  "unknown request": 6,
  "invalid address": 7,
  "invalid pubkey": 8,
  "unknown address": 9,
  "invalid coins": 10,
  "out of gas": 11,
  "memo too large": 12,
  "insufficient fee": 13,
  "no signatures supplied": 15,
  "invalid request": 18,
  "mempool is full": 20,
  "key not found": 22,
  "tx timeout height": 30,
  "incorrect account sequence": 32,
} as const;

const DEX_ERRORS = {
  "pair not registered": 16,
  "contract not registered": 17,
  "contract suspended": 1104,
} as const;

export type SdkErrorName = keyof typeof SDK_ERRORS;

export class TxError extends Error {
  readonly codespace: "sdk" | "dex" | "undefined";
  readonly code: number;

  private constructor(codespace: TxError["codespace"], code: number, log: string) {
    super(log);
    this.name = "TxError";
    this.codespace = codespace;
    this.code = code;
  }

  /** `sdkerrors.Wrap`: the detail first, then the error's own words. */
  static sdk(name: SdkErrorName, detail?: string): TxError {
    return new TxError("sdk", SDK_ERRORS[name], detail === undefined ? name : `${detail}: ${name}`);
  }

  static dex(name: keyof typeof DEX_ERRORS, detail: string): TxError {
    return new TxError("dex", DEX_ERRORS[name], `${detail}: ${name}`);
  }

  /** A plain Go error: code 1, and no codespace of its own. */
  static plain(log: string): TxError {
    return new TxError("undefined", 1, log);
  }

  /** The same refusal with where it came from in front. */
  within(where: string): TxError {
    return new TxError(this.codespace, this.code, `${where}: ${this.message}`);
  }
}
