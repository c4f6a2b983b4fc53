/**
 * The points at which a process is killed or stopped: seams of the product's source, next to which a
 * call is put while the source is loaded, in processes of this harness only.
 */
import type { SeamEdit } from '../seams/seam.ts';

export type Role = 'proxy' | 'core';

export type Point = {
  name: string;
  what: string;
  role: Role;
  /** The seam's statement; the call goes right before or right after it. */
  seam: string;
  place: 'before' | 'after';
  /**
   * For a point that is reached only during a take-over: the point at which the first process is
   * killed.
   */
  trigger?: string;
};

/** For a stop that outlasts a session: everything is decided and staged, nothing is inserted. */
export const FENCE: Point = {
  name: 'FENCE',
  what: 'at the fence: decided and staged, not inserted',
  role: 'core',
  seam: 'staged-rows-are-inserted',
  place: 'before',
};

export const points: readonly Point[] = [
  {
    name: 'K1',
    what: 'key verified',
    role: 'proxy',
    seam: 'key-verified',
    place: 'after',
  },
  {
    name: 'K2',
    what: 'slice requested, reply lost',
    role: 'proxy',
    seam: 'slice-granted-reply-lost',
    place: 'after',
  },
  {
    name: 'K3',
    what: 'held and started durably, upstream not contacted',
    role: 'proxy',
    seam: 'started-durable-not-sent',
    place: 'before',
  },
  {
    name: 'K4',
    what: 'upstream accepted, nothing relayed',
    role: 'proxy',
    seam: 'upstream-accepted-nothing-relayed',
    place: 'before',
  },
  {
    name: 'K5',
    what: 'mid-stream',
    role: 'proxy',
    seam: 'mid-stream',
    place: 'after',
  },
  {
    name: 'K6',
    what: 'usage seen, not settled',
    role: 'proxy',
    seam: 'usage-seen-not-settled',
    place: 'before',
  },
  {
    name: 'K7',
    what: 'settlement durable, reply lost',
    role: 'proxy',
    seam: 'settled-durable-hold-not-released',
    place: 'before',
  },
  {
    name: 'K8',
    what: 'settled, last byte not relayed',
    role: 'proxy',
    seam: 'settled-last-byte-not-sent',
    place: 'before',
  },
  {
    name: 'K9',
    what: 'shipper read, not produced',
    role: 'proxy',
    seam: 'outbox-read-not-produced',
    place: 'before',
  },
  {
    name: 'K10',
    what: 'produced, checkpoint not saved',
    role: 'proxy',
    seam: 'produced-not-noted',
    place: 'before',
  },
  {
    name: 'K11',
    what: 'polled, not inserted',
    role: 'core',
    seam: 'polled-not-inserted',
    place: 'before',
  },
  {
    name: 'K12',
    what: 'insert sent, reply lost',
    role: 'core',
    seam: 'staged-rows-are-inserted',
    place: 'after',
  },
  {
    name: 'K13',
    what: 'inserted, offset not taken note of',
    role: 'core',
    seam: 'inserted-offset-not-noted',
    place: 'after',
  },
  {
    name: 'K14',
    what: 'partitions taken, fence written, not read back',
    role: 'core',
    seam: 'fence-written-not-read-back',
    place: 'before',
    trigger: 'K13',
  },
  {
    name: 'K15',
    what: 'snapshot frozen, invoice not issued',
    role: 'core',
    seam: 'snapshot-frozen-no-invoice',
    place: 'after',
  },
  {
    name: 'T1',
    what: 'take-over: journal opened',
    role: 'proxy',
    seam: 'takeover-journal-opened',
    place: 'after',
    trigger: 'K8',
  },
  {
    name: 'T2',
    what: 'take-over: grant appended again, not journaled',
    role: 'proxy',
    seam: 'takeover-granted-not-journaled',
    place: 'after',
    trigger: 'K2',
  },
  {
    name: 'T3',
    what: 'take-over: attempt finished',
    role: 'proxy',
    seam: 'takeover-attempt-finished',
    place: 'after',
    trigger: 'K4',
  },
  {
    name: 'T4',
    what: 'take-over: batch shipped',
    role: 'proxy',
    seam: 'takeover-batch-shipped',
    place: 'after',
    trigger: 'K10',
  },
  {
    name: 'T5',
    what: 'take-over: lease settled, not forgotten',
    role: 'proxy',
    seam: 'takeover-settled-not-forgotten',
    place: 'after',
    trigger: 'K7',
  },
  {
    name: 'T6',
    what: 'take-over: all done, journal not removed',
    role: 'proxy',
    seam: 'takeover-done-journal-not-removed',
    place: 'before',
    trigger: 'K6',
  },
];

/** What makes a process call the harness at its points: see `preload-main.ts`. */
export const pointEdits: readonly SeamEdit[] = [...points, FENCE].map(({ name, seam, place }) => {
  const call = `tollgateChaosPoint('${name}');`;
  return { seam, edit: place === 'before' ? { before: call } : { after: call } };
});
