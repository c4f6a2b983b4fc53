/**
 * What collectors send to `POST /v1/events`: CloudEvents 1.0, JSON, structured mode. `subject` is
 * the customer, by our id or by the operator's own.
 */
import { perQuantity } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { SHORT_TEXT_LENGTH_MAX } from '../names/names.ts';
import { tagsOf } from './tags.ts';
import { QUANTITY_MAX } from './usage-event.ts';

/** Half of a surrogate pair is no text: two that differ would be stored as the same, or as more. */
const wellFormed = z.string().refine((value) => value.isWellFormed(), {
  error: 'holds half of a surrogate pair',
});
const text = wellFormed.min(1).max(SHORT_TEXT_LENGTH_MAX);
const count = z.int().min(0).max(QUANTITY_MAX);

/** Unknown extension attributes are allowed by CloudEvents; ours are refused if they are wrong. */
export const cloudEvent = z.looseObject({
  specversion: z.literal('1.0'),
  id: text,
  source: wellFormed.min(1).max(1024),
  type: wellFormed.min(1).max(1024),
  subject: text,
  time: z.iso.datetime({ offset: true }),
  datacontenttype: z.literal('application/json').optional(),
  /** Not an extension: what it holds would be lost without a word. */
  data_base64: z.never('send JSON in `data`').optional(),
  data: z
    .strictObject({
      provider: text.optional(),
      model: text.optional(),
      environment: text.optional(),
      end_user: wellFormed.max(1024).optional(),
      tags: tagsOf(text, wellFormed).optional(),
      ...perQuantity(() => count.optional()),
    })
    .optional(),
});
export type CloudEvent = z.infer<typeof cloudEvent>;

/** One event or a batch; each is judged for itself, so that one bad event loses no other. */
export const cloudEvents = z.union([
  z.array(z.unknown()).min(1),
  z.record(z.string(), z.unknown()),
]);

export const ingestResult = z.strictObject({
  accepted: z.int(),
  rejected: z.array(
    z.strictObject({ index: z.int(), id: z.string().nullable(), reason: z.string() }),
  ),
});
