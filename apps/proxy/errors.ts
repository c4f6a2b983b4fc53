/**
 * The proxy's error catalogue: every refusal and failure that it answers itself. The dialect of the
 * endpoint gives it its form. Public text only; what is internal goes to the log as `cause`.
 */
import { ACCEPTED_PACKINGS } from '@tollgate/adapters/http/content-coding.ts';
import type { RefusedLimit } from '@tollgate/domain/usage/refused-limit.ts';
import type { Remedy } from './call/remedy.ts';

export type ErrorEntry = {
  status: number;
  /** Whether the same request may succeed later; SDKs obey `x-should-retry`. */
  retryable: boolean;
  message: string;
};

const entry = (status: number, retryable: boolean, message: string): ErrorEntry => ({
  status,
  retryable,
  message,
});

export const errorCatalogue = {
  missing_api_key: entry(401, false, 'No API key. Send it as `Authorization: Bearer tg_…`.'),
  malformed_api_key: entry(
    401,
    false,
    'This is not a key of this gateway. Its keys begin with `tg_`; check that yours was copied whole.',
  ),
  invalid_api_key: entry(401, false, 'This key is unknown. Ask your operator for a new one.'),
  revoked_api_key: entry(401, false, 'This key was revoked or replaced. Ask for a new one.'),
  expired_api_key: entry(401, false, 'This key has expired. Ask for a new one.'),
  archived_api_key: entry(401, false, 'This key was archived. Ask for a new one.'),
  suspended_api_key: entry(
    403,
    false,
    'This key is suspended. It works again once your operator has resumed it.',
  ),
  customer_archived: entry(403, false, 'The account of this key is closed.'),
  team_archived: entry(403, false, 'The team of this key is closed.'),
  malformed_request: entry(400, false, 'The request is not valid HTTP.'),
  request_timeout: entry(408, true, 'The request took too long to arrive. Send it again.'),
  repeated_header: entry(400, false, 'The request states a header twice that it may state once.'),
  host_not_allowed: entry(
    421,
    false,
    'This gateway does not answer to that name. The operator may list it in `allowed_hosts`.',
  ),
  metrics_token_required: entry(401, false, 'The metrics have a token of their own.'),
  metrics_unavailable: entry(503, true, 'The metrics of all processes cannot be had right now.'),
  unknown_endpoint: entry(
    404,
    false,
    'This gateway does not serve this path. See its documentation for the paths it meters.',
  ),
  method_not_allowed: entry(405, false, 'This path does not take this method.'),
  model_not_found: entry(404, false, 'No provider here serves this model.'),
  model_not_allowed: entry(
    403,
    false,
    'This key may not use this model. GET /v1/models lists those that it may use.',
  ),
  stored_object_not_found: entry(
    404,
    false,
    'There is no such object: it was never stored, was deleted, or is too old.',
  ),
  stored_object_running: entry(
    409,
    false,
    'It is still being generated: cancel it first, or wait for its end.',
  ),
  previous_response_not_found: entry(
    400,
    false,
    'The previous response is not known: it was not stored, was deleted, or is too old.',
  ),
  stored_objects_unavailable: entry(
    503,
    true,
    'It cannot be known right now whose the stored object is that the request names. Try again shortly.',
  ),
  dialect_not_served: entry(
    404,
    false,
    'The provider of this model does not serve it through this API.',
  ),
  not_translatable: entry(
    400,
    false,
    'This model is served through another API here, which has no words for a part of this request.',
  ),
  answer_not_translatable: entry(
    502,
    false,
    'The answer of the provider has a part that this API has no words for. It was paid for.',
  ),
  model_unpriced: entry(
    400,
    false,
    'This model has no known price, so it cannot be metered. The operator may add one.',
  ),
  no_able_model: entry(400, false, 'No model of this route can serve this request.'),
  invalid_json: entry(400, false, 'The request body is not valid JSON.'),
  invalid_request: entry(400, false, 'The request body is not valid.'),
  invalid_form: entry(400, false, 'The form is not one that every reader would read alike.'),
  ambiguous_form: entry(
    400,
    false,
    'The form has this field twice, or in a spelling that some readers take for it.',
  ),
  ambiguous_json: entry(400, false, 'The request body names the same field twice.'),
  json_too_deep: entry(400, false, 'The request body is nested too deeply.'),
  json_too_large: entry(400, false, 'The request body has more values than a request may have.'),
  request_too_large: entry(413, false, 'The request body is too large.'),
  headers_too_large: entry(431, false, 'The request headers are too large.'),
  unsupported_media_type: entry(415, false, 'Send the body as application/json.'),
  unsupported_encoding: entry(
    415,
    false,
    'The request body has a content-encoding that is not taken here: send it plain, or in one of gzip, deflate, br and zstd.',
  ),
  invalid_encoding: entry(
    400,
    false,
    'The request body is not packed as its content-encoding says, or breaks off.',
  ),
  unbounded_request: entry(
    400,
    false,
    'The cost of this request has no upper bound (remote media, server-side tools or a more expensive service tier), and this key has a hard budget.',
  ),
  idempotency_key_invalid: entry(
    400,
    false,
    'The `Idempotency-Key` is not usable: send 1 to 255 printable ASCII characters, such as a UUID.',
  ),
  idempotency_mismatch: entry(
    409,
    false,
    'This `Idempotency-Key` was used with another request. Use a new key for a new request.',
  ),
  idempotency_in_flight: entry(
    409,
    true,
    'A call with this `Idempotency-Key` is running. Ask again for its answer.',
  ),
  idempotency_answer_lost: entry(
    409,
    false,
    'A call with this `Idempotency-Key` was sent, and its answer cannot be given again. Under a new key it is a new call, and is paid for again.',
  ),
  idempotency_keys_exhausted: entry(
    429,
    false,
    'This key has used as many `Idempotency-Key`s as are remembered. Calls without one are served.',
  ),
  idempotency_unavailable: entry(
    503,
    true,
    'It cannot be known right now whether this `Idempotency-Key` was used. Try again shortly.',
  ),
  metadata_required: entry(400, false, 'Calls of this key must say more of themselves.'),
  request_over_cap: entry(413, false, 'The request is larger than those of this key may be.'),
  output_over_cap: entry(
    400,
    false,
    'The output limit is above what a call of this key may ask for.',
  ),
  request_blocked: entry(403, false, 'The request was blocked by a guardrail. It was not sent.'),
  answer_blocked: entry(
    403,
    false,
    'The answer was blocked by a guardrail. It was paid for: the same request may be blocked again.',
  ),
  answer_unjudged: entry(
    502,
    false,
    'The answer could not be checked by a guardrail, so it is not given. It was paid for.',
  ),
  guardrail_unavailable: entry(
    503,
    true,
    'A guardrail of this key cannot check the request right now. Try again shortly.',
  ),
  output_limit_required: entry(
    400,
    false,
    'This model has no known output limit and this key has a hard budget: set an output limit.',
  ),
  end_user_required: entry(
    400,
    false,
    'This key needs the end user of each call: name it in `user`, `safety_identifier` or the header `x-tollgate-end-user`.',
  ),
  budget_exceeded: entry(402, false, 'The budget of this key cannot pay for this call.'),
  budget_unavailable: entry(
    503,
    true,
    'The budget of this key cannot be checked right now. Try again shortly.',
  ),
  rate_limit_exceeded: entry(429, true, 'A rate limit of this key is used up.'),
  rate_limit_unavailable: entry(
    503,
    true,
    'A rate limit of this key cannot be checked right now. Try again shortly.',
  ),
  ledger_unavailable: entry(503, true, 'The gateway has lost its ledger. Try again shortly.'),
  journal_full: entry(503, true, 'The gateway cannot record more calls right now. Try again.'),
  too_many_calls: entry(429, true, 'Too many calls are in flight. Try again when one has ended.'),
  overloaded: entry(503, true, 'The gateway is at its limit. Try again shortly.'),
  draining: entry(503, true, 'The gateway is shutting down. Try again.'),
  upstream_unreachable: entry(502, true, 'The model provider cannot be reached.'),
  upstream_failed: entry(502, false, 'The model provider broke off before it had answered.'),
  upstream_closed: entry(
    502,
    true,
    'The model provider closed a kept connection as this call came. It is not known whether it read the call; a retry is a new one.',
  ),
  upstream_redirected: entry(
    502,
    false,
    'The model provider is at another address than this gateway knows. Tell your operator.',
  ),
  content_refused: entry(
    400,
    false,
    'The content policy of the model provider refuses this request.',
  ),
  provider_auth_failed: entry(
    502,
    false,
    'The model provider does not accept this gateway’s account. Tell your operator.',
  ),
  upstream_timeout: entry(504, false, 'The model provider did not answer in time.'),
  internal_error: entry(500, true, 'The gateway failed. The operator can find the call by its id.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof errorCatalogue;

/** A refusal as a value: which entry, and what the caller can use. */
export type Refusal = {
  code: ErrorCode;
  /** Replaces the catalogue's text where it can say more. */
  message?: string;
  /** The field of the request that is at fault. */
  param?: string;
  /**
   * Which limit was hit (docs/design.md, Refusals): scope, unit, window, limit, spent, resets_at.
   */
  limit?: Record<string, string | null>;
  /** The same for the refusal's event, whose readers may know whose limit it is. */
  refusedBy?: RefusedLimit;
  remedy?: Remedy;
  /** When the same request may succeed, ms from now; null: never. Default: as its entry says. */
  retryMs?: number | null;
  /** More that the answer's head says. */
  headers?: Readonly<Record<string, string>>;
  /** The methods that the path takes, as in the header `Allow` (RFC 9110 §10.2.1). */
  allow?: string;
};

/** A client's timer may be early by so much, ms: its next try would come before the window. */
const TIMER_ERROR_MS = 10;
/** SDKs wait for less than a minute, ms; what says more, they do not obey at all. */
const OBEYED_MS_MAX = 59_999;

/** Headers that tell SDKs whether to try again. */
export function errorHeaders(refusal: Refusal): Record<string, string> {
  const { retryable, status } = errorCatalogue[refusal.code];
  const { retryMs } = refusal;
  const retries = retryMs === undefined ? retryable : retryMs !== null;
  const headers: Record<string, string> = {
    ...refusal.headers,
    'content-type': 'application/json',
    'x-should-retry': String(retries),
  };
  if (refusal.allow !== undefined) headers['allow'] = refusal.allow;
  if (refusal.code === 'unsupported_encoding') headers['accept-encoding'] = ACCEPTED_PACKINGS;
  if (retries && (status === 503 || status === 429 || status === 409)) {
    headers['retry-after'] = String(Math.max(1, Math.ceil((retryMs ?? 0) / 1_000)));
    if (typeof retryMs === 'number') {
      const waitMs = Math.ceil(retryMs) + TIMER_ERROR_MS;
      const isAMinute = retryMs <= OBEYED_MS_MAX + 1;
      headers['retry-after-ms'] = String(isAMinute ? Math.min(waitMs, OBEYED_MS_MAX) : waitMs);
    }
  }
  return headers;
}
