/** The payloads of stream `cache-answers` (see ledger-events.ts). */
import type { CacheEvent } from '@tollgate/domain/cache/cache-events.ts';
import { z } from 'zod';
import { objectId as id, shortName } from '../names/names.ts';

export const cachePayloads = {
  CachePurged: z.strictObject({
    purge_id: id,
    customer_id: id.nullable(),
    model: shortName.nullable(),
  }),
} satisfies { [T in CacheEvent['type']]: z.ZodType<Extract<CacheEvent, { type: T }>['data']> };
