/**
 * Once for each window and threshold, whatever several processes see and in which order they append: the
 * stream of a window takes an event id once, and the id follows from what the alarm is about.
 */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { alarmsDue, type BudgetUse } from './alarm.ts';

const BOUNDS = { forecastShareMin: 10, unresolvedShareMax: 5 };
const DAY = 86_400_000;
const LIMIT = 1_000n;

const thresholds = fc.uniqueArray(fc.integer({ min: 1, max: 200 }), { maxLength: 5 });
/** What is spent more in a window, and which of three processes looks then, if any. */
const steps = fc.array(
  fc.record({
    window: fc.integer({ min: 0, max: 2 }),
    more: fc.integer({ min: 0, max: 400 }),
    looks: fc.subarray([0, 1, 2]),
    /** The process starts again, and has forgotten what it raised. */
    restarts: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

describe('alarms of thresholds', () => {
  it('are raised once in each window, exactly those that were reached, for any history', () => {
    fc.assert(
      fc.property(thresholds, steps, (percents, history) => {
        const spent = [0n, 0n, 0n];
        const seen = [0n, 0n, 0n];
        const raised: string[] = [];
        const stored = new Set<string>();
        const known = [new Set<string>(), new Set<string>(), new Set<string>()];
        for (const { window, more, looks, restarts } of history) {
          spent[window] = (spent[window] as bigint) + BigInt(more);
          for (const process of looks) {
            const own = known[process] as Set<string>;
            if (restarts) own.clear();
            for (let at = 0; at <= 2; at++) {
              seen[at] = spent[at] as bigint;
              for (const { subject, data } of alarmsDue(use(at, percents, spent), 0, BOUNDS)) {
                if (data.kind !== 'threshold') continue;
                const id = `${at}|${subject}`;
                if (own.has(id)) continue;
                own.add(id);
                if (!stored.has(id)) raised.push(id);
                stored.add(id);
              }
            }
          }
        }
        const reached = [0, 1, 2].flatMap((at) =>
          percents
            .filter(
              (percent) =>
                (seen[at] as bigint) > 0n && (seen[at] as bigint) * 100n >= LIMIT * BigInt(percent),
            )
            .map((percent) => `${at}|threshold:${percent}`),
        );
        expect(raised.toSorted()).toEqual(reached.toSorted());
      }),
    );
  });

  it('and a forecast is never made for a window that comes to its limit or less at an even rate', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: DAY - 1 }),
        fc.integer({ min: 1, max: 1_000 }),
        (passedMs, whole) => {
          const spent = (BigInt(whole) * BigInt(passedMs)) / BigInt(DAY);
          const even = { ...use(0, [], [spent]), window: { startMs: 0, endMs: DAY } };
          expect(alarmsDue(even, passedMs, BOUNDS)).toEqual([]);
        },
      ),
    );
  });
});

function use(at: number, percents: number[], spent: readonly bigint[]): BudgetUse {
  return {
    budgetId: 'bud_1',
    thresholds: percents,
    window: { startMs: at * DAY, endMs: (at + 1) * DAY },
    ...{ countedFromMs: 0, limit: LIMIT, spent: spent[at] as bigint },
    ...{ overrun: 0n, unresolved: null },
  };
}
