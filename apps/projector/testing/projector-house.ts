/** The real embedded stores in a temporary folder, and events to put into them. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { openEmptyWarehouse } from '@tollgate/adapters/warehouse/testing/empty-warehouse.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { makeUuidV7 } from '@tollgate/domain/ids/ids.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { zeroQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { startProjector } from '../projector.ts';

export type House = Awaited<ReturnType<typeof openHouse>>;

/** An empty warehouse with its tables, in a folder of its own. */
export async function openOwnWarehouse(): Promise<Warehouse> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-warehouse-'));
  const warehouse = await openEmptyWarehouse(join(folder, 'warehouse'));
  return {
    ...warehouse,
    async close() {
      await warehouse.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** @param shared a warehouse that the caller empties and closes; absent: the house has its own */
export async function openHouse(partitions = 4, shared?: Warehouse) {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-projector-'));
  const path = join(folder, 'log.sqlite');
  const log = await openSqliteLog({ path, topic: 'usage', ordinal: 0, partitions });
  const deadLetters = await openSqliteLog({ path, topic: 'dead_letter', ordinal: 0, partitions });
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const warehouse = shared ?? (await openOwnWarehouse());
  const warnings: string[] = [];
  const logger = {
    warn: (_fields: object, message: string) => warnings.push(message),
    error: (fields: object, message: string) =>
      warnings.push(`${message}: ${(fields as { err?: Error }).err?.message}`),
  };
  return {
    log,
    deadLetters,
    ledger,
    warehouse,
    warnings,
    start: (owner: string, more: Partial<Parameters<typeof startProjector>[0]> = {}) =>
      startProjector({ log, deadLetters, ledger, warehouse, owner, logger, ...more }),
    append: (events: (UsageEvent | string)[]) =>
      log.append(
        events.map((event) => ({
          partition:
            typeof event === 'string' ? 0 : partitionOf(Buffer.from(event.customer_id), partitions),
          value: Buffer.from(typeof event === 'string' ? event : JSON.stringify(event)),
        })),
      ),
    async close() {
      await Promise.all([log.close(), deadLetters.close(), ledger.close()]);
      if (shared === undefined) await warehouse.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** An attempt as the proxy would have recorded it. */
export function attempt(fields: Partial<UsageEvent> = {}, timeMs = Date.now()): UsageEvent {
  const time = new Date(timeMs).toISOString();
  return {
    id: makeUuidV7(timeMs, randomBytes(10)),
    type: 'attempt',
    schema_version: 1,
    call_id: makeUuidV7(timeMs, randomBytes(10)),
    attempt: 1,
    source: 'proxy/ins_1',
    resolves_id: null,
    provider_request_id: null,
    customer_id: 'cus_1',
    team_id: null,
    key_id: 'key_1',
    environment: 'live',
    end_user: null,
    tags: { feature: 'chat' },
    provider: 'simulator',
    deployment: 'simulator/sim-small',
    model_requested: 'sim-small',
    model_served: 'sim-small',
    endpoint: 'chat.completions',
    stream: false,
    ...zeroQuantities(),
    input_tokens: 10,
    output_tokens: 5,
    requests: 1,
    usage_source: 'provider',
    cost: '0.000001500001',
    price_version: 'v1',
    price_source: 'config',
    status: 'ok',
    http_status: 200,
    error_type: null,
    cache: 'miss',
    latency_ms: 12.5,
    ttft_ms: 3,
    overhead_us: 400,
    hold_lease_ids: [],
    hold_amounts: [],
    hold_units: [],
    budget_windows: [],
    external_type: null,
    external_subject: null,
    external_data: null,
    time,
    recorded_at: time,
    ...fields,
  };
}
