/** Port: somebody who states exchange rates, and can be asked for them. */

export type StatedRates = {
  /** ISO 4217: what one unit of is priced in the others. */
  base: string;
  /** When they were stated, Unix ms. */
  asOfMs: number;
  /** Decimal text, exactly as it was stated (I6). */
  rates: { currency: string; rate: string }[];
};

export type RateSource = {
  /** On every bill that is made with its rates. */
  readonly name: string;
  /** The newest that it has. @throws Error if it does not answer, or not with rates */
  newest(signal: AbortSignal): Promise<StatedRates>;
};
