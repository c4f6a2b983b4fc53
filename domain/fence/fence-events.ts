/**
 * Stream `fence-<log>.<partition>`: one event per take-over of a partition by a projector. Its
 * revision + 1 is the owner's epoch (docs/design.md, The fence).
 */
import { streamCategory } from '../stream/stream-category.ts';

export const fenceStreams = streamCategory('fence');

export function fenceStream(log: number, partition: number): string {
  return fenceStreams.of(`${log}.${partition}`);
}

export type FenceTaken = { type: 'FenceTaken'; data: { owner: string } };
