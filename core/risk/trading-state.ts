/** What the engine may do: everything, only what makes the position smaller, or nothing. */
export type TradingState = "active" | "reducing" | "halted";
