/**
 * Records → rows (design §9). Pure but for hashing: the same records give the same rows in any batch
 * size (I5). What does not parse is dead, with a reason, and the partition goes on.
 */
import { createHash } from 'node:crypto';
import type { LogRecord } from '@tollgate/adapters/log/log.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
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
  /** The record's JSON text as it stands; null for dead rows. */
  json: string | null;
  event: UsageEvent | null;
  appendedAtMs: number;
};

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const REASON_LENGTH_MAX = 500;
const decoder = new TextDecoder('utf-8', { fatal: true });
const leafPrefix = Uint8Array.of(0);

/** The row of a record, as far as it follows from the record alone. */
export function projectRecord(record: LogRecord): ProjectedRow {
  const { partition, offset, value, appendedAtMs } = record;
  const leafHex = createHash('sha256').update(leafPrefix).update(value).digest('hex');
  const place = { partition, offset, leafHex, appendedAtMs };
  const parsed = parseRecord(value);
  if (typeof parsed === 'string') return { ...place, ...dead(parsed) };
  const { event, json } = parsed;
  return {
    ...place,
    disposition: 'counted',
    deadReason: null,
    idKey: idKeyOf(event),
    json,
    event,
  };
}

/** What a dead row says instead of an event. */
export function dead(
  reason: string,
): Pick<ProjectedRow, 'disposition' | 'deadReason' | 'idKey' | 'json' | 'event'> {
  const deadReason = reason.slice(0, REASON_LENGTH_MAX);
  return { disposition: 'dead', deadReason, idKey: '0', json: null, event: null };
}

function parseRecord(value: Uint8Array): { event: UsageEvent; json: string } | string {
  let json: string;
  let object: unknown;
  try {
    json = decoder.decode(value);
    object = JSON.parse(json);
  } catch {
    return 'not UTF-8 JSON';
  }
  const parsed = usageEvent.safeParse(object);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
  }
  const fault = faultOf(parsed.data);
  // A row begins where the object does: what stands before its brace is white space.
  return fault ?? { event: parsed.data, json: json.trimStart() };
}

/** Rules between fields that the schema cannot say. */
function faultOf(event: UsageEvent): string | null {
  if (event.type !== 'external' && !UUID_V7.test(event.id)) return 'id: not a UUIDv7';
  if ((event.type === 'resolution') !== (event.resolves_id !== null)) {
    return 'resolves_id: a resolution has one, and nothing else does';
  }
  const holds = event.hold_lease_ids.length;
  const parallel = [event.hold_amounts, event.hold_units, event.budget_windows];
  if (parallel.some((array) => array.length !== holds)) return 'hold_*: arrays differ in length';
  if (Number.isNaN(Date.parse(event.time))) return 'time: no such date';
  return null;
}

/**
 * The dedupe key (ADR 0002). Which rule applies follows from the type alone, never from the look of
 * the id: ours is the UUID as an integer, which sorts by time; a collector's is a hash over customer,
 * source and id, so that two customers' collectors never suppress each other (I10).
 */
function idKeyOf(event: Pick<UsageEvent, 'type' | 'customer_id' | 'source' | 'id'>): string {
  if (event.type !== 'external') return uuidKey(event.id);
  const hash = createHash('sha256');
  for (const part of [event.customer_id, event.source, event.id]) {
    const bytes = Buffer.from(part);
    hash.update(`${bytes.length}:`).update(bytes);
  }
  return BigInt(`0x${hash.digest('hex').slice(0, 32)}`).toString();
}

export function uuidKey(uuid: string): string {
  return BigInt(`0x${uuid.replaceAll('-', '')}`).toString();
}
