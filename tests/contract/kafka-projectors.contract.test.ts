/**
 * Several projectors on one Kafka log: which one owns what, and that nothing is lost or doubled.
 */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openKafkaLog } from '@tollgate/adapters/log/kafka-log.ts';
import { openKafkaOwnership } from '@tollgate/adapters/log/kafka-ownership.ts';
import type { Ownership } from '@tollgate/adapters/log/ownership.ts';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { startProjector } from '@tollgate/projector/projector.ts';
import { heldAtFence } from '@tollgate/projector/testing/held-warehouse.ts';
import { attempt } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type KafkaEngine, startKafka } from '../engines/kafka.ts';
import { kafkaUnavailable } from '../engines/kafka-jars.ts';

const START_TIMEOUT_MS = 360_000;
const PARTITIONS = 8;
const WAIT = { timeout: 25_000, interval: 50 };

const unavailable = kafkaUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: projectors on Kafka. ${unavailable}`);

describe.skipIf(unavailable !== null)('projectors on Kafka', () => {
  let engine: KafkaEngine;
  beforeAll(async () => {
    engine = await startKafka();
  }, START_TIMEOUT_MS);
  afterAll(() => engine?.stop(), START_TIMEOUT_MS);

  const topicOptions = () => ({
    brokers: engine.bootstrap,
    topic: `usage-${randomUUID()}`,
    partitions: PARTITIONS,
    clientId: 'test',
  });
  const everyPartitionOnce = (members: readonly Ownership[]) => {
    const all = members.flatMap((member) => member.current().partitions);
    expect(all.toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    for (const member of members) expect(member.current().partitions).not.toHaveLength(0);
  };

  it('divides the partitions among living members, again whenever one comes, leaves or asks', async () => {
    const options = topicOptions();
    const log = await openKafkaLog({ ...options, ordinal: 0, replicationFactor: 1 });
    const join = () => openKafkaOwnership({ ...options, group: 'projectors' });
    const members = [join()];
    await vi.waitFor(() => everyPartitionOnce(members), WAIT);
    members.push(join(), join());
    await vi.waitFor(() => everyPartitionOnce(members), WAIT);
    await members.shift()?.close();
    await vi.waitFor(() => everyPartitionOnce(members), WAIT);
    const [one] = members;
    const before = one?.current().generation ?? 0;
    one?.renew(before);
    await vi.waitFor(() => expect(one?.current().generation).toBeGreaterThan(before), WAIT);
    await vi.waitFor(() => everyPartitionOnce(members), WAIT);
    await Promise.all(members.map((member) => member.close()));
    await log.close();
  });

  it('I2: gives every record one row while projectors come, go, and one wakes up late', async () => {
    const options = topicOptions();
    const opened = { ...options, ordinal: 0, replicationFactor: 1 };
    const log = await openKafkaLog(opened);
    const deadLetters = await openKafkaLog({ ...opened, topic: `${options.topic}-dead` });
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-projectors-'));
    const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
    const warehouse = await openChdbWarehouse({ path: join(folder, 'warehouse') });
    await migrate(warehouse);
    const logger = { warn: () => undefined, error: () => undefined };
    const stores = { log, deadLetters, ledger, warehouse, logger };

    const first = openKafkaOwnership({ ...options, group: 'projectors' });
    await vi.waitFor(() => everyPartitionOnce([first]), WAIT);
    // It has heard nothing since, like a process that was stopped just before its insert.
    const held = heldAtFence(warehouse);
    const stale = first.current();
    let renewals = 0;
    const late = await startProjector({
      ...stores,
      owner: 'late',
      ownership: { current: () => stale, renew: () => void renewals++ },
      warehouse: held.warehouse,
    });
    const appending = appendEvents(log);
    await held.atFence;
    await first.close();

    const shares = ['a', 'b'].map(() => openKafkaOwnership({ ...options, group: 'projectors' }));
    const [a, b] = await Promise.all(
      shares.map((ownership, i) => startProjector({ ...stores, owner: `p${i}`, ownership })),
    );
    await vi.waitFor(() => everyPartitionOnce(shares), WAIT);
    await vi.waitFor(() => expect(b?.owned()).toHaveLength(PARTITIONS / 2), WAIT);
    held.release();
    await vi.waitFor(() => expect(renewals).toBe(1), WAIT);
    expect(late.owned()).toEqual([]);
    await sleep(300);
    await a?.stop();
    await shares[0]?.close();
    const ids = await appending;

    const counts = async () => {
      const [row] = await warehouse.query(
        `SELECT toString(count()) AS stored, toString(uniqExact(partition, \`offset\`)) AS places,
           toString(countIf(disposition = 'counted')) AS counted FROM tollgate.raw_usage`,
      );
      return row;
    };
    const end = String((await log.ends()).reduce((sum, offset) => sum + offset, 0n));
    const wanted = { stored: end, places: end, counted: String(ids) };
    await vi.waitFor(async () => expect(await counts()).toEqual(wanted), WAIT);
    await b?.stop();
    await late.stop();
    await shares[1]?.close();
    await Promise.all([log.close(), deadLetters.close(), ledger.close(), warehouse.close()]);
    rmSync(folder, { recursive: true, force: true });
  });
});

/** Over a few seconds; every fifth is delivered twice. @returns how many different ones */
async function appendEvents(log: Awaited<ReturnType<typeof openKafkaLog>>): Promise<number> {
  let ids = 0;
  for (let batch = 0; batch < 30; batch++) {
    const events = Array.from({ length: 100 }, (_, i) => attempt({ customer_id: `cus_${i}` }));
    ids += events.length;
    const delivered = [...events, ...events.filter((_, i) => i % 5 === 0)];
    await log.append(
      delivered.map((event) => ({
        partition: partitionOf(Buffer.from(event.customer_id), PARTITIONS),
        value: Buffer.from(JSON.stringify(event)),
      })),
    );
    await sleep(100);
  }
  return ids;
}
