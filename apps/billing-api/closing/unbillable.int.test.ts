/**
 * A period that no invoice can be made from is refused by name and never frozen: frozen is
 * permanent, and an invoice that cannot be issued would be missing permanently.
 */
import { billingEvents } from '@tollgate/adapters/ledger/categories.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { errorCatalogue } from '../http/errors.ts';
import { closeDue, closePeriod } from './close-run.ts';
import { assertBillable, freeze } from './freeze.ts';
import { problemOfError } from './problems.ts';
import { loadBilling } from './streams.ts';
import { attempt, type ClosingHouse, openClosingHouse } from './testing/closing-house.ts';
import {
  AFTER_JANUARY,
  billingOf,
  bodyOf,
  closeAt,
  customerInJanuary,
  HOUR_MS,
  JANUARY,
} from './testing/january.ts';

let house: ClosingHouse;

beforeAll(async () => {
  house = await openClosingHouse();
});

afterAll(() => house.close());

/** In cents, 2^53 is about 9.0e13 USD; three of these are beyond it, and two are not. */
const VAST: Partial<UsageEvent> = { cost: '30000000000000.000000000000' };
const DAYS = ['2026-01-10T00:00:00.000Z', '2026-01-20T00:00:00.000Z', '2026-01-30T00:00:00.000Z'];

const unbillable = { name: 'ClosingError', code: 'amount_too_large' };

async function statusOf(customerId: string) {
  return (await billingOf(house, customerId)).periods.map(({ status }) => status);
}

describe('an amount that no invoice can state', () => {
  it('is refused before its period closes, in every run, and other customers are closed', async () => {
    const [vast, usual] = [await customerInJanuary(house), await customerInJanuary(house)];
    await house.append(...DAYS.map((time) => attempt(vast, time, VAST)));
    await house.append(attempt(usual, JANUARY));
    await house.project();
    house.clock.nowMs = AFTER_JANUARY;
    const run = { customerIds: [vast, usual], graceMs: HOUR_MS };
    const first = await closeDue(house.deps, run);
    expect(first.failed).toMatchObject([{ customerId: vast, error: unbillable }]);
    expect(first.closed).toMatchObject([{ customerId: usual }]);
    expect((await closeDue(house.deps, run)).failed).toEqual(first.failed);
    expect([await statusOf(vast), await statusOf(usual)]).toEqual([['open'], ['frozen', 'open']]);
  });

  it('is refused before its period closes, although it was not projected when the run began', async () => {
    const customerId = await customerInJanuary(house);
    await house.append(...DAYS.map((time) => attempt(customerId, time, VAST)));
    house.clock.nowMs = AFTER_JANUARY;
    const [period] = (await billingOf(house, customerId)).periods;
    const request = { customerId, periodId: period?.id ?? '', endMs: null, graceMs: 0 };
    const closing = expect(closePeriod(house.deps, request)).rejects.toMatchObject(unbillable);
    await house.project();
    await closing;
    expect(await statusOf(customerId)).toEqual(['open']);
  });

  it('can be billed in parts, because its period was never closing', async () => {
    const customerId = await customerInJanuary(house);
    await house.append(...DAYS.map((time) => attempt(customerId, time, VAST)));
    await house.project();
    house.clock.nowMs = AFTER_JANUARY;
    const close = async (endMs: number | null) => {
      const { periods } = await billingOf(house, customerId);
      const periodId = periods.find(({ status }) => status === 'open')?.id ?? '';
      return closePeriod(house.deps, { customerId, periodId, endMs, graceMs: 0 });
    };
    await expect(close(null)).rejects.toMatchObject(unbillable);
    expect(await close(parseInstant('2026-01-25T00:00:00.000Z'))).toMatchObject({ ok: true });
    expect(await close(null)).toMatchObject({ ok: true });
    const billing = await billingOf(house, customerId);
    expect([1, 2].map((number) => bodyOf(billing, number).totals.events)).toEqual([2, 1]);
  });

  it('that became known only after its period began to close is not frozen either', async () => {
    const customerId = await customerInJanuary(house);
    const usual = attempt(customerId, JANUARY);
    await house.append(usual);
    const { ledger } = house.deps;
    const died = async () => {
      throw new Error('died');
    };
    const append: typeof ledger.append = (stream, expected, events) =>
      events[0]?.type === 'SnapshotFrozen' ? died() : ledger.append(stream, expected, events);
    await closeAt(house, AFTER_JANUARY, customerId, {
      ...house.deps,
      ledger: { ...ledger, append },
    });
    const loaded = await loadBilling(ledger, customerId);
    const [period] = loaded.billing.periods;
    if (period?.status !== 'closing') throw new Error('not closing');
    const { warehouse } = house.deps;
    const lateSum = async (sql: string, params: Record<string, unknown>) => {
      const rows = await warehouse.query<Record<string, unknown>>(sql, params);
      return rows.map((row) =>
        'cost_text' in row ? { ...row, cost_text: '99999999999999.000000000000' } : row,
      );
    };
    const late = { ...house.deps, warehouse: { ...warehouse, query: lateSum as never } };
    await expect(freeze(late, customerId, loaded, period)).rejects.toMatchObject(unbillable);
    const types = (await ledger.read(billingEvents.of(customerId))).map(({ type }) => type);
    expect(types).toEqual(['PeriodOpened', 'PeriodClosing']);
    const small = { ...house.deps, ledger: { ...ledger, appendBytesMax: 900 } };
    await expect(freeze(small, customerId, loaded, period)).rejects.toMatchObject({
      code: 'snapshot_too_large',
      message: expect.stringContaining('an invoice of'),
    });
    await assertBillable(house.deps, customerId, loaded.billing, period);
  });

  it('holds for a sum of a quantity as it does for money', async () => {
    const customerId = await customerInJanuary(house);
    await house.append(attempt(customerId, JANUARY));
    const { warehouse } = house.deps;
    const query = async (sql: string, params: Record<string, unknown>) => {
      const rows = await warehouse.query<Record<string, unknown>>(sql, params);
      return rows.map((row) =>
        'sum_input_tokens' in row ? { ...row, sum_input_tokens: '9007199254740993' } : row,
      );
    };
    const deps = { ...house.deps, warehouse: { ...warehouse, query: query as never } };
    const { failed } = await closeAt(house, AFTER_JANUARY, customerId, deps);
    expect(failed).toMatchObject([{ customerId, error: unbillable }]);
    expect(await statusOf(customerId)).toEqual(['open']);
  });
});

it('a client is told that the same request will not help', async () => {
  const customerId = await customerInJanuary(house);
  await house.append(...DAYS.map((time) => attempt(customerId, time, VAST)));
  const { failed } = await closeAt(house, AFTER_JANUARY, customerId);
  const problems = failed.map((failure) => 'error' in failure && problemOfError(failure.error));
  expect(problems).toMatchObject([{ code: 'amount_too_large' }]);
  expect(errorCatalogue.amount_too_large).toMatchObject({ status: 422, retryable: false });
});
