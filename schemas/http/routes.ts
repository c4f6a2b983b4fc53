/** Bodies of /v1/routes. */
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { refuseOddTerms, routeName, routeTermsFields } from '../routes/route-terms.ts';
import { instantOrDateUtc } from '../time/instant.ts';
import { listQuery } from './list.ts';

export const routeRequest = z
  .strictObject({
    route: routeName.meta({ description: 'What clients send as the model.' }),
    effective_from: instantOrDateUtc.optional().meta({
      description: 'From then on it replaces the version before. Left out, or in the past: now.',
    }),
    replaces_model: z.boolean().default(false).meta({
      description:
        'The configuration has a model of this name, whose calls go by the route from then on. Without it, such a route is refused.',
    }),
    ...routeTermsFields,
  })
  .superRefine(refuseOddTerms);

const version = z.strictObject({
  version: z.int(),
  effective_from: timestamp,
  terms: z.strictObject(routeTermsFields),
});

export const routeView = z.strictObject({
  object: z.literal('route'),
  id: routeName,
  /** Null: it has not begun, or is archived. */
  current: version.nullable(),
  /** Those to come, the next one first. */
  scheduled: z.array(version),
  status: z.enum(['active', 'archived']),
  archived: z.boolean(),
  created_at: timestamp,
  updated_at: timestamp,
});
export const routeParams = z.strictObject({ route: routeName });
export const listRoutesQuery = listQuery.extend({
  status: z.enum(['active', 'archived']).optional(),
});
