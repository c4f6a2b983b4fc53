/** An endpoint for judgements, pictures, speech or transcripts, as far as calls differ by it. */
import type { MediaUsage } from '@tollgate/domain/usage/media-usage.ts';
import type { RequestFacts } from '../../dialect.ts';

export type MediaKind = {
  /** Below the provider's base URL. */
  path: string;
  usageOf(usage: unknown): MediaUsage;
  /** Lists or texts of an answer: without one of them it says nothing. */
  answerIn: readonly string[];
  /** What is used where no usage is stated: pictures by the piece, or the request alone; null: nobody knows. */
  piecesIn: string | null;
  countsPieces: boolean;
  /** Types of the events that end a stream, or one of its pictures, with the usage. */
  ends: ReadonlySet<unknown>;
  /** The most that a model of this name writes. */
  outputTokensAt?(model: string, facts: RequestFacts): number | null;
};
