/** What is in a snapshot at the exact bounds: milliseconds, offsets, lines, pages. */
import { billingEvents } from '@tollgate/adapters/ledger/categories.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeDue } from './close-run.ts';
import { closingLimits } from './closing-limits.ts';
import { takeCut } from './cut.ts';
import { usageSetOf } from './freeze.ts';
import { rootOfLeaves } from './leaves.ts';
import {
  attempt,
  type ClosingHouse,
  openClosingHouse,
  unknownOutcome,
} from './testing/closing-house.ts';
import { dyingAt } from './testing/dying-ledger.ts';
import {
  AFTER_FEBRUARY,
  AFTER_JANUARY,
  billingOf,
  bodyOf,
  closeAt,
  customerInJanuary,
  HOUR_MS,
  JANUARY,
} from './testing/january.ts';
import { assertLinesFit, usageSums } from './usage-sums.ts';

const LAST_OF_JANUARY = '2026-01-31T23:59:59.999Z';
const FIRST_OF_FEBRUARY = '2026-02-01T00:00:00.000Z';
const LAST_OF_FEBRUARY = '2026-02-28T23:59:59.999Z';
const FIRST_OF_MARCH = '2026-03-01T00:00:00.000Z';

let house: ClosingHouse;
beforeAll(async () => {
  house = await openClosingHouse();
});
afterAll(() => house.close());

/** All rows of a customer up to February, without a snapshot before. */
async function setOf(customerId: string) {
  await house.project();
  const { logs } = await takeCut(house.deps);
  const period = { endMs: parseInstant(FIRST_OF_FEBRUARY), logs };
  return { set: usageSetOf(customerId, period, undefined), endsMs: [period.endMs] };
}

describe('the snapshot at the bounds of its period', () => {
  it('has the last millisecond and not the first of the next, on time and late (I4)', async () => {
    const customerId = await customerInJanuary(house);
    const each = [LAST_OF_JANUARY, FIRST_OF_FEBRUARY, LAST_OF_FEBRUARY, FIRST_OF_MARCH];
    const all = () => each.map((time) => attempt(customerId, time));
    await house.append(...all());
    await closeAt(house, AFTER_JANUARY, customerId);
    await house.append(...all());
    await closeAt(house, AFTER_FEBRUARY, customerId);
    const billing = await billingOf(house, customerId);
    const lines = [1, 2].map((number) =>
      bodyOf(billing, number).lines.map((line) => [line.kind, line.period_number, line.events]),
    );
    expect(lines).toEqual([
      [['usage', 1, 1]],
      [
        ['late_usage', 1, 1],
        ['usage', 2, 4],
      ],
    ]);
  });

  it('does not know a resolution beyond its cut, although its attempt is below (I8)', async () => {
    const customerId = await customerInJanuary(house);
    const unknown = attempt(customerId, JANUARY, unknownOutcome);
    await house.append(unknown);
    // The run dies after `PeriodClosing`, so the snapshot is made with the cut from before.
    const ledger = dyingAt(house.deps.ledger, 4);
    await closeAt(house, AFTER_JANUARY, customerId, { ...house.deps, ledger });
    const resolution = { type: 'resolution', resolves_id: unknown.id } as const;
    await house.append(attempt(customerId, JANUARY, { ...resolution, usage_source: 'reconciled' }));
    await closeAt(house, AFTER_JANUARY, customerId);
    const body = bodyOf(await billingOf(house, customerId), 1);
    expect([body.totals.events, body.unresolved]).toEqual([
      1,
      { count: 1, event_ids: [unknown.id], lines: [expect.objectContaining({ events: 1 })] },
    ]);
  });

  it('counts every unresolved attempt and lists the first of them (I8)', async () => {
    const customerId = await customerInJanuary(house);
    const unknown = [1, 2, 3].map(() => attempt(customerId, JANUARY, unknownOutcome));
    await house.append(...unknown);
    const deps = { ...house.deps, closingLimits: { unresolvedIdsMax: 2 } };
    await closeAt(house, AFTER_JANUARY, customerId, deps);
    const { unresolved } = bodyOf(await billingOf(house, customerId), 1);
    const event_ids = unknown.slice(0, 2).map(({ id }) => id);
    expect(unresolved).toMatchObject({ count: 3, event_ids, lines: [{ events: 3 }] });
  });
});

describe('the bounds of a snapshot', () => {
  it('allow exactly as many lines as they say, and one more stops the run', async () => {
    const customerId = await customerInJanuary(house);
    const keys = ['key_1', 'key_2', 'key_3'];
    await house.append(...keys.map((key_id) => attempt(customerId, JANUARY, { key_id })));
    const { set, endsMs } = await setOf(customerId);
    const { warehouse } = house.deps;
    const appendBytesMax = 3 * closingLimits.snapshotLineBytes;
    const fits = { ...closingLimits, snapshotLinesMax: 3, appendBytesMax };
    expect(await usageSums(warehouse, set, endsMs, fits)).toHaveLength(3);
    await assertLinesFit(warehouse, set, endsMs, fits);
    const fewer = { ...fits, snapshotLinesMax: 2 };
    const tooLarge = { code: 'snapshot_too_large', message: 'more than 2 lines' };
    for (const look of [
      usageSums(warehouse, set, endsMs, fewer),
      assertLinesFit(warehouse, set, endsMs, fewer),
      assertLinesFit(warehouse, set, endsMs, { ...fits, appendBytesMax: appendBytesMax - 1 }),
    ]) {
      await expect(look).rejects.toMatchObject(tooLarge);
    }
  });

  it('give the same root whatever the size of a page (I5)', async () => {
    const customerId = await customerInJanuary(house);
    await house.append(...[1, 2, 3, 4].map(() => attempt(customerId, JANUARY)));
    const { set } = await setOf(customerId);
    const whole = await rootOfLeaves(house.deps.warehouse, set, closingLimits.leafPageRows);
    expect(whole.count).toBe(4);
    for (const pageRows of [1, 2, 3, 4, 5]) {
      expect(await rootOfLeaves(house.deps.warehouse, set, pageRows)).toEqual(whole);
    }
  });

  it('end a run after its last step; the next run goes on from there', async () => {
    const customerId = await customerInJanuary(house);
    await house.project();
    house.clock.nowMs = AFTER_JANUARY;
    const statusAfter = async (stepsMax: number) => {
      const deps = { ...house.deps, closingLimits: { stepsMax } };
      await closeDue(deps, { customerIds: [customerId], graceMs: HOUR_MS });
      return (await billingOf(house, customerId)).periods.map(({ status }) => status);
    };
    expect([await statusAfter(0), await statusAfter(1), await statusAfter(2)]).toEqual([
      ['open'],
      ['closing'],
      ['frozen', 'open'],
    ]);
  });
});

it('names period, snapshot and events so that every closer means the same (I4)', async () => {
  const customerId = await customerInJanuary(house);
  await closeAt(house, AFTER_JANUARY, customerId);
  const snapshot = frozenPeriod(await billingOf(house, customerId), 1)?.snapshot;
  const events = await house.deps.ledger.read(billingEvents.of(customerId));
  // An id begins with its time; a snapshot's is the end of its period.
  const begins = makeId('snp', parseInstant(FIRST_OF_FEBRUARY), new Uint8Array(10)).slice(0, 14);
  expect(snapshot?.id.slice(0, 14)).toBe(begins);
  expect(new Set(events.map(({ id }) => id)).size).toBe(4);
});
