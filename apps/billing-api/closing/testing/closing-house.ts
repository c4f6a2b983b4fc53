/** Ledger, log and warehouse in one temporary folder, for the tests of closing. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { openEmptyWarehouse } from '@tollgate/adapters/warehouse/testing/empty-warehouse.ts';
import type { CustomerCreated } from '@tollgate/domain/customer/customer-events.ts';
import { makeUuidV7 } from '@tollgate/domain/ids/ids.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { unknownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { startProjector } from '@tollgate/projector/projector.ts';
import { attempt as recordedAttempt } from '@tollgate/projector/testing/projector-house.ts';
import type { ClosingDeps } from '../closing-deps.ts';

export type ClosingHouse = Awaited<ReturnType<typeof openClosingHouse>>;

const PARTITIONS = 4;

/** @param openWarehouse an empty one, in the folder that it is given or anywhere */
export async function openClosingHouse(openWarehouse = openEmptyWarehouse) {
  const path = mkdtempSync(join(tmpdir(), 'tollgate-closing-'));
  const ledger = await openSqliteLedger({ path: join(path, 'ledger.sqlite') });
  const place = { path: join(path, 'log.sqlite'), topic: 'usage', ordinal: 0 } as const;
  const log = await openSqliteLog({ ...place, partitions: PARTITIONS });
  const deadLetters = await openSqliteLog({
    ...place,
    topic: 'dead_letter',
    partitions: PARTITIONS,
  });
  const warehouse = await openWarehouse(join(path, 'warehouse'));
  // The projector runs only inside this call, so that a test decides what is applied.
  const project = async (): Promise<void> => {
    const failures: object[] = [];
    const logger = { warn: () => undefined, error: (fields: object) => failures.push(fields) };
    const stores = { log, deadLetters, ledger, warehouse };
    const projector = await startProjector({ ...stores, owner: 'house', logger });
    await projector.caughtUp();
    await projector.stop();
    if (failures.length > 0) throw new Error('the projector failed', { cause: failures[0] });
  };
  const clock = { nowMs: parseInstant('2026-02-01T02:00:00.000Z') };
  const deps: ClosingDeps = { ledger, log, warehouse, clock: () => clock.nowMs, randomBytes };
  let customers = 0;
  return {
    deps,
    clock,
    /** Gives every record of the log its row. */
    project,
    /** A customer with a mark-up of 20 %, in UTC. @returns its id */
    async customer(change: Partial<CustomerCreated['data']> = {}): Promise<string> {
      customers += 1;
      const customerId = `cus_test${customers}`;
      const data: CustomerCreated['data'] = {
        customer_id: customerId,
        external_id: null,
        name: customerId,
        time_zone: 'UTC',
        currency: 'USD',
        markup_ppm: 200_000,
        ...change,
      };
      await appendAs(ledger, `customer-${customerId}`, 'CustomerCreated', data);
      return customerId;
    },
    async markUp(customerId: string, markupPpm: number): Promise<void> {
      const data = { customer_id: customerId, markup_ppm: markupPpm };
      await appendAs(ledger, `customer-${customerId}`, 'CustomerUpdated', data);
    },
    /** Appends events to the log. @returns the exact bytes of each record */
    async append(...events: UsageEvent[]): Promise<Buffer[]> {
      const records = events.map((event) => {
        const key = Buffer.from(event.customer_id);
        const value = Buffer.from(JSON.stringify(event));
        return { partition: partitionOf(key, PARTITIONS), value };
      });
      await log.append(records);
      return records.map(({ value }) => value);
    },
    async close(): Promise<void> {
      await warehouse.close();
      await Promise.all([log.close(), deadLetters.close()]);
      await ledger.close();
      rmSync(path, { recursive: true, force: true });
    },
  };
}

async function appendAs(
  ledger: ClosingDeps['ledger'],
  stream: string,
  type: string,
  data: unknown,
): Promise<void> {
  const past = await ledger.read(stream);
  const id = makeUuidV7(0, randomBytes(10));
  await ledger.append(stream, past.at(-1)?.revision ?? 'no_stream', [{ id, type, data }]);
}

/** An attempt that the provider served: 1,000 tokens in, 10 out, 0.001 USD. */
export function attempt(
  customerId: string,
  time: string,
  change: Partial<UsageEvent> = {},
): UsageEvent {
  const gpt4o = {
    provider: 'openai',
    deployment: 'openai/gpt-4o',
    model_requested: 'gpt-4o',
    model_served: 'gpt-4o',
    input_tokens: 1000,
    output_tokens: 10,
    cost: '0.001000000000',
  };
  return recordedAttempt({ customer_id: customerId, ...gpt4o, ...change }, parseInstant(time));
}

/** An attempt whose usage is unknown (I8). */
export const unknownOutcome: Partial<UsageEvent> = {
  ...unknownQuantities(),
  usage_source: 'none',
  cost: null,
  status: 'unknown',
  http_status: null,
};
