/**
 * The exporter on its real adapter against the fake Stripe: whatever dies, is lost or is refused at
 * whatever point, Stripe has the invoice once, with the right lines, total and state, and the ledger
 * says so.
 */

import { describe, expect, it } from 'vitest';
import { FAULTS } from './export-faults.ts';
import { HOUR_MS, type Scenario, StripeHouse } from './export-house.ts';
import {
  CHARGED,
  CREDITED,
  type Example,
  LARGE,
  LATE,
  NEGATIVE,
  SMALL,
  USD,
} from './export-scenarios.ts';
import { type Outcome, outcomeOf } from './stripe-outcome.ts';

interface Wrong {
  readonly at: unknown;
  readonly outcome: Outcome;
}

let runs = 0;

/** One run; what it left is compared, and only what is wrong is told. */
async function trial(
  example: Example,
  at: unknown,
  go: (house: StripeHouse) => Promise<unknown>,
): Promise<Wrong[]> {
  const house = await StripeHouse.open(example);
  runs += 1;
  try {
    await go(house);
    const outcome = outcomeOf(house);
    return JSON.stringify(outcome) === JSON.stringify(example.outcome) ? [] : [{ at, outcome }];
  } finally {
    await house.close();
  }
}

/** A run without a fault: how many requests it makes, and how many points it can die at. */
async function measure(scenario: Scenario): Promise<{ requests: number; points: number }> {
  const house = await StripeHouse.open(scenario);
  await house.run('run_a');
  const { points, stripe, requestsBefore } = house;
  await house.close();
  return { requests: stripe.requests.length - requestsBefore, points };
}

const ALL = process.env['TOLLGATE_STRIPE_MATRIX'] === 'all';

/** Soon, and after a day, when no key is known any more; of most scenarios by turns. */
function pausesAt(example: Example, point: number): readonly number[] {
  const pauses = [0, 25 * HOUR_MS];
  if (ALL || [USD, CHARGED, NEGATIVE].includes(example)) return pauses;
  return [pauses[point % 2] ?? 0];
}

describe('exactly one invoice at Stripe', () => {
  it.each([...SMALL, ...CREDITED])(
    'of $name, whose exporter dies at any point',
    async (example) => {
      const { points } = await measure(example);
      const wrong = [];
      for (let point = 1; point <= points; point += 1) {
        for (const pauseMs of pausesAt(example, point)) {
          const at = { point, pauseMs };
          const found = await trial(example, at, async (house) => {
            await house.runAndDie('run_a', point);
            house.house.nowMs += pauseMs;
            await house.run('run_b');
          });
          wrong.push(...found);
        }
      }
      expect(wrong).toEqual([]);
      expect(points).toBeGreaterThan(0);
    },
  );

  it.each([...LARGE])(
    'of $name, whose exporter dies at one point after another',
    async (example) => {
      const { points } = await measure(example);
      const step = example.amounts.length > 1_000 ? 7 : 3;
      const wrong = [];
      for (let point = 1; point <= points; point += step) {
        const found = await trial(example, point, async (house) => {
          await house.runAndDie('run_a', point);
          house.house.nowMs += point % 2 === 0 ? 25 * HOUR_MS : 0;
          await house.run('run_b');
        });
        wrong.push(...found);
      }
      expect(wrong).toEqual([]);
    },
  );

  const struck = [...(ALL ? SMALL : [USD, CHARGED, LATE, NEGATIVE]), ...CREDITED].flatMap(
    (example) =>
      FAULTS.map(([name, fault]) => ({ name: `${example.name}, with ${name}`, example, fault })),
  );
  it.each(struck)('of $name at any request', async ({ example, fault }) => {
    const { requests } = await measure(example);
    const wrong = [];
    for (let request = 1; request <= requests; request += 1) {
      const found = await trial(example, request, (house) => {
        house.stripe.faults.add({ request, fault });
        return house.run('run_a');
      });
      wrong.push(...found);
    }
    expect(wrong).toEqual([]);
  });

  it('when the exporter dies and its successor meets a fault', async () => {
    const { points } = await measure(USD);
    const wrong = [];
    for (let point = 1; point <= points; point += 1) {
      const fault = FAULTS[point % FAULTS.length]?.[1] ?? expect.unreachable();
      const found = await trial(USD, { point, fault }, async (house) => {
        await house.runAndDie('run_a', point);
        house.stripe.faults.add({ fault, times: 2 });
        await house.run('run_b');
      });
      wrong.push(...found);
    }
    expect(wrong).toEqual([]);
  });

  it.each([USD, LATE])('of $name, after an outage of an hour at any request', async (example) => {
    const { requests } = await measure(example);
    const wrong = [];
    for (let request = 1; request <= requests; request += 1) {
      const found = await trial(example, request, async ({ stripe, house }) => {
        const startMs = house.nowMs;
        const untilMs = startMs + HOUR_MS;
        stripe.faults.add({
          fromRequest: request,
          untilMs,
          fault: { kind: 'refused', status: 503 },
        });
        await house.exportAll(house.exporter('run_a'));
        expect(house.nowMs).toBeGreaterThanOrEqual(untilMs);
      });
      wrong.push(...found);
    }
    expect(wrong).toEqual([]);
  });

  const shared = [...(ALL ? SMALL : [USD, LATE]), ...CREDITED];
  it.each(shared)('of $name, by two exporters and one of them slow', async (example) => {
    const wrong = [];
    for (let request = 0; request <= 12; request += 1) {
      const found = await trial(example, request, (house) => {
        if (request > 0) house.stripe.faults.add({ request, fault: { kind: 'slow', ms: 1_000 } });
        return Promise.all([house.run('run_a'), house.run('run_b')]);
      });
      wrong.push(...found);
    }
    expect(wrong).toEqual([]);
  });

  it('is what more than 500 runs ended in', () => {
    console.info(`${runs} runs of the exporter: one invoice each`);
    expect(runs).toBeGreaterThan(500);
  });
});
