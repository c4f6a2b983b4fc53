/**
 * A clock that is stepped by hours, and by NTP around a midnight that ends a day, a month and a period:
 * calls, roll-ups, budgets and closing go on, and the audit finds nothing but what is really wrong.
 */

import { runAudit } from '@tollgate/audit/audit.ts';
import { checkWindows } from '@tollgate/audit/windows.ts';
import { closePeriod } from '@tollgate/billing-api/closing/close-run.ts';
import { openPeriod } from '@tollgate/billing-api/closing/open-period.ts';
import { loadBilling } from '@tollgate/billing-api/closing/streams.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { snapshotBody } from '@tollgate/schemas/billing/snapshot.ts';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { openPlatform, type PlatformHouse } from './platform-house.ts';

const MIDNIGHT = Date.UTC(2026, 6, 1);
const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAYS = ['20260630T000000Z', '20260701T000000Z'];

let house: PlatformHouse;
let customer: string;
let budgets: string[];
/** What the clock says more than the time since the start of this process. */
let aheadMs = 0;

/** Steps the clock. It goes on from there. */
function setClock(ms: number): void {
  aheadMs = ms - performance.now();
}

beforeAll(async () => {
  setClock(MIDNIGHT - HOUR_MS);
  vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(performance.now() + aheadMs));
  house = await openPlatform();
  customer = await house.customer(200_000);
  await openPeriod(house.closing, {
    ...{ customerId: customer, startMs: null, timeZone: 'UTC', anchorDay: null },
  });
  await live();
  await house.projector.stop();
}, 120_000);
afterAll(async () => {
  await house.close();
  vi.restoreAllMocks();
});

/** A day and a half of an installation, by its clock, in some seconds. */
async function live(): Promise<void> {
  const key = await house.key(customer);
  const scope = { type: 'key', id: key.id };
  const limit = '1.000000000000';
  budgets = [
    await house.budgetOf(scope, { limit, window: 'day' }),
    await house.budgetOf(scope, { limit, window: 'month' }),
  ];
  const proxies = [await house.proxy(), await house.proxy()];
  const sdks = proxies.map(({ url }) => house.sdk(url, key.secret));
  const callsAt = async (ms: number) => {
    setClock(ms);
    await Promise.all([0, 1, 2, 3].map((i) => call(sdks[i % 2], i)));
  };
  await callsAt(MIDNIGHT - 2_000);
  // By NTP: over midnight, back before it, and over it once more, with calls under way.
  for (const ms of [100, -400, 100, -400, 100]) await callsAt(MIDNIGHT + ms);
  // Two hours ahead, until the buckets of that time are closed, and the month is.
  await callsAt(MIDNIGHT + 2 * HOUR_MS);
  setClock(MIDNIGHT + 2 * HOUR_MS + 20 * MINUTE_MS);
  await house.projector.caughtUp();
  await close(null);
  // Back, to buckets that are rolled up already, and then to a month that is closed.
  await callsAt(MIDNIGHT + 10_000);
  await callsAt(MIDNIGHT - 2 * HOUR_MS);
  await house.projector.caughtUp();
  await callsAt(MIDNIGHT + 5 * MINUTE_MS);
  await Promise.all(proxies.map((proxy) => proxy.stop()));
  await house.projector.caughtUp();
  setClock(MIDNIGHT + 10 * MINUTE_MS);
  await close(MIDNIGHT + 10 * MINUTE_MS);
  setClock(MIDNIGHT - 2 * HOUR_MS);
}

async function call(sdk: ReturnType<PlatformHouse['sdk']> | undefined, i: number): Promise<void> {
  const messages = [{ role: 'user' as const, content: 'What time is it?' }];
  const request = { model: 'sim-small', messages, max_completion_tokens: 20 + i };
  if (i % 2 === 0) await sdk?.chat.completions.create(request);
  else {
    const stream = await sdk?.chat.completions.create({ ...request, stream: true });
    for await (const _chunk of stream ?? []);
  }
}

/** Closes the open period. @param endMs null: at its own end */
async function close(endMs: number | null): Promise<void> {
  const { billing } = await loadBilling(house.ledger, customer);
  const periodId = billing.periods.at(-1)?.id ?? '';
  const result = await closePeriod(house.closing, {
    ...{ customerId: customer, periodId, endMs, graceMs: 0 },
  });
  if (!result.ok) throw new Error(result.refusal.code);
}

const findings = async () => (await runAudit(house)).differences;

async function spentOf(budgetId: string, start: string): Promise<bigint> {
  const events = await house.ledger.read(`budget-${budgetId}@${start}`);
  return events
    .filter(({ type }) => type === 'LeaseSettled')
    .reduce((sum, { data }) => sum + parseDecimal12((data as { spent: string }).spent), 0n);
}

describe('after a clock was stepped, forward and back', () => {
  it('I3, I4, I5: the audit is clean, and every budget is level', async () => {
    expect(await findings()).toEqual([]);
    expect(house.messages).toEqual([]);
    // Two days and two months.
    expect(await checkWindows(house.ledger)).toBe(4);
    const lines = await house.simulator.bill();
    const bill = lines.reduce((sum, line) => sum + parseDecimal12(line.cost), 0n);
    const [day = '', month = ''] = budgets;
    const days = await Promise.all(DAYS.map((start) => spentOf(day, start)));
    const months = await Promise.all(
      ['20260601T000000Z', '20260701T000000Z'].map((start) => spentOf(month, start)),
    );
    expect(days).toEqual(months);
    expect(days.every((spent) => spent > 0n)).toBe(true);
    expect((days[0] ?? 0n) + (days[1] ?? 0n)).toBe(bill);
    const sums = await house.warehouse.query(
      'SELECT toDecimalString(sum(cost), 12) AS cost FROM tollgate.usage_hourly',
    );
    expect(sums).toEqual([{ cost: formatDecimal12(bill) }]);
  });

  it('I4: usage of a month that was closed by a clock that was ahead is late usage', async () => {
    const { billing } = await loadBilling(house.ledger, customer);
    const kinds = billing.periods.flatMap((period) =>
      period.status !== 'frozen'
        ? []
        : [snapshotBody.parse(JSON.parse(period.snapshot.body)).lines.map((line) => line.kind)],
    );
    expect(kinds).toEqual([['usage'], ['late_usage', 'usage']]);
  });

  it('names a bucket that is wrong, although the clock has yet to come to it', async () => {
    await house.warehouse.command(
      `INSERT INTO tollgate.rollup_15m SELECT * REPLACE (input_tokens + 1 AS input_tokens,
         version + 1 AS version) FROM tollgate.rollup_15m FINAL
       WHERE bucket = toDateTime(${(MIDNIGHT + 2 * HOUR_MS) / 1_000}, 'UTC') LIMIT 1`,
    );
    expect(await findings()).toEqual([
      {
        store: 'roll-up',
        place: expect.stringMatching(/ input_tokens$/),
        finding: expect.stringMatching(/^is \d+, should be \d+$/),
      },
    ]);
  });

  it('names a row that is missing, although the clock has yet to come to it', async () => {
    await house.warehouse.command(
      `ALTER TABLE tollgate.raw_usage DELETE WHERE time > fromUnixTimestamp64Milli(
         ${MIDNIGHT + HOUR_MS}, 'UTC') SETTINGS mutations_sync = 2`,
    );
    const rows = (await findings()).filter(({ store }) => store === 'raw');
    expect(rows.map(({ finding }) => finding)).toEqual(Array(4).fill('no row for this record'));
  });
});
