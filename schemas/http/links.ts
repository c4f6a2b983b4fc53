/** Bodies of /v1/links. */
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';

export const linkRequest = z.strictObject({
  path: z
    .string()
    .max(1_024)
    .regex(/^\/v1(?:\/[\w.-]+)+$/)
    .meta({ description: 'Path of a file of this API, such as `/v1/invoices/inv_…/lines.csv`.' }),
  query: z
    .record(z.string().min(1).max(64), z.string().max(256))
    .refine((query) => Object.keys(query).length <= 16, { message: 'at most 16 parameters' })
    .default({})
    .meta({ description: 'Its parameters; the link is for these values alone.' }),
  expires_in_seconds: z.int().min(1).optional().meta({ description: 'Default: a day.' }),
});

export const linkView = z.strictObject({
  object: z.literal('link'),
  url: z.string().meta({ description: 'Path and query, to put behind the address of this API.' }),
  expires_at: timestamp,
});

export const linkRotationView = z.strictObject({
  object: z.literal('link_rotation'),
  generation: z.int(),
});
