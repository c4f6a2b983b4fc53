/**
 * The audit finds what was changed in the stores behind the product's back, and says where. The
 * stores are a demo's: two customers, a killed proxy, resolved attempts, budgets and closed
 * periods. The test adds closed buckets, a duplicate and a dead record.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { quantitiesOf } from '@tollgate/billing-api/routes/events/external-event.ts';
import { rebuild } from '@tollgate/cli/commands/rebuild/rebuild.ts';
import { CommandError } from '@tollgate/cli/errors.ts';
import { type OpenStores, openStores } from '@tollgate/cli/stores.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { eventText } from '@tollgate/domain/usage/event/event-text.ts';
import { historyEvent } from '@tollgate/domain/usage/event/history-event.ts';
import { projectorLimits } from '@tollgate/projector/limits.ts';
import { claimPartitions } from '@tollgate/projector/partition-claim.ts';
import { startProjector } from '@tollgate/projector/projector.ts';
import { attempt } from '@tollgate/projector/testing/projector-house.ts';
import { runScenario } from '@tollgate/standalone/scenario/scenario.ts';
import { builtInShapes } from '@tollgate/standalone/scenario/workload.ts';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { changes } from './audit-changes.ts';
import { AuditCopy } from './audit-copy.ts';

const HOUR_MS = 3_600_000;
const root = mkdtempSync(join(tmpdir(), 'tollgate-audit-test-'));
const base = join(root, 'base');
let copy: AuditCopy;
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
  await log.append(await importedHistory(opened));
  await project(opened);
  await opened.close();
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** What another gateway charged before, of customers whose periods are closed here. */
async function importedHistory({ log, warehouse }: OpenStores) {
  const customers = await warehouse.query<{ customer_id: string }>(
    'SELECT DISTINCT customer_id FROM tollgate.raw_usage',
  );
  return customers.flatMap(({ customer_id: customerId }) =>
    [3, 5].map((hours) => {
      const timeMs = Date.now() - hours * HOUR_MS;
      const event = historyEvent({
        ...{ id: `old-${hours}`, importedFrom: 'litellm', externalSubject: customerId, customerId },
        ...{ teamId: null, keyId: null, environment: null, endUser: null, tags: {}, failed: false },
        ...{ provider: 'openai', model: 'gpt-4o', endpoint: null, timeMs },
        ...{ quantities: quantitiesOf({ input_tokens: 7 }), cost: '0.100000000000' },
      });
      const partition = partitionOf(Buffer.from(customerId), log.partitions);
      return { partition, value: Buffer.from(eventText(event)) };
    }),
  );
}

async function openCopy(): Promise<void> {
  copy = await AuditCopy.open(base, join(root, `copy-${runs++}`));
}
const closeCopy = () => copy.close();

async function project(on: OpenStores): Promise<void> {
  const logger = { warn: () => undefined, error: () => undefined };
  const projector = await startProjector({ ...on, owner: 'test', logger });
  await projector.caughtUp();
  await projector.stop();
}

const findings = () => copy.findings();

describe('the audit of unchanged stores', () => {
  beforeEach(openCopy);
  afterEach(closeCopy);

  it('I5: finds nothing where nothing was changed, and nothing after a rebuild in other batches', async () => {
    expect(await findings()).toEqual([]);
    const [{ history = 0 } = {}] = await copy.stores.warehouse.query<{ history: number }>(
      "SELECT toUInt32(count()) AS history FROM tollgate.raw_usage WHERE type = 'history'",
    );
    expect(history).toBeGreaterThan(1);
    const content = () =>
      copy.stores.warehouse.query(
        `SELECT * EXCEPT (insert_epoch, leaf_hash), hex(leaf_hash) AS leaf
         FROM tollgate.raw_usage ORDER BY log, partition, \`offset\``,
      );
    const rollups = () =>
      copy.stores.warehouse.query(
        'SELECT * EXCEPT (version) FROM tollgate.rollup_15m FINAL WHERE events > 0 ORDER BY ALL',
      );
    const before = [await content(), await rollups()];
    for (const batch of [23, 1_000]) {
      await rebuild(copy.stores, { batch });
      expect([await content(), await rollups()]).toEqual(before);
    }
    await project(copy.stores);
    expect(await findings()).toEqual([]);
  });

  it('I2, I5: a rebuild goes beyond what was projected, and the projector continues after it', async () => {
    const { log } = copy.stores;
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
    await rebuild(copy.stores, {});
    await append();
    await project(copy.stores);
    expect(await findings()).toEqual([]);
  });

  it('I3: names a budget whose spend in the warehouse is not that of the ledger', async () => {
    const { warehouse } = copy.stores;
    const [row] = await warehouse.query<{ window: string; spent: string }>(
      `SELECT window, toDecimalString(b.spent, 12) AS spent FROM tollgate.budget_spend AS b
       WHERE b.spent > 0 ORDER BY window LIMIT 1`,
    );
    const { window, spent } = row ?? { window: '', spent: '' };
    await warehouse.command(
      `CREATE OR REPLACE VIEW tollgate.budget_spend AS
       SELECT window, sumIf(charged, window != '${window}') AS spent, count() AS events
       FROM tollgate.budget_charges GROUP BY window`,
    );
    const finding = `budget_spend says 0.000000000000, the ledger ${spent}`;
    expect(await findings()).toEqual([{ store: 'budget', place: window, finding }]);
  });

  it('names a bucket that is wrong by one token, and nothing else', async () => {
    await copy.stores.warehouse.command(
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

describe.each(changes)('the audit of changed %s', (_, those) => {
  const expected = new Map<string, object[]>();
  let found: object[];
  beforeAll(async () => {
    await openCopy();
    for (const [what, change] of those) expected.set(what, await change(copy));
    found = await findings();
  });
  afterAll(closeCopy);

  it.each(those)('names %s', (what) => {
    const differences = expected.get(what) ?? [];
    expect(differences.length).toBeGreaterThan(0);
    for (const difference of differences) expect(found).toContainEqual(difference);
  });
});

describe('a rebuild', () => {
  beforeEach(openCopy);
  afterEach(closeCopy);

  it('I5: is given up where a projector runs against the rules, and has changed nothing', async () => {
    const { stores } = copy;
    const command: typeof stores.warehouse.command = async (sql, ...more) => {
      await stores.warehouse.command(sql, ...more);
      if (!sql.startsWith('CREATE DATABASE tollgate_rebuild')) return;
      await claimPartitions({ ...stores, owner: 'another' }, [3], projectorLimits);
    };
    const intruding = { ...stores, warehouse: { ...stores.warehouse, command } };
    const refused = rebuild(intruding, {});
    await expect(refused).rejects.toThrow(CommandError);
    await expect(refused).rejects.toThrow('a projector has taken partition 3 meanwhile');
    expect(await findings()).toEqual([]);
  });

  it.each([1, 2, 3])(
    'I5: that was killed after %i of its tables shows all events when Tollgate starts again',
    async (tables) => {
      const { log, warehouse } = copy.stores;
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
      const killed = { ...copy.stores, warehouse: { ...warehouse, command } };
      await expect(rebuild(killed, {})).rejects.toThrow('killed');
      await project(copy.stores);
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
