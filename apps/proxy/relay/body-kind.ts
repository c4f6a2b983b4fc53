/**
 * What the body of an answer is. Its first bytes say more than its head: servers stream without
 * saying so, send JSON where events were asked for, and compress although they were asked not to.
 */
import { namedPacking, type Packing } from '@tollgate/adapters/http/content-coding.ts';

/** How a body is packed; `unknown`: in a way that nobody here can undo. */
export function packingOf(contentEncoding: unknown, first: Buffer): Packing | 'unknown' | null {
  return namedPacking(contentEncoding) ?? packingByBytes(first);
}

/** By the marks of their formats (RFC 1952 §2.3.1, RFC 8878 §3.1.1); the others have none. */
function packingByBytes(first: Buffer): Packing | null {
  if (first[0] === 0x1f && first[1] === 0x8b) return 'gzip';
  if (first.length >= 4 && first.readUInt32LE(0) === 0xfd2fb528) return 'zstd';
  return null;
}

/** What the head says: server-sent events (RFC 9110 §8.3.1: in any case). */
export function saysEvents(contentType: unknown): boolean {
  return String(contentType ?? '')
    .toLowerCase()
    .startsWith('text/event-stream');
}

const FIELDS = ['data:', 'event:', 'id:', 'retry:'];
const LONGEST_FIELD_LENGTH = 6;
const BYTE_ORDER_MARK = '\xef\xbb\xbf';

/** @param first its first bytes; what they leave open, the head says */
export function isEvents(contentType: unknown, first: Buffer): boolean {
  const start = startOf(first);
  const text = first.toString('latin1', start, start + LONGEST_FIELD_LENGTH);
  if (text === '') return saysEvents(contentType);
  if (text[0] === '{' || text[0] === '[') return false;
  if (text[0] === ':') return true;
  if (FIELDS.some((field) => text.startsWith(field))) return true;
  // So few bytes of a field that it may be one.
  return saysEvents(contentType) || FIELDS.some((field) => field.startsWith(text));
}

/** Behind a byte order mark and blank space. */
function startOf(bytes: Buffer): number {
  let at = bytes.toString('latin1', 0, 3) === BYTE_ORDER_MARK ? 3 : 0;
  while (at < bytes.length && isBlankCode(bytes[at] as number)) at++;
  return at;
}

/** Nothing but spaces and line ends. */
export function isBlank(bytes: Buffer): boolean {
  return bytes.every(isBlankCode);
}

function isBlankCode(code: number): boolean {
  return code === 32 || (code >= 9 && code <= 13);
}
