/**
 * A budget template, two proxies, several end users at once: each of them is held to a limit of their
 * own, and is charged what the simulator's own bill says of their calls, to the pico-dollar.
 */
import { createHash } from 'node:crypto';
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import { foldStream } from '@tollgate/adapters/ledger/read-stream.ts';
import { runAudit } from '@tollgate/audit/audit.ts';
import { checkWindows } from '@tollgate/audit/windows.ts';
import { evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import OpenAI from 'openai';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse } from './platform-house.ts';

let house: PlatformHouse;
beforeAll(async () => {
  house = await openPlatform();
});
afterAll(() => house.close());

const messages = [{ role: 'user' as const, content: 'Whose money is this?' }];
const END_USERS = ['anna', 'ben', 'Ærø', 'dora', 'emil'];
const CALLS_OF_EACH = 12;
/** About four calls at their worst case. */
const LIMIT = '0.002000000000';

const streamOf = (budgetId: string, endUser: string) => {
  const digest = createHash('sha256').update(endUser).digest('hex').slice(0, 32);
  return `budget-${budgetId}~${digest}@19700101T000000Z`;
};

// litellm#11083: the budget of an end user bound nobody who was named in a header.
it('I3: each end user is held to the limit, and charged exactly what the bill says', async () => {
  const customer = await house.customer();
  const key = await house.key(customer);
  const budget = await house.budgetOf(
    { type: 'customer', id: customer },
    { limit: LIMIT, window: 'total', per: 'end_user' },
  );
  const proxies = [await house.proxy(), await house.proxy()];
  const call = (endUser: string, n: number) =>
    house.sdk(proxies[n % 2]?.url ?? '', key.secret).chat.completions.create(
      { model: 'sim-large', messages, max_completion_tokens: 50 },
      // As bytes of UTF-8: that is what a header is.
      { headers: { 'x-tollgate-end-user': Buffer.from(endUser).toString('latin1') } },
    );
  const outcomes = await Promise.all(
    END_USERS.flatMap((endUser) =>
      Array.from({ length: CALLS_OF_EACH }, (_, n) =>
        call(endUser, n).then(
          () => 'answered',
          (error: unknown) => error,
        ),
      ),
    ),
  );
  for (const proxy of proxies) await proxy.stop();
  await house.projected();

  const refusals = outcomes.filter((outcome) => outcome !== 'answered');
  expect(refusals.length).toBeGreaterThan(END_USERS.length);
  for (const refusal of refusals) {
    expect(refusal).toBeInstanceOf(OpenAI.APIError);
    expect(refusal).toMatchObject({
      ...{ status: 402, code: 'budget_exceeded' },
      error: { scope: 'end_user', unit: 'usd', window: 'total', limit: LIMIT },
    });
  }

  const bill = new Map((await house.simulator.bill()).map((line) => [line.attempt_id, line.cost]));
  const events = await house.warehouse.query<{ id: string; end_user: string }>(
    "SELECT id, end_user FROM tollgate.usage_events WHERE type = 'attempt'",
  );
  const spend = new Map(
    (
      await house.warehouse.query<{ window: string; spent: string }>(
        'SELECT window, toDecimalString(spent, 12) AS spent FROM tollgate.budget_spend',
      )
    ).map(({ window, spent }) => [window, spent]),
  );
  expect(events).toHaveLength(bill.size);
  for (const endUser of END_USERS) {
    const own = events.filter((event) => event.end_user === endUser);
    const billed = own.reduce((sum, { id }) => sum + parseDecimal12(bill.get(id) ?? ''), 0n);
    const stream = streamOf(budget, endUser);
    const window = { category: budgetWindowEvents, stream };
    const { state } = await foldStream(house.ledger, window, evolveAccount, noAccount);
    expect(own.length).toBeGreaterThan(0);
    expect(billed).toBeLessThanOrEqual(parseDecimal12(LIMIT));
    expect({
      held: state.held,
      spent: formatDecimal12(state.spent),
      reported: spend.get(stream),
    }).toEqual({ held: 0n, spent: formatDecimal12(billed), reported: formatDecimal12(billed) });
  }
  expect(await checkWindows(house.ledger)).toBe(END_USERS.length);
  const { ledger, log, deadLetters, warehouse } = house;
  expect((await runAudit({ ledger, log, deadLetters, warehouse })).differences).toEqual([]);
  expect(house.messages).toEqual([]);
});
