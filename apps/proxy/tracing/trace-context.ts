/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/), as far as a call needs it. A header that is
 * not well formed is as good as none: it never fails a call. Baggage is not read, and goes nowhere.
 */

/** What a client says of the trace that its call is a part of. */
export type RemoteParent = {
  /** 32 hex digits. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
  /** Its spans are recorded. */
  sampled: boolean;
  /** What vendors carry along, word for word; null: nothing. */
  state: string | null;
};

/** A later version may have more behind what this one has. */
const PARENT = /^([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
const NO_TRACE = '0'.repeat(32);
const NO_SPAN = '0'.repeat(16);
const SAMPLED = 1;

/** Longer than this nobody has to carry it (W3C, 3.3.1.5). */
const STATE_LENGTH_MAX = 512;
const STATE_MEMBERS_MAX = 32;
const STATE_MEMBER =
  /^[ \t]*(?:[a-z][a-z0-9_\-*/]{0,255}|[a-z0-9][a-z0-9_\-*/]{0,240}@[a-z][a-z0-9_\-*/]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{1,256}[ \t]*$/;

type Headers = Readonly<Record<string, string | string[] | undefined>>;

/** @returns null: there is none, or none that can be read */
export function remoteParent(headers: Headers): RemoteParent | null {
  const { traceparent, tracestate } = headers;
  if (typeof traceparent !== 'string') return null;
  const [, version, traceId = NO_TRACE, spanId = NO_SPAN, flags = '', more] =
    PARENT.exec(traceparent) ?? [];
  if (version === undefined || version === 'ff' || (version === '00' && more !== undefined)) {
    return null;
  }
  if (traceId === NO_TRACE || spanId === NO_SPAN) return null;
  const sampled = (Number.parseInt(flags, 16) & SAMPLED) === SAMPLED;
  return { traceId, spanId, sampled, state: carriedState(tracestate) };
}

/** As a whole or not at all: half of it would be another's word twisted. */
function carriedState(given: string | string[] | undefined): string | null {
  if (typeof given !== 'string' || given.length > STATE_LENGTH_MAX) return null;
  const members = given.split(',').filter((member) => member.trim() !== '');
  if (members.length === 0 || members.length > STATE_MEMBERS_MAX) return null;
  const keys = new Set(members.map((member) => member.slice(0, member.indexOf('=')).trim()));
  if (keys.size < members.length) return null;
  return members.every((member) => STATE_MEMBER.test(member)) ? given.trim() : null;
}

export function traceParentText(traceId: string, spanId: string, sampled: boolean): string {
  return `00-${traceId}-${spanId}-${sampled ? '01' : '00'}`;
}
