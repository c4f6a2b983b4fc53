/** `idempotency` of `tollgate.yaml`: how long clients' `Idempotency-Key`s are remembered. */
import { z } from 'zod';

export const idempotency = z.strictObject({
  /** From the first call under a key, hours. */
  hours: z.int().min(1).max(168).default(24),
});
