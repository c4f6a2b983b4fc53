/** A case of an answer: what is asked, what a provider sends, and what is right. */

/** What a provider's socket does once all bytes are out. */
export type After = 'keep' | 'close' | 'reset' | 'hang';

export type ProviderScript = {
  /** Status line without the version. Default: `200 OK`. */
  status?: string;
  /** Lines of the head; the length or the chunks are added. */
  headers: readonly string[];
  /** Written one after the other; each an HTTP chunk, unless `whole`. */
  pieces: readonly (string | Buffer)[];
  /** One body with its length. */
  whole?: boolean;
  /** The last HTTP chunk is missing. */
  unfinished?: boolean;
  /** Default: `keep`. */
  after?: After;
  /** Before each piece, milliseconds. */
  dripMs?: number;
};

export type AnswerCase = {
  /** Number and words, as they are printed. */
  name: string;
  /** The public report that it came from. */
  origin: string;
  path?: string;
  /** Fields of the request's body. */
  request: Readonly<Record<string, unknown>>;
  provider: ProviderScript;
  /** The client hangs up so long after the head has come, ms; its key's policy is `abort`. */
  leavesAfterMs?: number;
  /**
   * What comes of it, as `observe` writes it: status, source, cost, tokens (input, cache read, cache
   * write, output, reasoning, audio in and out) or `unknown`, error type; then what the client got.
   */
  expected: string;
};
