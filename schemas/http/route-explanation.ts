/** What `POST /v1/routes/explain` of the proxy says: where a request would go, and why not elsewhere. */
import { z } from 'zod';

const amount = z.string();

const candidate = z.strictObject({
  /** As the route lists it. */
  model: z.string(),
  /** Where it leads: provider and its own name for the model. Null: nowhere. */
  deployment: z.string().nullable(),
  /** Code of why a call of it would be refused. */
  refused: z.string().nullable(),
  lacks: z.array(
    z.strictObject({
      what: z.string(),
      needed: z.string(),
      /** Null: nobody knows, so it cannot. */
      known: z.string().nullable(),
      /** False: it is tried if no candidate surely has room. */
      sure: z.boolean(),
    }),
  ),
  /** What the request costs at most there, US dollars; null: nobody knows. */
  worst_case: amount.nullable(),
  price_version: z.string().nullable(),
  /** It failed lately, and is left alone for so long, ms; 0: it is not. */
  cooling_down_ms: z.number(),
});

export const routeExplanation = z.strictObject({
  object: z.literal('route_explanation'),
  route: z.string(),
  /** Null: it is of the configuration. */
  version: z.int().nullable(),
  /** Which of its rules decides; null: none fits. */
  rule: z.int().nullable(),
  strategy: z.string(),
  /** Deployments in the order in which they would be tried; another draw may order them otherwise. */
  order: z.array(z.string()),
  /** What the first attempt would hold of each budget on its path; null: it would be refused. */
  holds: z
    .array(z.strictObject({ scope: z.string(), window: z.string(), unit: z.string(), amount }))
    .nullable(),
  /** Code of what the client would be told. */
  refused: z.string().nullable(),
  /** How hard the request is taken to be, and by which figures, from 0 to 1. Null: its route does not ask. */
  complexity: z
    .strictObject({
      score: z.number(),
      /** From this score on a request is hard. */
      threshold: z.number(),
      hard: z.boolean(),
      features: z.record(z.string(), z.number()),
    })
    .nullable(),
  /** Deployment that complexity would try first, of a route in shadow mode; else null. */
  shadow: z.string().nullable(),
  candidates: z.array(candidate),
});

export type RouteExplanation = z.output<typeof routeExplanation>;
