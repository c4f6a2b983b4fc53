/** Things that do not exist; a thing of another customer is answered in the same way (I10). */
import { CHECK_ID, type ErrorEntry, entry } from './entry.ts';

export const ofWhatIsAbsent = {
  customer_not_found: entry(404, false, 'There is no such customer.', CHECK_ID),
  team_not_found: entry(404, false, 'There is no such team.', CHECK_ID),
  key_not_found: entry(404, false, 'There is no such key.', CHECK_ID),
  budget_not_found: entry(404, false, 'There is no such budget.', CHECK_ID),
  raise_not_found: entry(404, false, 'This budget has no such raise.', CHECK_ID),
  rate_limit_not_found: entry(404, false, 'There is no such rate limit.', CHECK_ID),
  route_not_found: entry(404, false, 'There is no such route.', CHECK_ID),
  webhook_not_found: entry(404, false, 'There is no such webhook.', CHECK_ID),
  price_book_not_found: entry(404, false, 'There is no such price book.', CHECK_ID),
  call_not_found: entry(
    404,
    false,
    'There is no such call.',
    'Check the id. A call appears a moment after it has ended.',
  ),
  payload_log_off: entry(
    404,
    false,
    'This installation keeps no payloads.',
    'Set `payload_log` in tollgate.yaml.',
  ),
  payload_not_found: entry(
    404,
    false,
    'No payload of such a call is kept.',
    'Check the id, and whether the key has `payload_log`. What is too old is deleted.',
  ),
  reconciliation_not_found: entry(404, false, 'There is no such reconciliation.', CHECK_ID),
  provider_totals_not_found: entry(
    404,
    false,
    'There is no such comparison with a provider’s totals.',
    CHECK_ID,
  ),
  period_not_found: entry(404, false, 'There is no such period.', CHECK_ID),
  snapshot_not_found: entry(404, false, 'There is no such snapshot.', CHECK_ID),
  credit_note_not_found: entry(404, false, 'There is no such credit note.', CHECK_ID),
  credit_line_not_found: entry(
    404,
    false,
    'The invoice has no such line.',
    'Lines are counted from 0, as the invoice has them.',
  ),
  invoice_not_found: entry(404, false, 'There is no such invoice.', CHECK_ID),
  event_not_in_snapshot: entry(
    404,
    false,
    'The snapshot does not contain this event.',
    'Check the id; late usage is in a later snapshot.',
  ),
} as const satisfies Record<string, ErrorEntry>;
