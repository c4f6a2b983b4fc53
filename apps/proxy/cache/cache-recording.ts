/** What is known of a call that was looked for in the cache and is sent: by this its answer is stored. */
import type { CacheDirectives } from '@tollgate/domain/cache/cache-directives.ts';
import type { CacheRule } from '@tollgate/domain/cache/cache-rules.ts';
import type { Flight } from './flights.ts';

/** A question as it is compared with others, and stored next to its answer. */
export type NearNote = { frame: string; vector: Float32Array; words: Uint32Array };

export type CacheName = {
  rule: CacheRule;
  directives: CacheDirectives;
  namespace: string;
  key: string;
  /** Revision of the last purge that was known when the call began. */
  purgesSeen: number;
};

export type CacheRecording = {
  lookup: CacheName;
  note: NearNote | null;
  flight: Flight | undefined;
};
