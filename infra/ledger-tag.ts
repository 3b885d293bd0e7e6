/** The tag of the ledger's table that tells the format of what is in it (`core/ledger-format.ts`). Owns the name alone. */
export const FORMAT_TAG = "flashmm:ledger-format";
