/** Genuine uses of words that plain-english.ts stops, each with its reason. */
export interface WordException {
  readonly path: string;
  /** A part of the line in which the word is allowed. */
  readonly line: string;
  readonly reason: string;
}

export const EXCEPTIONS: readonly WordException[] = [];
