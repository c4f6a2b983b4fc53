/** When a provider says that it serves again (RFC 9110 §10.2.3; `retry-after-ms` is OpenAI's). */
import type { UpstreamHeaders } from '@tollgate/adapters/provider/upstream.ts';

const SECONDS = /^\d{1,9}(\.\d{1,9})?$/;

/** @returns ms from now, at least 0; null: it says nothing that can be read */
export function retryAfterMs(headers: UpstreamHeaders, nowMs: number): number | null {
  const ms = headers['retry-after-ms'];
  if (typeof ms === 'string' && SECONDS.test(ms)) return Number(ms);
  const after = headers['retry-after'];
  if (typeof after !== 'string') return null;
  if (SECONDS.test(after)) return Number(after) * 1_000;
  const atMs = Date.parse(after);
  return Number.isNaN(atMs) ? null : Math.max(0, atMs - nowMs);
}
