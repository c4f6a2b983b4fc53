/**
 * The audit finds what was changed in the stores behind the product's back, and says where. The
 * stores are a demo's: two customers, a killed proxy, resolved attempts, budgets and closed
 * periods. The test adds closed buckets, a duplicate and a dead record.
 */
import { randomUUID } from 'node:crypto';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { dataFolder } from '@tollgate/adapters/config/data-folder.ts';
import { runAudit } from '@tollgate/audit/audit.ts';
import { rebuild } from '@tollgate/cli/commands/rebuild/rebuild.ts';
import { type OpenStores, openStores } from '@tollgate/cli/stores.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { startProjector } from '@tollgate/projector/projector.ts';
import { attempt } from '@tollgate/projector/testing/projector-house.ts';
import { runScenario } from '@tollgate/standalone/scenario/scenario.ts';
import { builtInShapes } from '@tollgate/standalone/scenario/workload.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

const HOUR_MS = 3_600_000;
const root = mkdtempSync(join(tmpdir(), 'tollgate-audit-test-'));
const base = join(root, 'base');
let data: string;
let stores: OpenStores;
let runs = 0;

beforeAll(async () => {
  const quiet = () => undefined;
  const options = { data: base, proxies: 2, speed: 0, say: quiet, progress: quiet };
  const { platform } = await runScenario({ ...options, shapes: builtInShapes(80) });
  await platform.stop();
  const opened = await openStores(base);
  const { log } = opened;
  const past = Array.from({ length: 30 }, (_, i) =>
    attempt({ customer_id: `cus_${i % 3}`, input_tokens: i }, Date.now() - (3 + (i % 4)) * HOUR_MS),
  );
  const records = [...past, past[4]].map((event) => ({
    partition: partitionOf(Buffer.from(event?.customer_id ?? ''), log.partitions),
    value: Buffer.from(JSON.stringify(event)),
  }));
  await log.append([...records, { partition: 2, value: Buffer.from('junk') }]);
  await project(opened);
  await opened.close();
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

beforeEach(async () => {
  data = join(root, `copy-${runs++}`);
  cpSync(base, data, { recursive: true });
  stores = await openStores(data);
});
afterEach(async () => {
  await stores.close();
  rmSync(data, { recursive: true, force: true });
});

async function project(on: OpenStores): Promise<void> {
  const logger = { warn: () => undefined, error: () => undefined };
  const projector = await startProjector({ ...on, owner: 'test', logger });
  await projector.caughtUp();
  await projector.stop();
}

/** Changes a SQLite file of the folder behind the product's back. */
function tamper(file: 'log' | 'ledger', sql: string): void {
  const db = new DatabaseSync(dataFolder(data)[file], { timeout: 5_000 });
  const { changes } = db.prepare(sql).run();
  db.close();
  if (Number(changes) !== 1) throw new Error(`${changes} rows were changed by ${sql}`);
}

const mutate = (sql: string) =>
  stores.warehouse.command(`ALTER TABLE tollgate.raw_usage ${sql} SETTINGS mutations_sync = 2`);

async function somePlace(where = "disposition = 'counted' AND type = 'attempt'") {
  const [row] = await stores.warehouse.query<{ partition: number; at: string; id: string }>(
    `SELECT partition, toString(\`offset\`) AS at, id FROM tollgate.raw_usage
     WHERE ${where} ORDER BY partition, \`offset\` LIMIT 1`,
  );
  if (row === undefined) throw new Error(`no row where ${where}`);
  return {
    sql: `partition = ${row.partition} AND \`offset\` = ${row.at}`,
    place: `0/${row.partition}/${row.at}`,
    position: row.partition * 2 ** 44 + Number(row.at),
    short: `${row.partition}/${row.at}`,
  };
}

/** An event of the ledger, read by SQLite. */
function ledgerEvent(where: string): { position: number; stream: string; revision: number } {
  const db = new DatabaseSync(dataFolder(data).ledger, { readOnly: true });
  const row = db
    .prepare(`SELECT position, stream, revision FROM event WHERE ${where} LIMIT 1`)
    .get();
  db.close();
  if (row === undefined) throw new Error(`no event where ${where}`);
  return {
    position: Number(row['position']),
    stream: String(row['stream']),
    revision: Number(row['revision']),
  };
}

const findings = async () => (await runAudit(stores)).differences;

describe('the audit', () => {
  it('I5: finds nothing where nothing was changed, and nothing after a rebuild in other batches', async () => {
    expect(await findings()).toEqual([]);
    const content = () =>
      stores.warehouse.query(
        `SELECT * EXCEPT (insert_epoch, leaf_hash), hex(leaf_hash) AS leaf
         FROM tollgate.raw_usage ORDER BY log, partition, \`offset\``,
      );
    const rollups = () =>
      stores.warehouse.query(
        'SELECT * EXCEPT (version) FROM tollgate.rollup_15m FINAL WHERE events > 0 ORDER BY ALL',
      );
    const before = [await content(), await rollups()];
    for (const batch of [7, 1_000]) {
      await rebuild(stores, { batch });
      expect([await content(), await rollups()]).toEqual(before);
    }
    await project(stores);
    expect(await findings()).toEqual([]);
  });

  it('I2, I5: a rebuild goes beyond what was projected, and the projector continues after it', async () => {
    const { log } = stores;
    const append = () => {
      const events = [1, 2, 3].map((n) => attempt({ customer_id: `cus_${n}` }));
      return log.append(
        events.map((event) => ({
          partition: partitionOf(Buffer.from(event.customer_id), log.partitions),
          value: Buffer.from(JSON.stringify(event)),
        })),
      );
    };
    await append();
    await rebuild(stores, {});
    await append();
    await project(stores);
    expect(await findings()).toEqual([]);
  });

  it('names a raw row that was deleted', async () => {
    const { sql, place } = await somePlace();
    await mutate(`DELETE WHERE ${sql}`);
    expect(await findings()).toContainEqual({
      store: 'raw',
      place,
      finding: 'no row for this record',
    });
  });

  it('names a raw row that was doubled', async () => {
    const { sql, place } = await somePlace();
    await stores.warehouse.command(
      `INSERT INTO tollgate.raw_usage SELECT * FROM tollgate.raw_usage WHERE ${sql}`,
    );
    expect(await findings()).toContainEqual({
      store: 'raw',
      place,
      finding: '2 rows for one record',
    });
  });

  it('names a raw row and the column that was changed', async () => {
    const { sql, place } = await somePlace("disposition = 'counted' AND cost > 0");
    await mutate(`UPDATE cost = cost + toDecimal128('0.000000000001', 12) WHERE ${sql}`);
    expect(await findings()).toContainEqual({
      store: 'raw',
      place: `${place} cost`,
      finding: expect.stringMatching(/^is .*, should be /),
    });
  });

  it('names a bucket that is wrong by one token', async () => {
    await stores.warehouse.command(
      `INSERT INTO tollgate.rollup_15m SELECT * REPLACE (input_tokens + 1 AS input_tokens,
         version + 1 AS version) FROM tollgate.rollup_15m FINAL WHERE customer_id = 'cus_1' LIMIT 1`,
    );
    const found = await findings();
    expect(found).toHaveLength(1);
    expect(found[0]).toMatchObject({
      store: 'roll-up',
      place: expect.stringMatching(/customer_id=cus_1 bucket=.* input_tokens$/),
    });
  });

  it('names a line of a snapshot that was changed, and its hash', async () => {
    const { position } = ledgerEvent("type = 'SnapshotFrozen'");
    tamper(
      'ledger',
      `UPDATE event SET data = replace(data, '\\"requests\\":', '\\"requests\\":1') WHERE position = ${position}`,
    );
    const found = await findings();
    expect(found).toContainEqual({
      store: 'snapshot',
      place: expect.stringMatching(/^snp_\w+ lines\[0\]\..*requests$/),
      finding: expect.stringContaining('should be'),
    });
    expect(found).toContainEqual({
      store: 'snapshot',
      place: expect.stringMatching(/^snp_\w+ hash$/),
      finding: expect.stringContaining('its body has'),
    });
  });

  it('names an invoice whose body was changed', async () => {
    const { position } = ledgerEvent("type = 'InvoiceIssued'");
    tamper(
      'ledger',
      `UPDATE event SET data = replace(data, '\\"total_minor\\":', '\\"total_minor\\":1') WHERE position = ${position}`,
    );
    expect(await findings()).toContainEqual({
      store: 'invoice',
      place: expect.stringMatching(/^inv_\w+ total_minor$/),
      finding: expect.stringContaining('should be'),
    });
  });

  it('names an event that was dropped from the ledger', async () => {
    const { position, stream, revision } = ledgerEvent(
      "type = 'LeaseGranted' AND stream LIKE 'budget-%'",
    );
    tamper('ledger', `DELETE FROM event WHERE position = ${position}`);
    const found = await findings();
    expect(found).toContainEqual({
      store: 'ledger',
      place: `${stream}@${revision}`,
      finding: `no event; the next one is ${revision + 1}`,
    });
  });

  it('names a settlement with another amount', async () => {
    const { position, stream, revision } = ledgerEvent(
      "type = 'LeaseSettled' AND data NOT LIKE '%\"0.000000000000\"%'",
    );
    tamper(
      'ledger',
      `UPDATE event SET data = replace(data, '"spent":"', '"spent":"1') WHERE position = ${position}`,
    );
    expect(await findings()).toContainEqual({
      store: 'budget',
      place: `${stream}@${revision}`,
      finding: expect.stringMatching(/settled at .*, its events say /),
    });
  });

  it('names a record of the log that was changed by one byte', async () => {
    const { position, place } = await somePlace("disposition = 'counted' AND input_tokens > 9");
    tamper(
      'log',
      `UPDATE usage_record SET value = CAST(replace(value, '"attempt":1', '"attempt":2') AS BLOB)
       WHERE position = ${position}`,
    );
    expect(await findings()).toContainEqual({
      store: 'raw',
      place: `${place} leaf_hash`,
      finding: expect.stringMatching(/^is .*, should be /),
    });
  });

  it('names a record that is missing in the log', async () => {
    const { position, place } = await somePlace();
    tamper('log', `DELETE FROM usage_record WHERE position = ${position}`);
    expect(await findings()).toContainEqual({
      store: 'log',
      place,
      finding: expect.stringContaining('no record'),
    });
  });

  it('names a dead row whose dead letter is gone', async () => {
    const { short } = await somePlace("disposition = 'dead'");
    tamper('log', 'DELETE FROM dead_letter_record');
    expect(await findings()).toContainEqual({
      store: 'dead letters',
      place: short,
      finding: 'a dead row has no dead letter',
    });
  });

  it('names a dead letter that cannot be read, and continues', async () => {
    const { sql, place } = await somePlace();
    tamper('log', `UPDATE dead_letter_record SET value = CAST('{"x' AS BLOB)`);
    await mutate(`DELETE WHERE ${sql}`);
    const found = await findings();
    expect(found).toContainEqual({
      store: 'dead letters',
      place: expect.stringMatching(/^letter \d+\/\d+$/),
      finding: expect.stringContaining('cannot be read'),
    });
    expect(found).toContainEqual({ store: 'raw', place, finding: 'no row for this record' });
  });

  it('names a roll-up row where no view looks for it', async () => {
    await stores.warehouse.command(
      `INSERT INTO tollgate.rollup_15m SELECT * REPLACE (partition + 1 AS partition,
         version + 1 AS version) FROM tollgate.rollup_15m FINAL WHERE customer_id = 'cus_1' LIMIT 1`,
    );
    expect(await findings()).toContainEqual({
      store: 'roll-up',
      place: expect.stringMatching(/customer_id=cus_1 .* partition$/),
      finding: expect.stringContaining('should be'),
    });
  });

  /** Turns an event of a budget into one without an effect. */
  const silence = (position: number) =>
    tamper(
      'ledger',
      `UPDATE event SET type = 'LeaseRecallRequested',
         data = '{"instance_id":"ins_x","amount":"0.000000000000"}' WHERE position = ${position}`,
    );

  it('I3: names an adjustment that is there twice', async () => {
    const { stream, revision } = ledgerEvent("type = 'LeaseAdjusted'");
    const past = await stores.ledger.read(stream);
    const data = past.find((event) => event.revision === BigInt(revision))?.data;
    const last = past.at(-1)?.revision ?? 0n;
    await stores.ledger.append(stream, last, [{ id: randomUUID(), type: 'LeaseAdjusted', data }]);
    expect(await findings()).toContainEqual({
      store: 'budget',
      place: `${stream}@${last + 1n}`,
      finding: expect.stringContaining('adjusted again'),
    });
  });

  it('I3: names a resolution whose adjustment is missing', async () => {
    silence(ledgerEvent("type = 'LeaseAdjusted'").position);
    expect(await findings()).toContainEqual({
      store: 'budget',
      place: expect.stringMatching(/^lse_\w+ /),
      finding: 'resolved, and never adjusted',
    });
  });

  it('I3: names a lease that was charged and is never settled', async () => {
    const where = "type = 'LeaseSettled' AND data NOT LIKE '%\"0.000000000000\"%'";
    const { position, stream } = ledgerEvent(where);
    silence(position);
    expect(await findings()).toContainEqual({
      store: 'budget',
      place: stream,
      finding: expect.stringMatching(/^lease lse_\w+ was charged and is still open$/),
    });
  });
});

describe('a rebuild that was killed', () => {
  it.each([1, 2, 3])(
    'I5: after %i of its tables shows all events when Tollgate starts again',
    async (tables) => {
      const { log, warehouse } = stores;
      const late = Array.from({ length: 9 }, (_, i) =>
        attempt({ customer_id: `cus_${i % 3}` }, Date.now() - 3 * HOUR_MS),
      );
      await log.append(
        late.map((event) => ({
          partition: partitionOf(Buffer.from(event.customer_id), log.partitions),
          value: Buffer.from(JSON.stringify(event)),
        })),
      );
      let exchanged = 0;
      const command: typeof warehouse.command = async (sql, ...more) => {
        if (sql.startsWith('EXCHANGE') && exchanged++ === tables) throw new Error('killed');
        return warehouse.command(sql, ...more);
      };
      const killed = { ...stores, warehouse: { ...warehouse, command } };
      await expect(rebuild(killed, {})).rejects.toThrow('killed');
      await project(stores);
      const counts = await Promise.all(
        [
          'sum(events) AS n FROM tollgate.usage_hourly',
          'count() AS n FROM tollgate.usage_events',
        ].map((what) => warehouse.query<{ n: string }>(`SELECT ${what}`)),
      );
      const [hourly, events] = counts.map(([row]) => row?.n);
      expect(hourly).toBe(events);
      expect(await findings()).toEqual([]);
    },
  );
});
