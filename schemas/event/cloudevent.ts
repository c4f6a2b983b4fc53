/**
 * What collectors send to `POST /v1/events`: CloudEvents 1.0 with JSON data. `subject` is the customer,
 * by our id or by the operator's own. A member that is null is a member that is absent, as the
 * specification has it.
 */
import { perQuantity } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { SHORT_TEXT_LENGTH_MAX } from '../names/names.ts';
import { instant } from '../time/instant.ts';
import { tagsOf } from './tags.ts';
import { QUANTITY_MAX } from './usage-event.ts';

/** Half of a surrogate pair is no text: two that differ would be stored as the same, or as more. */
const wellFormed = z.string().refine((value) => value.isWellFormed(), {
  error: 'holds half of a surrogate pair',
});
const text = wellFormed.min(1).max(SHORT_TEXT_LENGTH_MAX);
const COUNT = { error: `not a whole number from 0 to ${QUANTITY_MAX}, written as a number` };
const count = z.int(COUNT).min(0, COUNT).max(QUANTITY_MAX, COUNT);

/** As RFC 2045 has it, with any parameters: within JSON, a character set says nothing more. */
const JSON_TYPE = /^\s*(?:[\w.-]+\/(?:[\w.-]+\+)?json)\s*(?:;[\s\S]*)?$/i;

/** @param mediaType with or without parameters, in any case */
export function isJsonType(mediaType: string): boolean {
  return JSON_TYPE.test(mediaType);
}

export const collectorData = z.strictObject({
  provider: text.optional(),
  model: text.optional(),
  environment: text.optional(),
  end_user: wellFormed.max(1024).optional(),
  tags: z.preprocess(withoutNulls, tagsOf(text, wellFormed)).optional(),
  ...perQuantity(() => count.optional()),
});

/** Unknown extension attributes are allowed by CloudEvents; ours are refused if they are wrong. */
export const cloudEvent = z.preprocess(
  withoutNulls,
  z.looseObject({
    specversion: z.literal('1.0'),
    id: text,
    source: wellFormed.min(1).max(1024),
    type: wellFormed.min(1).max(1024),
    subject: text,
    /** Without one, the event has the time of its arrival. */
    time: instant.optional(),
    datacontenttype: wellFormed
      .max(1024)
      .refine(isJsonType, { error: 'send JSON in `data`, as application/json' })
      .optional(),
    /** Not an extension: what it holds would be lost without a word. */
    data_base64: z.never('send JSON in `data`').optional(),
    data: z.preprocess(withoutNulls, z.preprocess(dataOf, collectorData)).optional(),
  }),
);
export type CloudEvent = z.infer<typeof cloudEvent>;

function withoutNulls(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  // `Object.fromEntries` keeps an own member of the name __proto__, which is refused by name.
  return entries.some(([, member]) => member === null)
    ? Object.fromEntries(entries.filter(([, member]) => member !== null))
    : value;
}

/** Some SDKs write `data` as JSON text within the JSON of the event. */
function dataOf(value: unknown, context: z.RefinementCtx<unknown>): unknown {
  if (typeof value !== 'string') return value;
  try {
    return withoutNulls(JSON.parse(value));
  } catch {
    context.addIssue({ code: 'custom', message: 'a text that is not JSON' });
    return z.NEVER;
  }
}

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
  /** Left out if there is none. */
  timed_by_arrival: z.int().optional().meta({
    description: 'Accepted events that state no `time`: they have the time of this request.',
  }),
});
