/**
 * What must hold after the faults, checked against independent records: the simulator's bill, the
 * log, the ledger, the raw table, snapshots and invoices. Any wrong figure throws.
 */
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openLedger } from '@tollgate/adapters/stores/open-ledger.ts';
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { openWarehouse } from '@tollgate/adapters/stores/open-warehouse.ts';
import { runAudit } from '@tollgate/audit/audit.ts';
import { closeAll } from '@tollgate/audit/bill/closing.ts';
import {
  assertEqual,
  type BillLine,
  type Figures,
  readEvents,
  sum,
} from '@tollgate/audit/bill/figures.ts';
import {
  checkBeforeImport,
  checkBudgets,
  importBill,
  resolved,
  rollups,
  settled,
} from '@tollgate/audit/bill/steps.ts';
import { checkWindows } from '@tollgate/audit/windows.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { runningConfig } from '@tollgate/standalone/platform-process.ts';
import type { Load } from './load.ts';
import { billOf, type House } from './platform.ts';
import { followedCalls } from './routed.ts';

type Say = (line: string) => void;

/** While the product runs. @returns the figures of every place */
export async function judgeRunning(
  house: House,
  load: Load,
  startMs: number,
  say: Say,
): Promise<Record<string, Figures>> {
  const { api, customers } = house;
  const log = await openLog(storesOf(house), 'usage');
  const audit = { api, log, bill: () => billOf(house) };
  const before = await settled(audit);
  checkBeforeImport(before, say);
  checkOneEventPerAttempt(audit.bill(), before);
  await checkDeliveries(log);
  say('I1: every line of the bill has exactly one attempt, before the import');
  checkDurable(load.completedCalls, before);
  say(`I9: the events of all ${load.completedCalls.length} completed calls were durable`);
  checkLimits(house, audit.bill(), before);
  say('I3: by the bill no budget was exceeded');
  if (house.failing !== null) {
    const followed = followedCalls(before.values());
    say(`I1: ${followed} calls had another attempt, each with an event of its own`);
  }
  for (const { provider, lines } of house.bills) {
    await importBill(api, lines(), startMs, provider);
  }
  const events = await resolved(audit);
  await checkBudgets(
    api,
    customers.flatMap(({ keys }) => keys),
    events,
  );
  say('I3: every budget holds 0 and has spent the cost of its events, after the import');
  const closed = await closeAll(
    api,
    customers.map(({ customerId }) => customerId),
  );
  const places = {
    "simulator's bill": sum(audit.bill()),
    events: sum(events.values()),
    'roll-ups': await rollups(api, startMs),
    snapshots: closed.snapshots,
    invoices: closed.invoices,
  };
  assertEqual(places);
  say('I4: bill = events = roll-ups = snapshots = invoices, to the token and the pico-dollar');
  await log.close();
  return places;
}

/** I1: one attempt event per line of the bill; nothing was billed twice or missed. */
function checkOneEventPerAttempt(bill: BillLine[], events: ReadonlyMap<string, UsageEvent>): void {
  const ids = bill.map(({ attempt_id }) => attempt_id ?? '');
  if (new Set(ids).size !== ids.length) throw new Error('I1: an attempt was sent twice');
  for (const line of bill) {
    const event = events.get(line.attempt_id ?? '');
    if (event?.type !== 'attempt') throw new Error(`I1: ${line.attempt_id} has no attempt`);
    if (event.cost !== null && event.usage_source === 'provider' && event.cost !== line.cost) {
      throw new Error(`I1: ${event.id} cost ${event.cost}, the bill says ${line.cost}`);
    }
  }
}

/** A record may come to the log more than once, but never with other bytes. */
async function checkDeliveries(log: Log): Promise<void> {
  const seen = new Map<string, string>();
  for (let partition = 0; partition < log.partitions; partition++) {
    for (let offset = 0n; ; ) {
      const page = await log.read({ partition, offset, maxRecords: 5_000, maxBytes: 1e8 });
      for (const { value } of page) {
        const text = Buffer.from(value).toString();
        const { id } = JSON.parse(text) as { id: string };
        if ((seen.get(id) ?? text) !== text)
          throw new Error(`I1: ${id} is stored with two contents`);
        seen.set(id, text);
      }
      if (page.length === 0) break;
      offset += BigInt(page.length);
    }
  }
}

