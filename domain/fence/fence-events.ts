/**
 * Stream `fence-<log>.<partition>`: one event each time that a projector claims the partition. Its
 * revision + 1 is the owner's epoch (docs/design.md, The fence).
 */
import { streamCategory } from '../stream/stream-category.ts';

export const fenceStreams = streamCategory('fence');

export function fenceStream(log: number, partition: number): string {
  return fenceStreams.of(`${log}.${partition}`);
}

export type FenceTaken = { type: 'FenceTaken'; data: { owner: string } };
