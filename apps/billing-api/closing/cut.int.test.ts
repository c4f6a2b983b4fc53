import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closePeriod } from './close-run.ts';
import { ClosingError } from './closing-error.ts';
import { openPeriod } from './open-period.ts';
import { attempt, type ClosingHouse, openClosingHouse } from './testing/closing-house.ts';

const JANUARY = '2026-01-10T12:00:00.000Z';

let house: ClosingHouse;
beforeAll(async () => {
  house = await openClosingHouse();
});
afterAll(() => house.close());

/** Closes January of a new customer with two attempts. @returns the code that stopped it */
async function codeOfClosing(beforeClosing: (customerId: string) => Promise<void>) {
  const customerId = await house.customer();
  const startMs = parseInstant('2026-01-01T00:00:00.000Z');
  const opened = { customerId, startMs, timeZone: null, anchorDay: null };
  const result = await openPeriod(house.deps, opened);
  if (!result.ok) throw new Error(result.refusal.code);
  await house.append(attempt(customerId, JANUARY), attempt(customerId, JANUARY));
  await beforeClosing(customerId);
  const request = { customerId, periodId: result.period.id, endMs: null, graceMs: 0 };
  const deps = { ...house.deps, closingLimits: { projectorWaitMs: 300 } };
  try {
    await closePeriod(deps, request);
    return 'closed';
  } catch (error) {
    if (error instanceof ClosingError) return error.code;
    throw error;
  }
}

const change = (sql: string) =>
  house.deps.warehouse.command(`ALTER TABLE tollgate.raw_usage ${sql} SETTINGS mutations_sync = 2`);

describe('nothing is frozen', () => {
  it('before the projector has applied the cut', async () => {
    expect(await codeOfClosing(() => Promise.resolve())).toBe('projector_behind');
    expect(await codeOfClosing(() => house.project())).toBe('closed');
  });

  it('from a warehouse in which one event is counted twice (I2)', async () => {
    const code = await codeOfClosing(async (customerId) => {
      await house.project();
      await change(`UPDATE id = 'same' WHERE customer_id = '${customerId}'`);
    });
    expect(code).toBe('event_counted_twice');
  });

  it('from a warehouse in which an offset has two rows (I5)', async () => {
    const code = await codeOfClosing(async (customerId) => {
      await house.project();
      await house.deps.warehouse.command(
        `INSERT INTO tollgate.raw_usage
         SELECT * FROM tollgate.raw_usage WHERE customer_id = '${customerId}' LIMIT 1`,
      );
    });
    expect(code).toBe('log_not_continuous');
  });
});
