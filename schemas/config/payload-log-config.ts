/** `payload_log` of `tollgate.yaml`: what calls of keys that ask for it, and their answers, say. */
import { z } from 'zod';

const PATTERN = 'a regular expression that matches some text, and not nothing';

export const payloadLog = z.strictObject({
  /** Then it is deleted. */
  retention_days: z.int().min(1).max(365).default(30),
  /** All of it together; the oldest goes first. */
  max_mib: z.int().min(1).max(1_000_000).default(1_024),
  /** What matches is `[redacted]` before anything is stored; keys of ours and of providers always are. */
  redact: z.array(z.string().min(1).max(1_000).refine(isPattern, PATTERN)).max(64).default([]),
});

function isPattern(source: string): boolean {
  try {
    return !new RegExp(source, 'u').test('');
  } catch {
    return false;
  }
}
