/**
 * What a call asks of the cache of answers: `cache-control` as in RFC 9111 (section 5.2.1), and
 * `x-tollgate-cache-control`, which has the same directives and wins, for clients whose libraries set
 * the first one by themselves. A directive that is not known here asks for nothing.
 */

export type CacheDirectives = {
  /** It may be answered from the cache. */
  reads: boolean;
  /** Its answer may be stored. */
  stores: boolean;
  /** Older answers are not for it, seconds; null: whatever the rule allows. */
  maxAgeS: number | null;
  /** Its answer is stored for so long at most, seconds; null: as the rule says. */
  ttlS: number | null;
};

const NOTHING_ASKED: CacheDirectives = { reads: true, stores: true, maxAgeS: null, ttlS: null };

type Headers = Readonly<Record<string, string | readonly string[] | undefined>>;

export function cacheDirectives(headers: Headers): CacheDirectives {
  const ours = headers['x-tollgate-cache-control'];
  const asked = ours ?? headers['cache-control'] ?? headers['pragma'];
  const ttl = headers['x-tollgate-cache-ttl'];
  if (asked === undefined && ttl === undefined) return NOTHING_ASKED;
  let { reads, stores, maxAgeS } = NOTHING_ASKED;
  for (const directive of String(asked ?? '').split(',')) {
    const [name = '', value] = directive.split('=', 2);
    switch (name.trim().toLowerCase()) {
      case 'no-store':
        // What must leave no trace here looks for none either.
        reads = false;
        stores = false;
        break;
      case 'no-cache':
        reads = false;
        break;
      case 'max-age': {
        const seconds = secondsOf(value);
        maxAgeS = maxAgeS === null ? seconds : Math.min(maxAgeS, seconds);
        break;
      }
      default:
    }
  }
  return { reads, stores, maxAgeS, ttlS: ttl === undefined ? null : secondsOf(String(ttl)) };
}

/** Ten digits are three centuries. What is no number of seconds is none at all: the careful reading. */
const SECONDS = /^\s*"?(\d{1,10})"?\s*$/;

function secondsOf(text: string | undefined): number {
  return Number(SECONDS.exec(text ?? '')?.[1] ?? 0);
}
