/** The payloads of streams `route-<name>` (see ledger-events.ts). */
import type { RouteEvent } from '@tollgate/domain/routing/route-events.ts';
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { routeName, routeTerms } from '../routes/route-terms.ts';

export const routePayloads = {
  RoutePublished: z.strictObject({
    route: routeName,
    version: z.int().min(1),
    effective_from: timestamp,
    published_at: timestamp,
    terms: routeTerms,
  }),
  RouteArchived: z.strictObject({ route: routeName }),
} satisfies { [T in RouteEvent['type']]: z.ZodType<Extract<RouteEvent, { type: T }>['data']> };
