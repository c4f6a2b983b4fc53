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
/** Rows and streams that were changed already in this copy. */
const taken = new Set<string>();

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

async function openCopy(): Promise<void> {
  taken.clear();
  data = join(root, `copy-${runs++}`);
  cpSync(base, data, { recursive: true });
  stores = await openStores(data);
}

async function closeCopy(): Promise<void> {
  await stores.close();
  rmSync(data, { recursive: true, force: true });
}

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

/** Another row in every call, so that changes of several rows do not meet in one. */
async function somePlace(where = "disposition = 'counted' AND type = 'attempt'") {
  const [row] = await stores.warehouse.query<{ partition: number; at: string; id: string }>(
    `SELECT partition, toString(\`offset\`) AS at, id FROM tollgate.raw_usage
     WHERE (${where}) AND id NOT IN {taken:Array(String)}
     ORDER BY partition, \`offset\` LIMIT 1`,
    { taken: [...taken] },
  );
  if (row === undefined) throw new Error(`no row where ${where}`);
  taken.add(row.id);
  return {
    sql: `partition = ${row.partition} AND \`offset\` = ${row.at}`,
    place: `0/${row.partition}/${row.at}`,
    position: row.partition * 2 ** 44 + Number(row.at),
    short: `${row.partition}/${row.at}`,
  };
}

/** An event of the ledger, read by SQLite, of another stream in every call. */
function ledgerEvent(where: string): { position: number; stream: string; revision: number } {
  const db = new DatabaseSync(dataFolder(data).ledger, { readOnly: true });
  const row = db
    .prepare(
      `SELECT position, stream, revision FROM event
       WHERE (${where}) AND stream NOT IN (SELECT value FROM json_each(?)) LIMIT 1`,
    )
    .get(JSON.stringify([...taken]));
  db.close();
  if (row === undefined) throw new Error(`no event where ${where}`);
  taken.add(String(row['stream']));
  return {
    position: Number(row['position']),
    stream: String(row['stream']),
    revision: Number(row['revision']),
  };
}

/** Turns an event of a budget into one without an effect. */
const silence = (position: number) =>
  tamper(
    'ledger',
    `UPDATE event SET type = 'LeaseRecallRequested',
       data = '{"instance_id":"ins_x","amount":"0.000000000000"}' WHERE position = ${position}`,
  );

const findings = async () => (await runAudit(stores)).differences;