/** I9: a call whose last byte was seen has its final record, not that of a dead attempt. */
function checkDurable(calls: readonly string[], events: ReadonlyMap<string, UsageEvent>): void {
  const ended = new Set<string>();
  for (const event of events.values()) {
    if (event.type === 'attempt' && event.status === 'ok' && event.call_id !== null) {
      ended.add(event.call_id);
    }
  }
  const lost = calls.filter((id) => !ended.has(id));
  if (lost.length > 0) throw new Error(`I9: ${lost.length} completed calls are lost: ${lost[0]}`);
}

/** I3 by the provider's own bill. */
function checkLimits(
  { customers }: House,
  bill: BillLine[],
  events: ReadonlyMap<string, UsageEvent>,
): void {
  const limits = new Map(customers.flatMap(({ keys }) => keys.map((k) => [k.id, k.limit])));
  const byKey = Map.groupBy(bill, ({ attempt_id }) => events.get(attempt_id ?? '')?.key_id ?? '');
  for (const [keyId, lines] of byKey) {
    const { cost } = sum(lines);
    const limit = limits.get(keyId) ?? '0';
    if (parseDecimal12(cost) > limitOf(limit)) {
      throw new Error(`I3: ${keyId} was billed ${cost}, its limit is ${limit}`);
    }
  }
}

function limitOf(limit: string): bigint {
  return parseDecimal12(limit.includes('.') ? limit : `${limit}.000000000000`);
}

/** Opens the product's stores, while it runs or after it has stopped. */
export function storesOf({ data }: House) {
  const logger = { warn: () => undefined };
  return { config: runningConfig(data), data, clientId: 'tollgate-chaos', logger };
}

/** Anything else than 0 lost and 0 doubled has thrown. */
export type StoreFigures = { deliveries: number; events: number; lost: 0; doubled: 0 };

/** After the product has stopped: checks what is in its stores. */
export async function judgeStores(house: House, say: Say): Promise<StoreFigures> {
  const stores = storesOf(house);
  const log = await openLog(stores, 'usage');
  const deadLetters = await openLog(stores, 'dead_letter');
  const ledger = await openLedger(stores);
  const warehouse = await openWarehouse(stores);
  try {
    const ids = (await readEvents(log)).size;
    const ends = (await log.ends()).reduce((total, end) => total + end, 0n);
    const [row] = await warehouse.query<Record<string, string>>(
      `SELECT count() AS stored, uniqExact(log, partition, \`offset\`) AS positions,
         countIf(disposition = 'counted') AS counted,
         uniqExactIf(id_key, disposition = 'counted') AS keys,
         countIf(disposition = 'dead') AS dead FROM tollgate.raw_usage`,
    );
    const expected = { stored: ends, positions: ends, counted: ids, keys: ids, dead: 0 };
    for (const [name, value] of Object.entries(expected)) {
      if (row?.[name] === String(value)) continue;
      throw new Error(`I2: raw has ${name} = ${row?.[name]}, the log says ${value}`);
    }
    say(`I2: ${ends} deliveries, ${ids} events, each counted once`);
    const windows = await checkWindows(ledger);
    const { count, differences } = await runAudit({ log, deadLetters, ledger, warehouse });
    if (count > 0) throw new Error(`the audit finds ${count}: ${JSON.stringify(differences[0])}`);
    say('The audit finds no difference');
    say(`I3: no grant of ${windows} windows went over its limit, and none is held`);
    return { deliveries: Number(ends), events: ids, lost: 0, doubled: 0 };
  } finally {
    await Promise.all([log.close(), deadLetters.close(), ledger.close(), warehouse.close()]);
  }
}
