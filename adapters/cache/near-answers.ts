/**
 * What an answer's question means, next to the answer in its store (docs/design.md, Cache): so that an
 * answer can be found by a question that means the same. It is a pointer: whether the answer may be served is
 * judged by the answer itself.
 *
 * Bounded: `nearPerFrameMax` questions are compared with each other at most, one by one, so the nearest is the
 * nearest.
 */

/** Of an answer: as of `StoredAnswer`. */
export type NearAnswer = {
  key: string;
  customerId: string;
  model: string;
  purgesSeen: number;
  ttlMs: number;
  /** Hash of all that must be the same. */
  frame: string;
  /** Of length 1. */
  vector: Float32Array;
  /** As of `guarded`. */
  words: Uint32Array;
};

export type NearQuestion = Pick<NearAnswer, 'frame' | 'vector' | 'words'> & {
  /** Cosine: less is another question. */
  threshold: number;
};

export type NearFound = { key: string; similarity: number };

export type NearAnswers = {
  put(answer: NearAnswer): Promise<void>;
  /** The nearest one that the words do not tell apart. */
  find(question: NearQuestion): Promise<NearFound | null>;
};
