import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { readSamples } from '@tollgate/adapters/metrics/testing/read-sample.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { windowStream } from '@tollgate/domain/budget/window.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { BudgetGauges } from './budget-gauges.ts';

const USD = 1_000_000_000_000n;

let folder: string;
let ledger: Ledger;
let errors: string[];
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-gauges-'));
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  errors = [];
});
afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

function budget(id: string, fields: Partial<BudgetDefinition> = {}): BudgetDefinition {
  return {
    ...{ budget_id: id, scope: { type: 'key', id: 'key_1' }, unit: 'usd', window: 'total' },
    ...{ limit: 10n * USD, enforcement: 'hard', basis: 'cost', time_zone: 'UTC' },
    ...{ anchor: null, model: null, counts: 'total', cache_reads: true, thresholds: [] },
    per: null,
    ...{ on_exceeded: 'refuse', clamp_min_output_tokens: 1 },
    ...{ topUps: [], raises: [], archived: false, revision: 0n, ...fields },
  };
}

function gauges(
  budgets: readonly BudgetDefinition[],
  read: Ledger['read'] = ledger.read,
  budgetGaugesKeptMs = 0,
) {
  return new BudgetGauges({
    ...{ ledger: { read }, budgets: () => budgets, clock: Date.now },
    limits: {
      ...{ budgetGaugesMax: 2, budgetGaugesReadsMax: 2, budgetGaugesKeptMs },
      budgetGaugesWaitMs: 500,
    },
    onError: (message) => errors.push(message),
  });
}

async function values(of: BudgetGauges): Promise<Record<string, number>> {
  const all = readSamples(await of.families());
  return Object.fromEntries(
    [...all].map(([sample, value]) => [
      sample.replace(/^tollgate_budget/, '').replace(/,scope=.*$/, ''),
      value,
    ]),
  );
}

/** Appends an event to the window of a budget. */
async function append(id: string, revision: bigint | 'no_stream', type: string, data: object) {
  const event = { id: `${id}-${type}-${revision}`, type, data };
  const appended = await ledger.append(windowStream(id, 0), revision, [event]);
  expect(appended.ok).toBe(true);
}

it('what is left of a budget is what is neither spent nor held, and follows the ledger', async () => {
  const of = gauges([budget('a')]);
  expect(await values(of)).toEqual({
    '_limit{budget="a"': 10,
    '_remaining{budget="a"': 10,
    '_held{budget="a"': 0,
    s_unlisted: 0,
  });
  await append('a', 'no_stream', 'WindowOpened', {
    ...{ budget_id: 'a', window_start: '1970-01-01T00:00:00.000Z', window_end: null },
    ...{ limit: formatDecimal12(8n * USD), definition_revision: '0' },
  });
  const lease = { lease_id: 'l', instance_id: 'i', amount: formatDecimal12(2n * USD) };
  await append('a', 0n, 'LeaseGranted', lease);
  expect(await values(of)).toMatchObject({
    '_limit{budget="a"': 8,
    '_remaining{budget="a"': 6,
    '_held{budget="a"': 2,
  });
  const spent = formatDecimal12(USD / 2n);
  await append('a', 1n, 'LeaseSettled', { lease_id: 'l', spent });
  expect(await values(of)).toMatchObject({
    '_remaining{budget="a"': 7.5,
    '_held{budget="a"': 0,
  });
});

it('a look is kept for a while, and a new budget does not wait for the next one', async () => {
  let reads = 0;
  const budgets = [budget('a')];
  const of = gauges(
    budgets,
    (stream, options) => {
      reads++;
      return ledger.read(stream, options);
    },
    60_000,
  );
  await values(of);
  await values(of);
  expect(reads).toBe(1);
  budgets.push(budget('b'));
  expect(await values(of)).toMatchObject({ '_remaining{budget="b"': 10 });
  await values(of);
  expect(reads).toBe(3);
});

it('so many budgets have series, archived ones have none, and the others are counted', async () => {
  const all = [budget('x', { archived: true }), ...['a', 'b', 'c', 'd'].map((id) => budget(id))];
  const found = await values(gauges(all));
  expect(Object.keys(found).filter((sample) => sample.startsWith('_remaining'))).toEqual([
    '_remaining{budget="a"',
    '_remaining{budget="b"',
  ]);
  expect(found['s_unlisted']).toBe(2);
});

it('a ledger that does not answer takes nothing but the budgets with it', async () => {
  const fails = gauges([budget('a')], () => Promise.reject(new Error('away')));
  expect(await values(fails)).toEqual({ s_unlisted: 0 });
  expect(errors).toEqual(['what is left of budgets cannot be read']);
  const hangs = gauges([budget('a')], () => new Promise(() => undefined));
  expect(await values(hangs)).toEqual({ s_unlisted: 0 });
});
