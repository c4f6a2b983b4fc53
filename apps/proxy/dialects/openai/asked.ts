/** A request, as far as its answer is read by it. */
export type Asked = {
  /** The model writes something. */
  readonly generates: boolean;
  /** The client did not ask for the chunk that states the usage. */
  readonly stripsUsageChunk: boolean;
  /**
   * Tokens that a whole answer to it may leave out of its text, for what is asked: the stop sequence
   * that ended it. null: more may be generated than is shown, by reasoning or in answers that are
   * dropped, or nobody here knows what a member asks for.
   */
  unshownTokensMax(): number | null;
  /** Whether a whole JSON answer may be given again; null: none is recorded. */
  readonly mayRepeat: ((answer: Readonly<Record<string, unknown>>) => boolean) | null;
  /** What its answers say is judged as a whole. */
  readonly isJudged?: boolean;
  /** There is something in it to be read. */
  hasInput(): boolean;
};
