/** How refusals and failures of closing are answered over HTTP. */
import { formatInstant } from '@tollgate/domain/period/calendar.ts';
import type { PeriodRefusal } from '@tollgate/domain/period/decide.ts';
import { ApiProblem, type ErrorCode } from '../http/errors.ts';
import { ClosingError } from './closing-error.ts';

/** Every code that the functions of this file may return. */
export const closingProblemCodes = [
  'customer_not_found',
  'period_not_found',
  'period_still_open',
  'period_not_contiguous',
  'period_end_out_of_range',
  'period_not_due',
  'previous_period_not_frozen',
  'cut_below_previous',
  'exchange_rate_missing',
  'concurrent_change',
  'projector_behind',
  'snapshot_too_large',
  'amount_too_large',
  'books_do_not_agree',
] as const satisfies readonly ErrorCode[];

export function problemOfRefusal(refusal: PeriodRefusal): ApiProblem {
  switch (refusal.code) {
    case 'period_unknown':
      return new ApiProblem('period_not_found');
    case 'period_still_open':
      return new ApiProblem(refusal.code, { extra: { period_id: refusal.periodId } });
    case 'period_not_contiguous':
      return new ApiProblem(refusal.code, {
        extra: { expected_start: formatInstant(refusal.expectedStartMs) },
      });
    case 'period_end_out_of_range': {
      const { startMs, endMs } = refusal;
      const range = { start: formatInstant(startMs), end: formatInstant(endMs) };
      return new ApiProblem(refusal.code, { extra: range });
    }
    case 'period_not_due':
      return new ApiProblem(refusal.code, { extra: { due_at: formatInstant(refusal.dueAtMs) } });
    case 'previous_period_not_frozen':
    case 'cut_below_previous':
      return new ApiProblem(refusal.code, { extra: { number: refusal.number } });
    case 'exchange_rate_missing': {
      const { currency, endMs } = refusal;
      const end = formatInstant(endMs);
      return new ApiProblem(refusal.code, {
        detail: `No exchange rate from USD to ${currency} holds at ${end}.`,
        extra: { currency, end },
      });
    }
    case 'period_not_open':
    case 'period_not_closing':
      return new ApiProblem('concurrent_change');
    default:
      return refusal satisfies never;
  }
}

/** Other errors are passed on unchanged. */
export function problemOfError(error: unknown): unknown {
  if (!(error instanceof ClosingError)) return error;
  switch (error.code) {
    case 'projector_behind':
    case 'snapshot_too_large':
    case 'amount_too_large':
      return new ApiProblem(error.code, { cause: error });
    case 'customer_unknown':
      return new ApiProblem('customer_not_found', { cause: error });
    case 'log_not_continuous':
    case 'event_counted_twice':
    case 'leaf_count_differs':
    case 'invoice_differs':
      return new ApiProblem('books_do_not_agree', { cause: error });
    default:
      return error.code satisfies never;
  }
}
