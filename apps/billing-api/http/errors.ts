/**
 * The error catalogue of the billing API (RFC 9457): every failure that it answers with. All text
 * here is public. Internal details travel as `cause`, which reaches the log and never a response.
 */

export type ErrorEntry = {
  status: number;
  title: string;
  /** Whether the very same request may succeed later. */
  retryable: boolean;
  /** What the caller can do. */
  action: string;
};

const entry = (status: number, retryable: boolean, title: string, action: string): ErrorEntry => ({
  status,
  title,
  retryable,
  action,
});

const CHECK_ID = 'Check the id.';
const READ_DOCS = 'Compare the request with /docs.';

export const errorCatalogue = {
  // The request itself
  malformed_request: entry(400, false, 'The request is not valid HTTP.', READ_DOCS),
  repeated_header: entry(
    400,
    false,
    'The request states a header twice that it may state once.',
    'Send the header that `detail` names once.',
  ),
  host_not_allowed: entry(
    421,
    false,
    'This server does not answer to that name.',
    'Use its address, or list the name in `allowed_hosts` of tollgate.yaml.',
  ),
  metrics_token_required: entry(
    401,
    false,
    'The metrics have a token of their own.',
    'Send it as `Authorization: Bearer …`; `metrics_token` of tollgate.yaml says where it is.',
  ),
  metrics_unavailable: entry(
    503,
    true,
    'The metrics of all processes cannot be had right now.',
    'Ask again; the log of the process says why.',
  ),
  text_not_unicode: entry(
    400,
    false,
    'A text in the body has half of a surrogate pair.',
    'Send whole characters: two ids must not differ in what no UTF-8 can hold.',
  ),
  unsupported_encoding: entry(
    415,
    false,
    'The body has a content-encoding that is not taken here.',
    'Send it plain, or in one of gzip, deflate, br and zstd.',
  ),
  invalid_encoding: entry(
    400,
    false,
    'The body is not packed as its content-encoding says, or breaks off.',
    'Send it whole, or plain.',
  ),
  invalid_json: entry(400, false, 'The body is not valid JSON.', 'Send JSON in UTF-8.'),
  json_too_deep: entry(400, false, 'The body is nested too deeply.', 'Flatten it.'),
  body_required: entry(400, false, 'The request needs a body.', READ_DOCS),
  invalid_request: entry(
    400,
    false,
    'The request has unknown, missing or invalid fields.',
    'Correct the fields named in `errors`.',
  ),
  cursor_unknown: entry(
    400,
    false,
    '`starting_after` names nothing in this list.',
    'Use the id of the last item of the page before.',
  ),
  idempotency_key_invalid: entry(
    400,
    false,
    'The `Idempotency-Key` is not usable.',
    'Send 1 to 255 printable ASCII characters, such as a UUID.',
  ),
  missing_token: entry(
    401,
    false,
    'No admin token.',
    'Send it as `Authorization: Bearer tgadm_…`. It was printed at the first start.',
  ),
  missing_key: entry(
    401,
    false,
    'No virtual key.',
    'Send it as `Authorization: Bearer tg_…`, as for a call of the proxy.',
  ),
  invalid_key: entry(
    401,
    false,
    'This virtual key is unknown, or opens nothing now.',
    'Check that it is whole; an operator sees its status.',
  ),
  invalid_token: entry(401, false, 'This admin token is not valid.', 'Check that it is whole.'),
  unknown_path: entry(404, false, 'There is nothing at this path.', 'See /docs for all paths.'),
  method_not_allowed: entry(
    405,
    false,
    'This path does not take this method.',
    'See the `Allow` header.',
  ),
  request_timeout: entry(408, true, 'The request took too long to arrive.', 'Send it again.'),
  request_too_large: entry(413, false, 'The body is too large.', 'Split it.'),
  unsupported_media_type: entry(
    415,
    false,
    'The body has a media type that this path does not take.',
    'Send `Content-Type: application/json`.',
  ),
  headers_too_large: entry(431, false, 'The headers are too large.', 'Send fewer or shorter ones.'),
  idempotency_in_flight: entry(
    409,
    true,
    'A request with this `Idempotency-Key` is being processed.',
    'Wait for its answer, or repeat this request later.',
  ),
  idempotency_mismatch: entry(
    422,
    false,
    'This `Idempotency-Key` was used with another request.',
    'Use a new key for a new request.',
  ),

  // Things that do not exist; a thing of another customer is answered in the same way (I10)
  customer_not_found: entry(404, false, 'There is no such customer.', CHECK_ID),
  team_not_found: entry(404, false, 'There is no such team.', CHECK_ID),
  key_not_found: entry(404, false, 'There is no such key.', CHECK_ID),
  budget_not_found: entry(404, false, 'There is no such budget.', CHECK_ID),
  raise_not_found: entry(404, false, 'This budget has no such raise.', CHECK_ID),
  rate_limit_not_found: entry(404, false, 'There is no such rate limit.', CHECK_ID),
  webhook_not_found: entry(404, false, 'There is no such webhook.', CHECK_ID),
  price_book_not_found: entry(404, false, 'There is no such price book.', CHECK_ID),
  call_not_found: entry(
    404,
    false,
    'There is no such call.',
    'Check the id. A call appears a moment after it has ended.',
  ),
  reconciliation_not_found: entry(404, false, 'There is no such reconciliation.', CHECK_ID),
  period_not_found: entry(404, false, 'There is no such period.', CHECK_ID),
  snapshot_not_found: entry(404, false, 'There is no such snapshot.', CHECK_ID),
  invoice_not_found: entry(404, false, 'There is no such invoice.', CHECK_ID),

  // What the present state does not allow
  external_id_taken: entry(
    409,
    false,
    'This `external_id` belongs to another object.',
    'Use another one, or the object that has it.',
  ),
  customer_archived: entry(409, false, 'This customer is archived.', 'Use another customer.'),
  team_archived: entry(409, false, 'This team is archived.', 'Use another team.'),
  key_revoked: entry(409, false, 'This key is revoked.', 'Issue a new one.'),
  key_expired: entry(
    409,
    false,
    'This key has expired.',
    'Issue a new one, or give it a later `expires_at`.',
  ),
  key_archived: entry(409, false, 'This key is archived.', 'Issue a new one.'),
  budget_archived: entry(
    409,
    false,
    'This budget is archived.',
    'Restore it, or define a new one.',
  ),
  budget_not_archived: entry(409, false, 'This budget is not archived.', 'There is nothing to do.'),
  budget_not_prepaid: entry(
    409,
    false,
    'Only a budget whose window is `total` has credit that can be topped up.',
    'Change its limit, or raise it for a time with `/raises`.',
  ),
  top_ups_full: entry(
    409,
    false,
    'Too many top-ups of this budget are still to expire.',
    'Leave `expires_at` out, or wait until one has expired.',
  ),
  raises_full: entry(
    409,
    false,
    'Too many raises of this budget are in force.',
    'End some of them, or change the limit.',
  ),
  raise_over: entry(409, false, 'This raise is over.', 'There is nothing to do.'),
  rate_limit_archived: entry(409, false, 'This rate limit is archived.', 'Define a new one.'),
  webhook_archived: entry(409, false, 'This webhook is archived.', 'Create a new one.'),
  webhooks_too_many: entry(
    409,
    false,
    'There are as many webhooks as there may be.',
    'Archive one that is not needed.',
  ),
  rate_limit_not_smoothable: entry(
    409,
    false,
    'This rate limit is not per minute, so it cannot be spread over seconds.',
    'Leave `smoothing` out.',
  ),
  price_version_taken: entry(
    409,
    false,
    'This price version exists with other content.',
    'Publish under a new version.',
  ),
  concurrent_change: entry(
    409,
    true,
    'The object is being changed by too many requests at once.',
    'Send the request again.',
  ),
  period_still_open: entry(
    409,
    false,
    'The customer has an open period.',
    'Close it first; the next one then opens by itself.',
  ),
  period_not_contiguous: entry(
    409,
    false,
    'A period begins where the one before it ends.',
    'Leave `start` out, or send the end of the last period.',
  ),
  period_not_due: entry(
    409,
    true,
    'The period and its grace time are not over.',
    'Wait until `due_at`, or close it early with `at`.',
  ),
  previous_period_not_frozen: entry(
    409,
    true,
    'An earlier period of the customer is not closed yet.',
    'Close the earlier one first.',
  ),
  cut_below_previous: entry(
    409,
    false,
    'The log shows less than when the period before was closed.',
    'Restore the log; nothing was changed.',
  ),
  period_end_out_of_range: entry(
    422,
    false,
    '`at` is not within the period.',
    'Send an instant after its start and not after its end.',
  ),
  snapshot_too_large: entry(
    422,
    false,
    'The period has more lines than a snapshot can hold.',
    'Close the period in parts, with `at`.',
  ),
  amount_too_large: entry(
    422,
    false,
    'An amount or a sum of the period is larger than an invoice can state.',
    'Close the period in parts, with `at`, and look at the prices and events of that time.',
  ),
  event_not_in_snapshot: entry(
    404,
    false,
    'The snapshot does not contain this event.',
    'Check the id; late usage is in a later snapshot.',
  ),
  event_ambiguous: entry(
    409,
    false,
    'Several collectors sent an event with this id.',
    'Name the `source` as well.',
  ),
  currency_not_supported: entry(422, false, 'This currency is not supported yet.', 'Use `USD`.'),
  no_event_accepted: entry(
    422,
    false,
    'No event of this request is valid; nothing was stored.',
    'Correct the events named in `rejected`.',
  ),
  sql_refused: entry(
    422,
    false,
    'This query is not allowed.',
    'Leave out what `refused` names; docs/sql.md tells what is allowed.',
  ),
  sql_invalid: entry(
    422,
    false,
    'The query is not valid.',
    'Correct it; docs/sql.md has the views, their columns and examples.',
  ),
  sql_limit_exceeded: entry(
    422,
    false,
    'The query takes more time, memory or space than it may.',
    'Narrow its range of time, group it, or select fewer columns.',
  ),
  usage_range_too_long: entry(
    422,
    false,
    'The range of this query is too long.',
    'Ask for a shorter range or longer windows.',
  ),
  bill_range_too_short: entry(
    422,
    false,
    'The bill does not reach far enough beyond the range to be complete for it.',
    'Widen the bill or narrow `start` and `end` by the longest call and the clock skew.',
  ),
  bill_range_not_past: entry(
    422,
    false,
    'No bill can be complete for attempts that have not started yet.',
    'Send an `end` that is not in the future; look at its year.',
  ),
  total_required: entry(
    422,
    false,
    'The rule `total` takes a `total_cost` and no `status`; the rule `not_billed` takes no total.',
    'Send the sum that the provider billed for all attempts of the filter, or use `not_billed`.',
  ),
  total_differs: entry(
    409,
    false,
    'What the provider billed is not what is known of the other attempts.',
    'The difference belongs to some of these: import a bill by attempt at `/v1/reconciliations`.',
  ),
  attempt_outside_bill: entry(
    422,
    false,
    'A line is for an attempt that started too far outside of the range.',
    'Leave out lines further from `start` and `end` than the longest call and the clock skew.',
  ),
  duplicate_attempt: entry(
    422,
    false,
    'The bill names an attempt twice.',
    'Add up the lines of an attempt, or leave one out.',
  ),
  already_resolved: entry(
    409,
    false,
    'An attempt of this bill was already resolved with other figures.',
    'A resolution is final. Correct the bill, or settle the difference with the provider.',
  ),

  // Us
  ledger_unavailable: entry(
    503,
    true,
    'The ledger does not answer, so the outcome of this request is not known.',
    'Send it again with the same `Idempotency-Key`.',
  ),
  log_unavailable: entry(503, true, 'The log does not answer.', 'Send the request again.'),
  sql_busy: entry(503, true, 'Too many SQL queries run at once.', 'Try again shortly.'),
  warehouse_unavailable: entry(503, true, 'The warehouse does not answer.', 'Try again shortly.'),
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

export type ErrorCode = keyof typeof errorCatalogue;

export type FieldError = { path: string; message: string };

export type ProblemDetails = {
  /** What is special about this occurrence. Public. */
  detail?: string;
  errors?: readonly FieldError[];
  /** Further members of the problem body. Public. */
  extra?: Record<string, unknown>;
  /** For the log alone. */
  cause?: unknown;
};

/** A refusal on its way to the client. Thrown by handlers, answered by `app.ts`. */
export class ApiProblem extends Error {
  readonly code: ErrorCode;
  readonly details: ProblemDetails;

  constructor(code: ErrorCode, details: ProblemDetails = {}) {
    super(details.detail ?? errorCatalogue[code].title, { cause: details.cause });
    this.name = 'ApiProblem';
    this.code = code;
    this.details = details;
  }
}

/** Body of a problem (RFC 9457); `type` leads to the entry of the catalogue at /docs. */
export function problemBody(problem: ApiProblem, requestId: string): Record<string, unknown> {
  const { status, title, retryable, action } = errorCatalogue[problem.code];
  const { detail, errors, extra } = problem.details;
  return {
    type: `/docs#error-${problem.code}`,
    title,
    status,
    code: problem.code,
    ...(detail === undefined ? {} : { detail }),
    retryable,
    action,
    ...(errors === undefined ? {} : { errors }),
    ...extra,
    request_id: requestId,
  };
}
