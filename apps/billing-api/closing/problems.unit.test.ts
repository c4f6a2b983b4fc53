import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import type { PeriodRefusal } from '@tollgate/domain/period/decide.ts';
import { expect, it } from 'vitest';
import { ApiProblem } from '../http/errors.ts';
import { ClosingError, type ClosingErrorCode } from './closing-error.ts';
import { closingProblemCodes, problemOfError, problemOfRefusal } from './problems.ts';

const [JAN, FEB] = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'] as const;

const refusals: [PeriodRefusal, string, object?][] = [
  [{ code: 'period_unknown' }, 'period_not_found'],
  [
    { code: 'period_still_open', periodId: 'per_1' },
    'period_still_open',
    { extra: { period_id: 'per_1' } },
  ],
  [
    { code: 'period_not_contiguous', expectedStartMs: parseInstant(FEB) },
    'period_not_contiguous',
    { extra: { expected_start: FEB } },
  ],
  [
    { code: 'period_end_out_of_range', startMs: parseInstant(JAN), endMs: parseInstant(FEB) },
    'period_end_out_of_range',
    { extra: { start: JAN, end: FEB } },
  ],
  [
    { code: 'period_not_due', dueAtMs: parseInstant(FEB) },
    'period_not_due',
    { extra: { due_at: FEB } },
  ],
  [
    { code: 'previous_period_not_frozen', number: 3 },
    'previous_period_not_frozen',
    { extra: { number: 3 } },
  ],
  [{ code: 'cut_below_previous', number: 3 }, 'cut_below_previous', { extra: { number: 3 } }],
  [
    { code: 'exchange_rate_missing', currency: 'EUR', endMs: parseInstant(FEB) },
    'exchange_rate_missing',
    {
      detail: `No exchange rate from USD to EUR holds at ${FEB}.`,
      extra: { currency: 'EUR', end: FEB },
    },
  ],
  [{ code: 'period_not_open', status: 'closing' }, 'concurrent_change'],
  [{ code: 'period_not_closing', status: 'frozen' }, 'concurrent_change'],
];

it.each(refusals)('answers a refusal with its code and what the caller needs: %o', (...row) => {
  const [refusal, code, details = {}] = row;
  const problem = problemOfRefusal(refusal);
  expect([problem.code, problem.details]).toEqual([code, details]);
  expect(closingProblemCodes).toContain(problem.code);
});

const errors: [ClosingErrorCode, string][] = [
  ['projector_behind', 'projector_behind'],
  ['snapshot_too_large', 'snapshot_too_large'],
  ['amount_too_large', 'amount_too_large'],
  ['customer_unknown', 'customer_not_found'],
  ['log_not_continuous', 'books_do_not_agree'],
  ['event_counted_twice', 'books_do_not_agree'],
  ['leaf_count_differs', 'books_do_not_agree'],
  ['invoice_differs', 'books_do_not_agree'],
];

it.each(errors)('answers the error %s as %s, and keeps its text for the log', (code, answered) => {
  const error = new ClosingError(code, 'log 0, partition 1');
  const problem = problemOfError(error);
  expect(problem).toBeInstanceOf(ApiProblem);
  expect(problem).toMatchObject({ code: answered, cause: error });
  expect(String((problem as ApiProblem).message)).not.toContain('partition');
  expect(closingProblemCodes).toContain(answered);
});

it('passes any other error on unchanged', () => {
  const error = new Error('disk full');
  expect(problemOfError(error)).toBe(error);
});
