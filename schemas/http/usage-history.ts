/** Bodies of `POST /v1/usage_history`: usage that another gateway metered and charged. */
import { perQuantity } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { ingestResult } from '../event/cloudevent.ts';
import { tagsOf } from '../event/tags.ts';
import { QUANTITY_MAX } from '../event/usage-event.ts';
import { END_USER_LENGTH_MAX, SHORT_TEXT_LENGTH_MAX } from '../names/names.ts';
import { instant } from '../time/instant.ts';

const wellFormed = z.string().refine((value) => value.isWellFormed(), {
  error: 'holds half of a surrogate pair',
});
const text = wellFormed.min(1).max(SHORT_TEXT_LENGTH_MAX);

export const historyRequest = z.strictObject({
  imported_from: z
    .string()
    .regex(/^[a-z0-9-]{1,32}$/)
    .meta({ description: 'The system that metered it, as `litellm`.' }),
  events: z.array(z.unknown()).min(1).meta({
    description: 'Each is judged for itself, so that one bad event loses no other.',
  }),
  dry_run: z.boolean().default(false).meta({ description: 'Judge, and store nothing.' }),
});

export const historyEvent = z.strictObject({
  id: text,
  customer_id: text,
  key_id: text.optional(),
  time: instant,
  provider: text.optional(),
  model: text.optional(),
  endpoint: text.optional(),
  environment: text.optional(),
  end_user: wellFormed.max(END_USER_LENGTH_MAX).optional(),
  tags: tagsOf(text, wellFormed).optional(),
  failed: z.boolean().default(false),
  /** USD, a decimal as text. */
  cost: z
    .string()
    .regex(/^\d{1,12}(?:\.\d{1,30})?$/, 'not an amount in USD, written as decimal text')
    .nullable()
    .default(null),
  ...perQuantity(() => z.int().min(0).max(QUANTITY_MAX).optional()),
});
/** As a client writes one. */
export type HistoryEventRequest = z.input<typeof historyEvent>;

export const historyResult = ingestResult.pick({ accepted: true, rejected: true });
