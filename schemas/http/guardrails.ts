/** What a guardrail's webhook answers. Tolerant: it may say more than is read. */
import { z } from 'zod';

export const guardrailVerdict = z.object({
  verdict: z.enum(['allow', 'deny']),
  /** For the client, and for the log. */
  reason: z.string().optional(),
});
