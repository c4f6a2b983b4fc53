/**
 * A quick look at a usage event before the schema is asked: true only if the schema is sure to take
 * it. It knows the ordinary attempt; whatever it does not recognise at once goes the long way, so
 * that the schema alone says what an event is. Half of the projector's time per event is saved here.
 */
import { usageEvent } from './usage-event.ts';

type Check = (value: unknown) => boolean;

const DECIMAL = /^-?(?:0|[1-9]\d{0,25})\.\d{12}$/;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/;
const TEXT_MAX = 256;
const ARRAY_MAX = 64;

const isText: Check = (value) => typeof value === 'string' && value.length <= TEXT_MAX;
const isName: Check = (value) => isText(value) && value !== '';
const isOptionalText: Check = (value) => value === null || isText(value);
const isCount: Check = (value) => value === null || Number.isSafeInteger(value);
const isDuration: Check = (value) =>
  value === null || (typeof value === 'number' && value >= 0 && value < Number.MAX_SAFE_INTEGER);
const isNull: Check = (value) => value === null;
const isUuid: Check = (value) => typeof value === 'string' && UUID.test(value);
const isTime: Check = (value) =>
  typeof value === 'string' && value.length === 24 && TIMESTAMP.test(value);
const isDecimal: Check = (value) => typeof value === 'string' && DECIMAL.test(value);
const oneOf =
  (...values: unknown[]): Check =>
  (value) =>
    values.includes(value);
const listOf =
  (check: Check): Check =>
  (value) =>
    Array.isArray(value) && value.length <= ARRAY_MAX && value.every(check);

const isTags: Check = (value) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  for (const name in value) {
    if (!isText(name) || !isText((value as Record<string, unknown>)[name])) return false;
  }
  return true;
};

const checks: Record<string, Check> = {
  id: isUuid,
  type: oneOf('attempt'),
  schema_version: oneOf(1),
  call_id: isUuid,
  attempt: (value) => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 256,
  source: isName,
  resolves_id: isNull,
  provider_request_id: isOptionalText,
  customer_id: isName,
  team_id: isOptionalText,
  key_id: isOptionalText,
  environment: isOptionalText,
  end_user: isOptionalText,
  tags: isTags,
  provider: isOptionalText,
  deployment: isOptionalText,
  model_requested: isOptionalText,
  model_served: isOptionalText,
  endpoint: isOptionalText,
  stream: (value) => typeof value === 'boolean',
  input_tokens: isCount,
  cache_read_tokens: isCount,
  cache_write_tokens: isCount,
  output_tokens: isCount,
  reasoning_tokens: isCount,
  audio_input_tokens: isCount,
  audio_output_tokens: isCount,
  images: isCount,
  requests: isCount,
  usage_source: oneOf('provider', 'estimated', 'none'),
  cost: (value) => value === null || isDecimal(value),
  price_version: isOptionalText,
  price_source: oneOf('price_book', 'config', 'catalogue', 'none'),
  status: oneOf('ok', 'upstream_error', 'client_closed', 'timeout', 'unknown'),
  http_status: (value) =>
    value === null ||
    (Number.isInteger(value) && (value as number) >= 100 && (value as number) <= 999),
  error_type: isOptionalText,
  cache: oneOf('miss', 'hit', 'semantic', 'bypass'),
  latency_ms: isDuration,
  ttft_ms: isDuration,
  overhead_us: (value) => isCount(value) && (value === null || (value as number) >= 0),
  hold_lease_ids: listOf(isText),
  hold_amounts: listOf(isDecimal),
  hold_units: listOf(isText),
  budget_windows: listOf(isText),
  external_type: isNull,
  external_subject: isNull,
  external_data: isNull,
  time: isTime,
  recorded_at: isTime,
};

const FIELDS = Object.keys(usageEvent.shape).length;

/** True: the schema takes it. False: ask the schema. */
export function isPlainAttempt(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  let fields = 0;
  for (const name in value) {
    const check = checks[name];
    if (check === undefined || !check((value as Record<string, unknown>)[name])) return false;
    fields++;
  }
  return fields === FIELDS;
}
