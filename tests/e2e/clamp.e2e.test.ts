/**
 * The end of a budget, by the simulator's own bill: a budget that clamps is spent to its last cents and
 * never exceeded, and a call is counted before it is refused.
 */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import { foldStream } from '@tollgate/adapters/ledger/read-stream.ts';
import { runAudit } from '@tollgate/audit/audit.ts';
import { evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import { windowStream } from '@tollgate/domain/budget/window.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse } from './platform-house.ts';

let house: PlatformHouse;
beforeAll(async () => {
  house = await openPlatform();
});
afterAll(() => house.close());

/** Of sim-large, in pico-dollars: the most that a token of input and of output cost. */
const INPUT = 2_500_000n;
const OUTPUT = 10_000_000n;
const TOTAL = { window: 'total', time_zone: 'UTC', anchor: null } as const;
/** More than a provider adds to a request. */
const FRAMING = 128n;

function bodyOf(content: string, knobs: Record<string, string> = {}): string {
  return JSON.stringify({
    ...{ model: 'sim-large', max_completion_tokens: 8_000, metadata: knobs },
    messages: [{ role: 'user', content }],
  });
}

function call(url: string, secret: string, body: string): Promise<Response> {
  const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
  return fetch(`${url}/v1/chat/completions`, { method: 'POST', headers, body });
}

async function accountOf(budgetId: string) {
  const window = { category: budgetWindowEvents, stream: windowStream(budgetId, 0) };
  return (await foldStream(house.ledger, window, evolveAccount, noAccount)).state;
}

it('I3: a budget that clamps is spent to its last cents by two proxies, and never exceeded', async () => {
  const key = await house.key(await house.customer());
  const limit = '0.010000000000';
  const budget = await house.budgetOf(
    { type: 'key', id: key.id },
    { ...TOTAL, limit, on_exceeded: 'clamp' },
  );
  const proxies = [await house.proxy(), await house.proxy()];
  const WRITTEN = 100;
  const body = bodyOf('Go on.', { sim_output_tokens: String(WRITTEN) });
  const lengths: number[] = [];
  for (let refused = 0, turn = 0; refused < 4 && turn < 200; turn++) {
    const answer = await call(proxies[Math.floor(turn / 4) % 2]?.url ?? '', key.secret, body);
    const json = (await answer.json()) as { usage: { completion_tokens: number } };
    if (answer.status !== 200) {
      expect(answer.status).toBe(402);
      refused++;
      continue;
    }
    const stated = Number(answer.headers.get('x-tollgate-output-limit'));
    expect(answer.headers.get('x-tollgate-output-clamped')).toBe('true');
    // The last ones are cut where the budget says.
    expect(json.usage.completion_tokens).toBe(Math.min(WRITTEN, stated));
    lengths.push(stated);
  }
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await house.projected();

  const bill = await house.simulator.bill();
  const billed = bill.reduce((sum, line) => sum + parseDecimal12(line.cost), 0n);
  const { spent, held } = await accountOf(budget);
  expect([held, spent]).toEqual([0n, billed]);
  const left = parseDecimal12(limit) - billed;
  expect(left >= 0n).toBe(true);
  // Not even the input and one token of output could be paid for.
  expect(left < (BigInt(body.length) + FRAMING) * INPUT + OUTPUT).toBe(true);
  const rows = await house.warehouse.query<{ limit: string; clamped: boolean }>(
    `SELECT output_limit AS limit, output_clamped AS clamped FROM tollgate.usage_events
     WHERE type = 'attempt' AND key_id = '${key.id}' ORDER BY time`,
  );
  expect(rows.map((row) => Number(row.limit)).toSorted()).toEqual(lengths.toSorted());
  expect(rows.every((row) => Boolean(row.clamped))).toBe(true);
  const { ledger, log, deadLetters, warehouse } = house;
  expect((await runAudit({ ledger, log, deadLetters, warehouse })).differences).toEqual([]);
});

it('a call that its bytes would refuse is counted first, and billed within that count', async () => {
  const key = await house.key(await house.customer());
  const content = 'the quick brown fox jumps over the lazy dog '.repeat(400);
  const body = JSON.stringify({
    ...{ model: 'sim-large', max_completion_tokens: 10 },
    messages: [{ role: 'user', content }],
  });
  // Half of what the bytes would hold, twice of what the words do.
  const limit = (BigInt(body.length) / 2n) * INPUT;
  const budget = await house.budgetOf(
    { type: 'key', id: key.id },
    { ...TOTAL, limit: `0.${String(limit).padStart(12, '0')}` },
  );
  const blind = await house.proxy();
  expect((await call(blind.url, key.secret, body)).status).toBe(402);
  await blind.stop();
  const counting = await house.proxy(undefined, { tokenizerOf: () => 'o200k_base' });
  const before = (await house.simulator.bill()).length;
  const answer = await call(counting.url, key.secret, body);
  await answer.json();
  expect([answer.status, answer.headers.get('x-tollgate-output-clamped')]).toEqual([200, null]);
  await counting.stop();
  const [line] = (await house.simulator.bill()).slice(before);
  const { spent, held } = await accountOf(budget);
  expect([held, spent]).toEqual([0n, parseDecimal12(line?.cost ?? '')]);
});
