/** The command line that every process of ours has. */
import { z } from 'zod';

export const processArguments = z.strictObject({
  config: z.string().optional(),
  data: z.string().min(1).optional(),
  port: z.coerce.number().int().min(0).max(65_535).optional(),
  host: z.string().min(1).optional(),
});
