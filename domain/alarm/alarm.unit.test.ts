import { describe, expect, it } from 'vitest';
import { alarmsDue, type BudgetUse, forecastOf, THRESHOLDS_DEFAULT } from './alarm.ts';

const UNIT = 1_000_000_000_000n;
const HOUR = 3_600_000;
const BOUNDS = { forecastShareMin: 10, unresolvedShareMax: 5 };

function use(fields: Partial<BudgetUse> = {}): BudgetUse {
  return {
    budgetId: 'bud_1',
    thresholds: THRESHOLDS_DEFAULT,
    window: { startMs: 0, endMs: 10 * HOUR },
    countedFromMs: 0,
    limit: 100n * UNIT,
    ...{ spent: 0n, overrun: 0n, unresolved: null },
    ...fields,
  };
}
const subjects = (fields: Partial<BudgetUse>, nowMs = 9 * HOUR) =>
  alarmsDue(use(fields), nowMs, BOUNDS).map(({ subject }) => subject);

describe('a threshold', () => {
  // kenlasko/monize#133: what exactly the limit means must be said; reached is reached, not exceeded.
  it('is reached at exactly its share of the limit, and not below', () => {
    expect(subjects({ spent: 50n * UNIT - 1n })).toEqual([]);
    expect(subjects({ spent: 50n * UNIT })).toEqual(['threshold:50']);
    expect(subjects({ spent: 100n * UNIT })).toEqual(
      [50, 80, 95, 100].map((percent) => `threshold:${percent}`),
    );
  });

  it('is passed in one step with those below it, so that none is left out', () => {
    expect(subjects({ spent: 96n * UNIT, thresholds: [10, 95, 300] })).toEqual([
      ...['threshold:10', 'threshold:95', 'forecast'],
    ]);
    expect(subjects({ spent: 300n * UNIT, thresholds: [10, 95, 300] })).toContain('threshold:300');
  });

  it('of a limit of nothing is reached by the first that is spent', () => {
    expect(subjects({ limit: 0n })).toEqual([]);
    expect(subjects({ limit: 0n, spent: -1n })).toEqual([]);
    expect(subjects({ limit: 0n, spent: 1n, thresholds: [50] })).toEqual(['threshold:50']);
  });

  it('says what it is about', () => {
    const due = alarmsDue(use({ spent: 50n * UNIT, thresholds: [50] }), 9 * HOUR, BOUNDS);
    expect(due).toEqual([
      {
        subject: 'threshold:50',
        data: {
          ...{ kind: 'threshold', threshold: 50, budget_id: 'bud_1' },
          ...{ limit: '100.000000000000', spent: '50.000000000000', amount: null },
          ...{ exceeds_at: null, raised_at: '1970-01-01T09:00:00.000Z' },
          ...{ window_start: '1970-01-01T00:00:00.000Z', window_end: '1970-01-01T10:00:00.000Z' },
        },
      },
    ]);
  });
});

describe('a forecast', () => {
  // BerriAI/litellm#31934: it projected to the end of the calendar month, whatever the budget's window.
  it('goes on as the window did so far, to the end of this window', () => {
    expect(forecastOf(use({ spent: 20n * UNIT }), HOUR, 10)).toEqual({
      projected: 200n * UNIT,
      exceedsAtMs: 5 * HOUR,
    });
    expect(subjects({ spent: 20n * UNIT }, HOUR)).toEqual(['forecast']);
    expect(subjects({ spent: 10n * UNIT }, HOUR)).toEqual([]);
    expect(subjects({ spent: 10n * UNIT + 1n }, HOUR)).toEqual(['forecast']);
  });

  it('is not made in the first part of a window, where one call is everything', () => {
    expect(subjects({ spent: 20n * UNIT }, HOUR - 1)).toEqual([]);
    expect(subjects({ spent: 40n * UNIT }, 60_000)).toEqual([]);
  });

  it('counts from when counting began, if that is later than the window', () => {
    const young = { countedFromMs: 8 * HOUR, spent: 40n * UNIT };
    expect(subjects(young, 8 * HOUR + HOUR / 10)).toEqual([]);
    expect(forecastOf(use(young), 9 * HOUR, 10)).toEqual({
      projected: 80n * UNIT,
      exceedsAtMs: 9 * HOUR + 1.5 * HOUR,
    });
    expect(subjects(young)).toEqual([]);
  });

  it('is not made of what is spent already, of an ended window, or of one without an end', () => {
    expect(subjects({ spent: 100n * UNIT, thresholds: [] })).toEqual([]);
    expect(subjects({ spent: 40n * UNIT, thresholds: [] }, 10 * HOUR)).toEqual([]);
    const window = { startMs: 0, endMs: Number.POSITIVE_INFINITY };
    expect(subjects({ spent: 40n * UNIT, thresholds: [], window }, HOUR)).toEqual([]);
  });
});

describe('overruns and unresolved attempts', () => {
  it('are raised with their amounts, the latter above a share of the limit', () => {
    expect(subjects({ overrun: 1n })).toEqual(['overrun']);
    expect(subjects({ unresolved: 5n * UNIT - 1n })).toEqual([]);
    const [only] = alarmsDue(use({ unresolved: 5n * UNIT }), HOUR, BOUNDS);
    expect(only).toMatchObject({ subject: 'unresolved', data: { amount: '5.000000000000' } });
  });
});
