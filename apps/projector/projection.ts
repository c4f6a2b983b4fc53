/**
 * Records → rows (docs/design.md, Projection). Pure but for hashing: the same records give the same
 * rows in any batch size (I5). What does not parse is dead, with a reason, and the partition goes
 * on.
 */
import { createHash, hash } from 'node:crypto';
import type { LogRecord } from '@tollgate/adapters/log/log.ts';
import { readPlainAttempt } from '@tollgate/domain/usage/event/plain-attempt.ts';
import { isForeign, isResolvable, type UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';

export type Disposition = 'counted' | 'duplicate' | 'dead';

export type ProjectedRow = {
  partition: number;
  offset: bigint;
  disposition: Disposition;
  deadReason: string | null;
  /** Decimal text of 128 bits; '0' for dead rows. */
  idKey: string;
  /** Lower-case hex of SHA-256(0x00 ‖ value). */
  leafHex: string;
  /** The record's own JSON object on one line, UTF-8; null for dead and for staged rows. */
  object: Uint8Array | null;
  /** Null for all but resolutions. */
  resolvesId: string | null;
  /** A resolution may still state what this attempt cost. */
  resolvable: boolean;
  appendedAtMs: number;
};

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const NOT_JSON = 'not UTF-8 JSON';
const NOT_OURS = 'id: not a UUIDv7';
const NO_DATE = 'time: no such date';
const NO_TEXT = 'a text holds half of a surrogate pair';
/** `JSON.stringify` escapes these alone so; an even number of backslashes before it is text. */
const HALF_OF_A_PAIR = /(?<!\\)(?:\\\\)*\\ud[89a-f]/;
const REASON_LENGTH_MAX = 500;
const BRACE = 0x7b;
const LF = 0x0a;
const CR = 0x0d;
const decoder = new TextDecoder('utf-8', { fatal: true });
/** RFC 9162 §2.1.1: the byte before a leaf's own bytes. */
const LEAF_PREFIX = 0;

/** The row of a record, as far as it follows from the record alone. */
export function projectRecord(record: LogRecord): ProjectedRow {
  const { partition, offset, value, appendedAtMs } = record;
  const leafHex = leafOf(value);
  const parsed = readRecord(value);
  if (typeof parsed === 'string') {
    return { partition, offset, leafHex, appendedAtMs, ...dead(parsed) };
  }
  return {
    partition,
    offset,
    disposition: 'counted',
    deadReason: null,
    leafHex,
    appendedAtMs,
    idKey: parsed.idKey,
    object: parsed.object,
    resolvesId: parsed.resolvesId,
    resolvable: parsed.resolvable,
  };
}

/** What a dead row says instead of an event. */
export function dead(reason: string): Read & Pick<ProjectedRow, 'disposition' | 'deadReason'> {
  // It may quote the record and be cut within a character: the engine refuses half of one.
  const deadReason = reason.slice(0, REASON_LENGTH_MAX).toWellFormed();
  const nothing = { idKey: '0', object: null, resolvesId: null, resolvable: false };
  return { disposition: 'dead', deadReason, ...nothing };
}

type Read = Pick<ProjectedRow, 'idKey' | 'object' | 'resolvesId' | 'resolvable'>;

/** @returns a reason if the record is dead */
function readRecord(value: Uint8Array): Read | string {
  let json: string;
  try {
    json = decoder.decode(value);
  } catch {
    return NOT_JSON;
  }
  // Any other first byte is white space, or a byte order mark, which the decoder has removed.
  const plain = value[0] === BRACE ? readPlainAttempt(json) : null;
  if (plain === null) return parseRecord(value, json);
  if (!UUID_V7.test(plain.id)) return NOT_OURS;
  if (!isDate(plain.time)) return NO_DATE;
  const { resolvable } = plain;
  return { idKey: uuidKey(plain.id), object: value, resolvesId: null, resolvable };
}

function parseRecord(value: Uint8Array, json: string): Read | string {
  let parsedJson: unknown;
  try {
    parsedJson = JSON.parse(json);
  } catch {
    return NOT_JSON;
  }
  const parsed = usageEvent.safeParse(parsedJson);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
  }
  const event = parsed.data;
  const fault = faultOf(event, parsedJson);
  if (fault !== null) return fault;
  return {
    idKey: idKeyOf(event),
    object: onOneLine(value, json),
    resolvesId: event.resolves_id,
    resolvable: isResolvable(event),
  };
}

/**
 * A row begins with the object's brace and ends at a line's end. Our own records are like that; others
 * may have white space before the brace, or line ends between tokens (inside a string JSON escapes
 * them).
 */
function onOneLine(value: Uint8Array, json: string): Uint8Array {
  if (value[0] === BRACE && !value.includes(LF) && !value.includes(CR)) return value;
  return Buffer.from(json.trimStart().replaceAll(/[\r\n]/g, ' '));
}

let scratch = Buffer.alloc(64 * 1024);

/** One call into the hash per record, over the prefix and the value in one buffer. */
function leafOf(value: Uint8Array): string {
  if (value.length >= scratch.length) scratch = Buffer.alloc(2 * value.length);
  scratch[0] = LEAF_PREFIX;
  scratch.set(value, 1);
  return hash('sha256', scratch.subarray(0, value.length + 1), 'hex');
}

/** Rules between fields that the schema cannot say. */
function faultOf(event: UsageEvent, json: unknown): string | null {
  // A collector's names are keys, and in UTF-8 all halves become the same. Our own ids have none.
  if (isForeign(event) && HALF_OF_A_PAIR.test(JSON.stringify(json))) return NO_TEXT;
  if (!isForeign(event) && !UUID_V7.test(event.id)) return NOT_OURS;
  if ((event.type === 'resolution') !== (event.resolves_id !== null)) {
    return 'resolves_id: a resolution has one, and nothing else does';
  }
  const holds = event.hold_lease_ids.length;
  const parallel = [event.hold_amounts, event.hold_units, event.budget_windows];
  if (parallel.some((array) => array.length !== holds)) return 'hold_*: arrays differ in length';
  return isDate(event.time) ? null : NO_DATE;
}

function isDate(time: string): boolean {
  return !Number.isNaN(Date.parse(time));
}

/**
 * The dedupe key (ADR 0002). Which rule applies follows from the type alone, never from the look of
 * the id: ours is the UUID as an integer, which sorts by time; a collector's, and that of imported history,
 * is a hash over customer, source and id, so that two customers' never suppress each other (I10).
 */
function idKeyOf(event: Pick<UsageEvent, 'type' | 'customer_id' | 'source' | 'id'>): string {
  if (!isForeign(event)) return uuidKey(event.id);
  const hash = createHash('sha256');
  // What is not billed never suppresses what is, whatever a collector calls its source.
  if (event.type === 'history') hash.update('history:');
  // seam: foreign-event-key
  for (const part of [event.customer_id, event.source, event.id]) {
    const bytes = Buffer.from(part);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return BigInt(`0x${hash.digest('hex').slice(0, 32)}`).toString();
}

export function uuidKey(uuid: string): string {
  return BigInt(`0x${uuid.replaceAll('-', '')}`).toString();
}
