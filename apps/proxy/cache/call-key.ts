/** The key under which a call's answer is found (domain/cache/cache-key.ts). */
import { hash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { type CacheNamespace, cacheKeyText } from '@tollgate/domain/cache/cache-key.ts';
import type { CallRequest } from '../dialects/dialect.ts';

/**
 * @param namespace which it is, and as of `namespaceText`
 * @param part of the calls of its route
 * @returns null: it must not be answered from the cache
 */
export function keyOf(
  request: Pick<CallRequest, 'cacheText'>,
  namespace: { of: CacheNamespace; text: string },
  endpoint: string,
  headers: IncomingHttpHeaders,
  part: string | null,
): string | null {
  // A provider that is told of end users may answer by that name, and not by the end user of the call.
  const text = request.cacheText(namespace.of === 'end_user');
  if (text === null) return null;
  // seam: cache-key-has-its-namespace
  const whole = cacheKeyText(namespace.text, endpoint, headers, text, part);
  return hash('sha256', whole);
}
