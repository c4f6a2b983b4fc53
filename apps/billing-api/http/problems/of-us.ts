/** What fails on our side. */
import { type ErrorEntry, entry } from './entry.ts';

export const ofUs = {
  ledger_unavailable: entry(
    503,
    true,
    'The ledger does not answer, so the outcome of this request is not known.',
    'Send it again with the same `Idempotency-Key`.',
  ),
  log_unavailable: entry(503, true, 'The log does not answer.', 'Send the request again.'),
  sql_busy: entry(503, true, 'Too many SQL queries run at once.', 'Try again shortly.'),
  warehouse_unavailable: entry(503, true, 'The warehouse does not answer.', 'Try again shortly.'),
  documents_busy: entry(503, true, 'Too many documents are being made.', 'Try again shortly.'),
  projector_behind: entry(
    503,
    true,
    'The warehouse has not taken in all usage yet, so nothing was frozen.',
    'Send the request again; it goes on where it stopped.',
  ),
  books_do_not_agree: entry(
    500,
    false,
    'Log, warehouse and ledger do not agree, so nothing was frozen.',
    'Give the operator the `request_id`; the log names what differs.',
  ),
  overloaded: entry(503, true, 'Too many requests are in flight.', 'Try again shortly.'),
  draining: entry(503, true, 'The service is shutting down.', 'Try again.'),
  internal_error: entry(
    500,
    true,
    'The service failed.',
    'Send the request again; give the operator the `request_id`.',
  ),
} as const satisfies Record<string, ErrorEntry>;
