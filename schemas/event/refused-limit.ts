/**
 * The member `refusal` of a usage event, for who wants to understand it. Other than the event's own
 * schema it leaves out what a later version may add.
 */
import type { RefusedLimit } from '@tollgate/domain/usage/refused-limit.ts';
import { z } from 'zod';
import { decimal12, timestamp } from './usage-event.ts';

const whole = z.string().regex(/^\d{1,16}$/);

export const refusedLimit = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('budget'),
    budget_id: z.string(),
    window: z.string().regex(/@\d{8}T\d{6}Z$/),
    revision: z.string().regex(/^\d*$/),
    unit: z.string(),
    limit: decimal12,
    spent: decimal12,
    needed: decimal12,
    fits: whole.exactOptional(),
  }),
  z.object({
    kind: z.literal('rate_limit'),
    rate_limit_id: z.string(),
    limit: whole,
    remaining: whole,
    needed: whole,
    resets_at: timestamp.exactOptional(),
    retry_ms: whole.exactOptional(),
  }),
  z.object({ kind: z.literal('guardrail'), guardrail: z.string(), rule: z.string() }),
]) satisfies z.ZodType<RefusedLimit>;
