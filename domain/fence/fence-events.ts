/**
 * Stream `fence-<log>.<partition>`: one event per take-over of a partition by a projector. Its
 * revision + 1 is the owner's epoch (design §9).
 */
export type FenceTaken = { type: 'FenceTaken'; data: { owner: string } };
