/** What one `usage` object of a provider says, once it is read. */
import type { KnownQuantities } from './quantities.ts';
import type { Gathered } from './usage-members.ts';

/** Why what was said is not taken for what was used. */
export type UsageDoubt =
  | 'usage_contradictory'
  | 'usage_incomplete'
  | 'usage_invalid'
  | `usage_unread.${string}`;

/** The most that an object says, whether or not it is understood: no total may be below it. */
export type UsageClaim = { prompt: number; completion: number; total: number };

/** Parts that the object names; null: it says nothing of them. */
export type UsageParts = Pick<
  Gathered,
  'cacheRead' | 'cacheWrite' | 'audioInput' | 'reasoning' | 'audioOutput'
>;

export type UsageReading =
  /** No counts in it. */
  | { kind: 'nothing' }
  | { kind: 'stated'; quantities: KnownQuantities; claim: UsageClaim; parts: UsageParts }
  /** `unread`: it has a count that nobody here understands, so no other total is the whole. */
  | { kind: 'unclear'; doubt: UsageDoubt; claim: UsageClaim; unread: boolean };
