/**
 * Whether a provider refuses a request because it is too long, or because of its content policy. Servers
 * that speak this dialect have codes of their own, or none and a sentence: a text counts only where the
 * error has no code that is known (litellm#10793: a sentence that was not known was no such error).
 */
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';

const CODES: ReadonlyMap<unknown, RefusedFor> = new Map<unknown, RefusedFor>([
  ['context_length_exceeded', 'context_window'],
  ['exceed_context_size_error', 'context_window'],
  ['content_filter', 'content_policy'],
  ['content_policy_violation', 'content_policy'],
  ['ResponsibleAIPolicyViolation', 'content_policy'],
  ['data_inspection_failed', 'content_policy'],
]);

const TOO_LONG =
  /maximum context length|context (?:length|window|size)|prompt is too long|input is too long|too many tokens|exceeds? the (?:model's )?context/i;
const AGAINST_POLICY =
  /content (?:management )?policy|content filter|inappropriate content|safety (?:system|policy)|violates? (?:our |the )?usage guidelines|(?:input|prompt|request) was flagged/i;

/** @param fields an answer with a status of 400 or above */
export function refusedFor(fields: Readonly<Record<string, unknown>>): RefusedFor | null {
  const error = (fields['error'] ?? fields) as Record<string, unknown> | string;
  if (typeof error === 'string') return ofText(error);
  const { code, type, message, innererror } = error;
  const inner = (innererror as { code?: unknown } | null | undefined)?.code;
  const known = CODES.get(code) ?? CODES.get(inner) ?? CODES.get(type);
  if (known !== undefined) return known;
  return typeof message === 'string' ? ofText(message) : null;
}

function ofText(text: string): RefusedFor | null {
  if (TOO_LONG.test(text)) return 'context_window';
  return AGAINST_POLICY.test(text) ? 'content_policy' : null;
}
