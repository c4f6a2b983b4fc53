import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { PaymentReported } from './payment-events.ts';
import { overdueMs, type PaymentState, saysMore, withReport } from './payment-state.ts';

type Report = PaymentReported['data'];

/** What the system says of one invoice over its life: each report follows from the one before. */
const lives: fc.Arbitrary<Report[]> = fc
  .record({
    failures: fc.integer({ min: 0, max: 3 }),
    end: fc.constantFrom('paid', 'void', 'open'),
  })
  .map(({ failures, end }) => {
    const report = (n: number, more: Partial<Report>): Report => ({
      ...{ invoice_id: 'inv_1', external_id: 'in_1', source: 'webhook', source_id: `evt_${n}` },
      ...{ status: 'open', amount_due_minor: 145, amount_paid_minor: 0, credited_minor: 0 },
      ...{ attempts: 0, due_at: '2026-12-01T00:00:00.000Z' },
      at: new Date(n * 1_000).toISOString(),
      ...more,
    });
    const tries = Array.from({ length: failures }, (_, n) => report(n + 1, { attempts: n + 1 }));
    const last = report(9, {
      ...{ status: end as Report['status'], attempts: failures + (end === 'paid' ? 1 : 0) },
      amount_paid_minor: end === 'paid' ? 145 : 0,
    });
    return [report(0, {}), ...tries, last];
  });

function merged(reports: readonly Report[]): PaymentState | null {
  return reports.reduce<PaymentState | null>((state, data) => withReport(state, data), null);
}

it('reports that come twice and in any order leave the state that the last one tells of', () => {
  const disordered = lives.chain((life) =>
    fc.tuple(
      fc.constant(life),
      fc.shuffledSubarray([...life, ...life], { minLength: life.length * 2 }),
    ),
  );
  fc.assert(
    fc.property(disordered, ([life, arrived]) => {
      const state = merged(arrived);
      expect(state).toEqual(merged(life));
      expect(state?.status).toBe(life.at(-1)?.status);
      expect(state?.attempts).toBe(life.at(-1)?.attempts);
    }),
  );
});

it('a report that says nothing new is not recorded', () => {
  fc.assert(
    fc.property(lives, (life) => {
      const state = merged(life);
      expect(
        life.some((data) => saysMore(state, { ...data, at: '2030-01-01T00:00:00.000Z' })),
      ).toBe(false);
    }),
  );
});

it('an invoice is overdue from its due date on, until it is paid or void', () => {
  const state = withReport(null, {
    ...{ invoice_id: 'inv_1', external_id: 'in_1', source: 'read', source_id: '1' },
    ...{ status: 'open', amount_due_minor: 1, amount_paid_minor: 0, credited_minor: 0 },
    ...{ attempts: 0, due_at: '2026-12-01T00:00:00.000Z', at: '2026-11-01T00:00:00.000Z' },
  });
  const dueMs = Date.parse('2026-12-01T00:00:00.000Z');
  expect(overdueMs(state, dueMs - 1)).toBe(0);
  expect(overdueMs(state, dueMs + 5)).toBe(5);
  expect(overdueMs({ ...state, status: 'uncollectible' }, dueMs + 5)).toBe(5);
  expect(overdueMs({ ...state, status: 'paid' }, dueMs + 5)).toBe(0);
  expect(overdueMs({ ...state, dueAtMs: null }, dueMs + 5)).toBe(0);
});
