/**
 * Budgets of every scope, unit and basis on the path of one key: each is charged exactly what the
 * simulator's own bill says, in its own unit, and the one that cannot pay refuses.
 */

import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import { foldStream } from '@tollgate/adapters/ledger/read-stream.ts';
import { spendOfWindows } from '@tollgate/adapters/warehouse/queries/budget-spend.ts';
import { runAudit } from '@tollgate/audit/audit.ts';
import { evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import { type WindowRule, windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse } from './platform-house.ts';

let house: PlatformHouse;
beforeAll(async () => {
  house = await openPlatform();
});
afterAll(() => house.close());

const messages = [{ role: 'user' as const, content: 'How much of each?' }];
const MARKUP_PPM = 250_000n;

/** @returns what the window of today has spent, in the budget's unit */
async function spentOf(budgetId: string, rule: WindowRule): Promise<string> {
  const stream = windowStream(budgetId, windowBounds(rule, Date.now()).startMs);
  const window = { category: budgetWindowEvents, stream };
  const { state } = await foldStream(house.ledger, window, evolveAccount, noAccount);
  expect(state.held).toBe(0n);
  return formatDecimal12(state.spent);
}

it('I3: each budget on the path is charged in its own unit, and all must be able to pay', async () => {
  const customer = await house.customer(Number(MARKUP_PPM));
  const key = await house.key(customer);
  const scopes = {
    key: { type: 'key', id: key.id },
    customer: { type: 'customer', id: customer },
    installation: { type: 'installation', id: 'installation' },
  } as const;
  const rule = { window: 'total', time_zone: 'UTC', anchor: null } as const;
  const define = (scope: object, more: object) => house.budgetOf(scope, { ...rule, ...more });
  const budgets = {
    cost: await define(scopes.key, { limit: '5.000000000000' }),
    billed: await define(scopes.customer, { limit: '5.000000000000', basis: 'billed' }),
    tokens: await define(scopes.installation, { unit: 'tokens', limit: '100000.000000000000' }),
    output: await define(scopes.key, {
      ...{ unit: 'tokens', counts: 'output', limit: '500.000000000000' },
    }),
    uncached: await define(scopes.key, {
      ...{ unit: 'tokens', counts: 'input', cache_reads: false, limit: '100000.000000000000' },
    }),
    requests: await define(scopes.customer, { unit: 'requests', limit: '2.000000000000' }),
    other: await define(scopes.key, { unit: 'requests', limit: '0.000000000000', model: 'gpt-*' }),
  };
  const proxy = await house.proxy();
  const sdk = house.sdk(proxy.url, key.secret);
  const call = (more: object) =>
    sdk.chat.completions.create({
      ...{ model: 'sim-small', messages, max_completion_tokens: 64 },
      ...more,
    } as OpenAI.ChatCompletionCreateParamsNonStreaming);
  await call({});
  const tooLong = await call({ max_completion_tokens: 600 }).catch((error: unknown) => error);
  await call({});
  const third = await call({}).catch((error: unknown) => error);
  expect([tooLong, third]).toMatchObject([
    { status: 402, error: { scope: 'key', unit: 'tokens', limit: '500.000000000000' } },
    { status: 402, error: { scope: 'customer', unit: 'requests' } },
  ]);
  await proxy.stop();
  await house.projected();

  const bill = await house.simulator.bill();
  const total = (of: (line: (typeof bill)[number]) => bigint) =>
    formatDecimal12(bill.reduce((sum, line) => sum + of(line), 0n));
  const whole = (n: number) => BigInt(n) * 10n ** 12n;
  const cost = (line: (typeof bill)[number]) => parseDecimal12(line.cost);
  const spent = Object.fromEntries(
    await Promise.all(
      Object.entries(budgets).map(async ([name, id]) => [name, await spentOf(id, rule)]),
    ),
  );
  expect(bill).toHaveLength(2);
  expect(spent).toEqual({
    cost: total(cost),
    // A quarter more, each call rounded up.
    billed: total((line) => (cost(line) * (1_000_000n + MARKUP_PPM) + 999_999n) / 1_000_000n),
    tokens: total((line) => whole(line.input_tokens + line.cache_read_tokens + line.output_tokens)),
    output: total((line) => whole(line.output_tokens)),
    uncached: total((line) => whole(line.input_tokens)),
    requests: '2.000000000000',
    other: '0.000000000000',
  });
  const { ledger, log, deadLetters, warehouse } = house;
  // What the warehouse reports is the same, to the last digit, in every unit and with the mark-up.
  const reported = await spendOfWindows(warehouse);
  const inWarehouse = Object.entries(budgets).map(([name, id]) => [
    name,
    reported.get(windowStream(id, 0)) ?? '0.000000000000',
  ]);
  expect(Object.fromEntries(inWarehouse)).toEqual(spent);
  expect((await runAudit({ ledger, log, deadLetters, warehouse })).differences).toEqual([]);
});