describe('the audit of unchanged stores', () => {
  beforeEach(openCopy);
  afterEach(closeCopy);

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

  it('names a bucket that is wrong by one token, and nothing else', async () => {
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
});

/** Changes one thing. @returns the differences that the audit must name for it */
type Change = () => object[] | Promise<object[]>;

/** An audit takes seconds, so changes that cannot hide each other are found by one. */
const changes: readonly (readonly [copy: string, changes: readonly [string, Change][]])[] = [
  [
    'rows, records, bills and budgets',
    [
      [
        'a raw row that was deleted',
        async () => {
          const { sql, place } = await somePlace();
          await mutate(`DELETE WHERE ${sql}`);
          return [{ store: 'raw', place, finding: 'no row for this record' }];
        },
      ],
      [
        'a raw row that was doubled',
        async () => {
          const { sql, place } = await somePlace();
          await stores.warehouse.command(
            `INSERT INTO tollgate.raw_usage SELECT * FROM tollgate.raw_usage WHERE ${sql}`,
          );
          return [{ store: 'raw', place, finding: '2 rows for one record' }];
        },
      ],
      [
        'a raw row and the column that was changed',
        async () => {
          const { sql, place } = await somePlace("disposition = 'counted' AND cost > 0");
          await mutate(`UPDATE cost = cost + toDecimal128('0.000000000001', 12) WHERE ${sql}`);
          const finding = expect.stringMatching(/^is .*, should be /);
          return [{ store: 'raw', place: `${place} cost`, finding }];
        },
      ],
      [
        'a line of a snapshot that was changed, and its hash',
        () => {
          const { position } = ledgerEvent("type = 'SnapshotFrozen'");
          tamper(
            'ledger',
            `UPDATE event SET data = replace(data, '\\"requests\\":', '\\"requests\\":1') WHERE position = ${position}`,
          );
          return [
            {
              store: 'snapshot',
              place: expect.stringMatching(/^snp_\w+ lines\[0\]\..*requests$/),
              finding: expect.stringContaining('should be'),
            },
            {
              store: 'snapshot',
              place: expect.stringMatching(/^snp_\w+ hash$/),
              finding: expect.stringContaining('its body has'),
            },
          ];
        },
      ],
      [
        'an invoice whose body was changed',
        () => {
          const { position } = ledgerEvent("type = 'InvoiceIssued'");
          tamper(
            'ledger',
            `UPDATE event SET data = replace(data, '\\"total_minor\\":', '\\"total_minor\\":1') WHERE position = ${position}`,
          );
          const place = expect.stringMatching(/^inv_\w+ total_minor$/);
          return [{ store: 'invoice', place, finding: expect.stringContaining('should be') }];
        },
      ],
      [
        'an event that was dropped from the ledger',
        () => {
          const { position, stream, revision } = ledgerEvent(
            "type = 'LeaseGranted' AND stream LIKE 'budget-%'",
          );
          tamper('ledger', `DELETE FROM event WHERE position = ${position}`);
          const finding = `no event; the next one is ${revision + 1}`;
          return [{ store: 'ledger', place: `${stream}@${revision}`, finding }];
        },
      ],
      [
        'a settlement with another amount',
        () => {
          const { position, stream, revision } = ledgerEvent(
            "type = 'LeaseSettled' AND data NOT LIKE '%\"0.000000000000\"%'",
          );
          tamper(
            'ledger',
            `UPDATE event SET data = replace(data, '"spent":"', '"spent":"1') WHERE position = ${position}`,
          );
          const finding = expect.stringMatching(/settled at .*, its events say /);
          return [{ store: 'budget', place: `${stream}@${revision}`, finding }];
        },
      ],
      [
        'a record of the log that was changed by one byte',
        async () => {
          const { position, place } = await somePlace(
            "disposition = 'counted' AND input_tokens > 9",
          );
          tamper(
            'log',
            `UPDATE usage_record SET value = CAST(replace(value, '"attempt":1', '"attempt":2') AS BLOB)
             WHERE position = ${position}`,
          );
          const finding = expect.stringMatching(/^is .*, should be /);
          return [{ store: 'raw', place: `${place} leaf_hash`, finding }];
        },
      ],
      [
        'a dead row whose dead letter is gone',
        async () => {
          const { short } = await somePlace("disposition = 'dead'");
          tamper('log', 'DELETE FROM dead_letter_record');
          return [
            { store: 'dead letters', place: short, finding: 'a dead row has no dead letter' },
          ];
        },
      ],
    ],
  ],
  [
    'letters, roll-ups and leases',
    [
      [
        'a dead letter that cannot be read, and continues',
        async () => {
          const { sql, place } = await somePlace();
          tamper('log', `UPDATE dead_letter_record SET value = CAST('{"x' AS BLOB)`);
          await mutate(`DELETE WHERE ${sql}`);
          return [
            {
              store: 'dead letters',
              place: expect.stringMatching(/^letter \d+\/\d+$/),
              finding: expect.stringContaining('cannot be read'),
            },
            { store: 'raw', place, finding: 'no row for this record' },
          ];
        },
      ],
      [
        'a roll-up row where no view looks for it',
        async () => {
          await stores.warehouse.command(
            `INSERT INTO tollgate.rollup_15m SELECT * REPLACE (partition + 1 AS partition,
               version + 1 AS version) FROM tollgate.rollup_15m FINAL
             WHERE customer_id = 'cus_1' LIMIT 1`,
          );
          const place = expect.stringMatching(/customer_id=cus_1 .* partition$/);
          return [{ store: 'roll-up', place, finding: expect.stringContaining('should be') }];
        },
      ],
      [
        'I3: an adjustment that is there twice',
        async () => {
          const { stream, revision } = ledgerEvent("type = 'LeaseAdjusted'");
          const past = await stores.ledger.read(stream);
          const data = past.find((event) => event.revision === BigInt(revision))?.data;
          const last = past.at(-1)?.revision ?? 0n;
          const again = { id: randomUUID(), type: 'LeaseAdjusted', data };
          await stores.ledger.append(stream, last, [again]);
          const finding = expect.stringContaining('adjusted again');
          return [{ store: 'budget', place: `${stream}@${last + 1n}`, finding }];
        },
      ],
      [
        'I3: a lease that was charged and is never settled',
        () => {
          const where = "type = 'LeaseSettled' AND data NOT LIKE '%\"0.000000000000\"%'";
          const { position, stream } = ledgerEvent(where);
          silence(position);
          const finding = expect.stringMatching(/^lease lse_\w+ was charged and is still open$/);
          return [{ store: 'budget', place: stream, finding }];
        },
      ],
    ],
  ],
  [
    'records, from which on a partition is not audited',
    [
      [
        'a record that is missing in the log',
        async () => {
          const { position, place } = await somePlace();
          tamper('log', `DELETE FROM usage_record WHERE position = ${position}`);
          return [{ store: 'log', place, finding: expect.stringContaining('no record') }];
        },
      ],
    ],
  ],
  [
    'adjustments',
    [
      [
        'I3: a resolution whose adjustment is missing',
        () => {
          silence(ledgerEvent("type = 'LeaseAdjusted'").position);
          const place = expect.stringMatching(/^lse_\w+ /);
          return [{ store: 'budget', place, finding: 'resolved, and never adjusted' }];
        },
      ],
    ],
  ],
];

describe.each(changes)('the audit of changed %s', (_, those) => {
  const expected = new Map<string, object[]>();
  let found: object[];
  beforeAll(async () => {
    await openCopy();
    for (const [what, change] of those) expected.set(what, await change());
    found = await findings();
  });
  afterAll(closeCopy);

  it.each(those)('names %s', (what) => {
    const differences = expected.get(what) ?? [];
    expect(differences.length).toBeGreaterThan(0);
    for (const difference of differences) expect(found).toContainEqual(difference);
  });
});

describe('a rebuild that was killed', () => {
  beforeEach(openCopy);
  afterEach(closeCopy);

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
