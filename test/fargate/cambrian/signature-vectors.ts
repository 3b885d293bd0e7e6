/** Requests and their signatures with the secret key `top-secret`, by `openssl dgst -sha256 -hmac top-secret`: task and functions sign alike. */
export const SIGNATURE_VECTORS = [
  [
    { timestampMs: 1735787045678, method: "POST", path: "/v1/orders?x=%2F", body: '{"a":1}' },
    "cb013e6a8c3e89dc7734c32acbd541d2e3c7dd596159b307f83af9d37ab7936d",
  ],
  [
    { timestampMs: 0, method: "GET", path: "/v1/stream", body: "" },
    "f5e81fe5362a4e3d148434ca4b6826353fc06a8415dec4bd7edcf650cec9fc86",
  ],
] as const;
