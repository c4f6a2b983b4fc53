/** `POST /v1/cache/purges`: answers that must not be served any more. */
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { objectId, shortName } from '../names/names.ts';

const model = shortName.meta({
  description: 'As clients name it: of a model or of a route, in exactly this spelling.',
});

export const purgeRequest = z
  .strictObject({
    customer_id: objectId
      .optional()
      .meta({ description: 'Our id, or the `external_id` of a customer, archived or not.' }),
    model: model.optional(),
    everything: z.literal(true).optional().meta({ description: 'Of all customers and models.' }),
  })
  .refine(
    ({ customer_id, model: name, everything }) =>
      (everything === true) === (customer_id === undefined && name === undefined),
    'name a customer, a model or both; or say `everything`, alone',
  );

export const purgeView = z.strictObject({
  object: z.literal('cache_purge'),
  id: z.string(),
  customer_id: z.string().nullable().meta({ description: 'Null: of every customer.' }),
  model: z.string().nullable().meta({ description: 'Null: of every model.' }),
  created_at: timestamp,
});
