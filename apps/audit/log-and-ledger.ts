/** The log and the ledger by themselves: nothing missing, nothing that cannot be read. */
import { anyLedgerEvent } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger, LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import type { Differences } from './differences.ts';

const PAGE = { maxRecords: 5_000, maxBytes: 64 * 1024 * 1024 };

/** @returns for each partition the exclusive end of what can be read without a gap */
export async function auditLog(log: Log, found: Differences): Promise<bigint[]> {
  const ends = await log.ends();
  const readable: bigint[] = [];
  for (const [partition, end] of ends.entries()) {
    const offset = await readThrough(log, partition, end, found);
    readable.push(offset);
    if (offset === end) continue;
    const place = `${log.ordinal}/${partition}/${offset}`;
    found.add('log', place, `no record, and the partition ends at ${end}: not audited from here`);
  }
  return readable;
}

async function readThrough(
  log: Log,
  partition: number,
  end: bigint,
  found: Differences,
): Promise<bigint> {
  let offset = 0n;
  let maxRecords = PAGE.maxRecords;
  while (offset < end) {
    const page = await log.read({ partition, offset, ...PAGE, maxRecords }).catch(() => []);
    if (page.length === 0 && maxRecords > 1) {
      // The page runs over a gap: go on record by record up to it.
      maxRecords = 1;
      continue;
    }
    if (page.length === 0 || page[0]?.offset !== offset) return offset;
    for (const record of page) checkPlace(log, record, found);
    offset += BigInt(page.length);
  }
  return offset;
}

/** A record of a customer must be in the customer's partition. */
function checkPlace(
  log: Log,
  record: { partition: number; offset: bigint; value: Uint8Array },
  found: Differences,
): void {
  const { partition, offset, value } = record;
  let customer: unknown;
  try {
    ({ customer_id: customer } = JSON.parse(Buffer.from(value).toString()));
  } catch {
    // Not JSON, so it is dead: the audit of the dead letters covers it.
    return;
  }
  if (typeof customer !== 'string') return;
  const should = partitionOf(Buffer.from(customer), log.partitions);
  if (should === partition) return;
  const place = `${log.ordinal}/${partition}/${offset}`;
  found.add('log', place, `${customer} belongs to partition ${should}`);
}

/** Revisions without gaps, positions without gaps, every payload as its schema says. */
export async function auditLedger(ledger: Ledger, found: Differences): Promise<void> {
  const next = new Map<string, bigint>();
  let position: bigint | null = null;
  for await (const event of pastEvents(ledger, [''])) {
    const { stream, revision, type } = event;
    const expected = next.get(stream) ?? 0n;
    if (revision !== expected) {
      found.add('ledger', `${stream}@${expected}`, `no event; the next one is ${revision}`);
    }
    next.set(stream, revision + 1n);
    const fault = faultOf(event);
    if (fault !== undefined) found.add('ledger', `${stream}@${revision}`, `${type}: ${fault}`);
    if (!/^\d+$/.test(event.position)) continue;
    const at = BigInt(event.position);
    if (position !== null && at !== position + 1n) {
      found.add('ledger', `position ${position + 1n}`, `no event; the next one is at ${at}`);
    }
    position = at;
  }
}

function faultOf(event: LedgerEvent): string | undefined {
  try {
    return anyLedgerEvent.parse(event) === null ? 'unknown type' : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Every event that the ledger holds now. */
export async function* pastEvents(ledger: Ledger, prefixes: readonly string[]) {
  const controller = new AbortController();
  const items = ledger.subscribe({ prefixes, after: null, signal: controller.signal });
  for await (const item of items) {
    if (item.kind === 'caught_up') break;
    yield item.event;
  }
  controller.abort();
}
