/**
 * The number of the form in which the ledger's items stand in the table (CONTRACTS 5). Grows by one with every change after which
 * code of the version before could misread or miswrite what is stored; a new item, or a new attribute that old code passes over, is
 * no such change. The table carries the number as its tag `flashmm:ledger-format`, and no command deploys code of a lower one.
 */
export const LEDGER_FORMAT = 1;
