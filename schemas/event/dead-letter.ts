/**
 * What the dead-letter topic holds: the position of a record that could not be counted, and the
 * reason.
 */
import { z } from 'zod';

export const deadLetter = z.strictObject({
  /** Ordinal of the log, partition and offset of the record. */
  log: z.int().min(0),
  partition: z.int().min(0),
  offset: z.string().regex(/^\d+$/),
  reason: z.string().max(500),
  recorded_at: z.iso.datetime(),
});
