/** What calls and their answers say, as administrators see it. */
import { z } from 'zod';
import { listQuery } from './list.ts';

const id = z.string().min(1).max(256);

const facts = {
  object: z.literal('payload'),
  /** Of the call. */
  id: z.string(),
  time: z.iso.datetime({ precision: 3 }),
  customer_id: z.string(),
  team_id: z.string().nullable(),
  key_id: z.string(),
  endpoint: z.string(),
  model: z.string(),
  http_status: z.int().nullable(),
};

export const payloadList = listQuery.extend({ customer_id: id.optional(), key_id: id.optional() });
export const payloadParams = z.strictObject({ call_id: z.uuid() });
export const payloadSummary = z.strictObject(facts);

const body = z.strictObject({
  /** Redacted. Null: it is not stored, and `note` says why. */
  text: z.string().nullable(),
  note: z.enum(['too_large', 'not_text', 'unreadable']).nullable(),
});

export const payloadView = z.strictObject({ ...facts, request: body, answer: body });

export const purgeRequest = z.strictObject({ customer_id: id });
export const purgeView = z.strictObject({ customer_id: z.string(), purged: z.int().min(0) });
