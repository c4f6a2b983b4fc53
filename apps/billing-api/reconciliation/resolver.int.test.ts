import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { ReconciliationImport } from '@tollgate/domain/reconciliation/reconciliation.ts';
import {
  noQuantities,
  toEventQuantities,
  unknownQuantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { attempt, type House, openHouse } from '@tollgate/projector/testing/projector-house.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startResolver } from './resolver.ts';

const WINDOW = 'budget-bud_1@20261101T000000Z';
const IMPORT = {
  import_id: 'rec_1',
  provider: 'simulator',
  start: '2026-11-24T00:00:00.000Z',
  end: '2026-11-24T01:00:00.000Z',
  lines: 4,
  chunks: 1,
};
/** Accepted before dates were checked: it can never be carried out. */
const IMPOSSIBLE = { ...IMPORT, import_id: 'rec_0', start: '2026-13-01T00:00:00.000Z' };

let house: House;
let projector: Awaited<ReturnType<House['start']>>;
beforeAll(async () => {
  house = await openHouse();
  projector = await house.start('p1');
});
afterAll(async () => {
  await projector.stop();
  await house.close();
});

function unknownAttempt(minute: number, fields: Partial<UsageEvent> = {}): UsageEvent {
  const held = {
    hold_lease_ids: [`lse_${minute}`],
    hold_amounts: ['1.000000000000'],
    hold_units: ['usd'],
    budget_windows: [WINDOW],
  };
  const unknown = { ...unknownQuantities(), usage_source: 'none', cost: null } as const;
  const timeMs = Date.parse(IMPORT.start) + minute * 60_000;
  return attempt({ ...unknown, status: 'unknown', ...held, ...fields }, timeMs);
}

async function until(what: string, done: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 30_000;
  while (!(await done())) {
    if (Date.now() > deadline) throw new Error(`not in time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

function start(errors: string[], accepted: readonly ReconciliationImport[] = [IMPOSSIBLE, IMPORT]) {
  const { ledger, log } = house;
  const warehouse: Warehouse = {
    ...house.warehouse,
    query: (sql, params) => {
      asked.push(params);
      return house.warehouse.query(sql, params);
    },
  };
  const imports = () => accepted;
  const onError = (message: string) => errors.push(message);
  return startResolver({
    ...{ ledger, log, warehouse, imports, onError },
    pollMs: 20,
    batchEvents: 2,
  });
}

/** The parameters of every query of a resolver. */
const asked: (Record<string, unknown> | undefined)[] = [];

async function resolutions(provider = IMPORT.provider) {
  return await house.warehouse.query<{ target: string; cost: string }>(
    `SELECT resolves_id AS target, toDecimalString(cost, 12) AS cost FROM tollgate.usage_events
     WHERE type = 'resolution' AND provider = {provider:String} ORDER BY time`,
    { provider },
  );
}

const USED = toEventQuantities({ ...noQuantities(), inputTokens: 7, requests: 1 });

async function storeLines(importId: string, costs: ReadonlyMap<string, string>): Promise<void> {
  const lines = [...costs].map(([attempt_id, cost]) => ({ attempt_id, ...USED, cost }));
  const stream = `reconciliation-${importId}`;
  const type = 'ReconciliationLines';
  const data = { import_id: importId, chunk: 0, lines };
  await house.ledger.append(stream, 'no_stream', [
    { id: ledgerEventId(stream, type, '0'), type, data },
  ]);
}

const deltas = async () =>
  (await house.ledger.read(WINDOW)).map(({ data }) => {
    const { lease_id, delta } = data as { lease_id: string; delta: string };
    return [lease_id, delta];
  });

it('carries an import out over all its pages, once, past one that fails, also after a restart', async () => {
  const targets = [0, 1, 2, 3, 4].map((minute) => unknownAttempt(minute));
  const outside = [unknownAttempt(60), unknownAttempt(5, { provider: 'other' })];
  await house.append([...targets, ...outside]);
  // The last attempt has no line: the bill is complete, so it was not billed.
  await storeLines(
    IMPORT.import_id,
    new Map(targets.slice(0, 4).map(({ id }) => [id, '0.250000000000'])),
  );

  const errors: string[] = [];
  const first = start(errors);
  await until('all leases are adjusted', async () => (await deltas()).length === targets.length);
  await first.stop();
  const expected = targets.map(({ id }, i) => ({
    target: id,
    cost: i < 4 ? '0.250000000000' : '0.000000000000',
  }));
  expect(await resolutions()).toEqual(expected);
  const adjusted = await deltas();
  expect(adjusted.sort()).toEqual(
    targets.map((_, i) => [`lse_${i}`, i < 4 ? '-0.750000000000' : '-1.000000000000']),
  );
  expect(new Set(errors)).toEqual(new Set(['resolving rec_0 failed; trying again']));

  const second = start(errors);
  const late = unknownAttempt(10);
  await house.append([late]);
  await until(
    'an attempt that arrives late is adjusted',
    async () => (await deltas()).length === 6,
  );
  await second.stop();
  expect(await resolutions()).toEqual([...expected, { target: late.id, cost: '0.000000000000' }]);
});

it('decides an attempt by the first bill whose range covers it, however many wait before it', async () => {
  const provider = 'overlapped';
  const first = { ...IMPORT, import_id: 'rec_first', provider };
  // Surrounds the first range, and repeats none of its lines.
  const second = {
    ...first,
    import_id: 'rec_second',
    start: '2026-11-23T23:00:00.000Z',
    end: '2026-11-24T02:00:00.000Z',
  };
  const held = { provider, hold_lease_ids: [], hold_amounts: [], hold_units: [] };
  const [before, ...rest] = [-5, 0, 1, 2, 3, 4, 62].map((minute) =>
    unknownAttempt(minute, { ...held, budget_windows: [] }),
  );
  const after = rest.pop();
  if (before === undefined || after === undefined) throw new Error('no targets');
  await house.append([before, ...rest, after]);
  await storeLines(first.import_id, new Map(rest.map(({ id }) => [id, '0.250000000000'])));
  const bySecond = [before, after].map(({ id }) => [id, '0.500000000000'] as const);
  await storeLines(second.import_id, new Map(bySecond));

  const errors: string[] = [];
  const resolver = start(errors, [first, second]);
  await until('all are resolved', async () => (await resolutions(provider)).length === 7);
  await resolver.stop();
  expect([errors, await resolutions(provider)]).toEqual([
    [],
    [before, ...rest, after].map(({ id: target }) => ({
      target,
      cost: [before.id, after.id].includes(target) ? '0.500000000000' : '0.250000000000',
    })),
  ]);
});

it('looks at an import again only when something in its range was counted', async () => {
  const provider = 'quiet';
  const accepted = { ...IMPORT, import_id: 'rec_quiet', provider };
  const held = { provider, hold_lease_ids: [], hold_amounts: [], hold_units: [] };
  const at = (minute: number, fields: Partial<UsageEvent> = {}) =>
    unknownAttempt(minute, { ...held, budget_windows: [], ...fields });
  await house.append([at(0), at(1), at(2)]);
  const errors: string[] = [];
  const resolver = start(errors, [accepted]);
  /** True if the next looks ask for nothing of it. At least one of them begins after this call. */
  const isQuiet = async () => {
    asked.length = 0;
    await until('it has looked several times', async () => asked.length >= 3);
    return asked.every((params) => params?.['provider'] !== provider);
  };
  await until('all are resolved', async () => (await resolutions(provider)).length === 3);
  await until('it is carried out', isQuiet);
  // Neither concerns it: the one started later, the other was sent to somebody else.
  await house.append([at(61), at(5, { provider: 'else' })]);
  const isSeen = async () => {
    const [row] = await house.warehouse.query<{ n: string }>(
      `SELECT count() AS n FROM tollgate.usage_events WHERE provider = 'else'`,
    );
    return row?.n === '1';
  };
  await until('they are counted', isSeen);
  const staysQuiet = await isQuiet();
  await house.append([at(59)]);
  await until('a late one is resolved', async () => (await resolutions(provider)).length === 4);
  await resolver.stop();
  expect([errors, staysQuiet]).toEqual([[], true]);
});
