/** Bodies of what changes the limit of a budget for a time: top-ups and raises. */
import { z } from 'zod';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { objectId as id } from '../names/names.ts';
import { instant } from '../time/instant.ts';
import { listQuery } from './list.ts';

/** Of a budget, in its unit. */
export const amount = z.string().regex(/^\d{1,20}(\.\d{1,12})?$/, 'a decimal number in quotes');

export const topUpRequest = z.strictObject({
  amount,
  expires_at: instant.optional().meta({
    description: 'RFC 3339: what is left of it then is gone. Left out: it does not end.',
  }),
});
export const topUpView = z.strictObject({
  object: z.literal('top_up'),
  id,
  budget_id: id,
  amount: decimal12,
  expires_at: timestamp.nullable(),
  status: z.enum(['active', 'expired']),
  left: decimal12.meta({
    description: 'Neither spent nor held. Of credit that does not end, the oldest is spent first.',
  }),
  created_at: timestamp,
});
export const topUpList = listQuery;

export const raiseRequest = z.strictObject({
  amount,
  until: instant.meta({ description: 'RFC 3339: from then on the limit is what it was.' }),
});
export const raiseView = z.strictObject({
  object: z.literal('raise'),
  id,
  budget_id: id,
  amount: decimal12,
  until: timestamp,
  status: z.enum(['active', 'over', 'ended']),
  created_at: timestamp,
});
export const raiseParams = z.strictObject({ budget_id: id, raise_id: id });

/**
 * What the limit in force is made of: base + topped_up + the raises + the credit + what was spent of
 * credit that has ended.
 */
export const limitParts = z.strictObject({
  base: decimal12,
  topped_up: decimal12.meta({ description: 'Top-ups that do not end.' }),
  raises: z.array(z.strictObject({ id, amount: decimal12, until: timestamp })),
  credit: z
    .array(z.strictObject({ id, amount: decimal12, left: decimal12, expires_at: timestamp }))
    .meta({ description: 'Top-ups that end, in the order in which they are spent.' }),
  ended_credit: z.strictObject({
    spent: decimal12.meta({ description: 'Of top-ups that have ended, with what is still held.' }),
    unused: decimal12,
  }),
});
