/** An answer that a generator has made, and what must come of it. */
import type { Truth } from './truth.ts';

export type Ending = 'whole' | 'broken' | 'left';

export type MadeAnswer = {
  /** How it was made, for anyone who looks at a failure. */
  shape: string;
  request: 'chat' | 'stream' | 'embeddings';
  contentType: string;
  bytes: Buffer;
  ending: Ending;
  truth: Truth;
  /** A total that is the truth, plainly told, that nothing contradicts: it must be taken. */
  mustBeTaken: boolean;
  /** Something in it says more than is understood, or contradicts it: nothing may be taken. */
  mustBeUnknown: boolean;
  /** An estimate may be made of it. */
  mayBeEstimated: boolean;
  /** Words that anybody can see: each has a token at least. */
  words: number;
  /** Tokens of the input, where they are known: it was sent as ids. */
  inputIds: number | null;
  /** What the client gets of it; null: it is not looked at. */
  relayed: Buffer | null;
  isError: boolean;
  /** What it says is at its top level, where it is found though the answer is not held. */
  isSearchable: boolean;
};
