/** Stream `cache-answers`: what of the cache of answers must not be served any more, in an order. */
import { streamCategory } from '../stream/stream-category.ts';

export const cacheStreams = streamCategory('cache');
/** There is one cache in an installation, whatever stores its proxies have. */
export const CACHE_ID = 'answers';

/**
 * Answers of calls that began before this was known: of one customer, of one name of a model or route,
 * of both together, or all of them.
 */
export type CachePurged = {
  type: 'CachePurged';
  data: { purge_id: string; customer_id: string | null; model: string | null };
};

export type CacheEvent = CachePurged;
