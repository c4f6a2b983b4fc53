/**
 * The columns of the usage event, in the order of domain/usage/usage-event.ts: the record's JSON is
 * the row (docs/design.md, The usage event), so names and types here must follow its schema.
 */
import { type Quantity, quantities, quantityNames } from '@tollgate/domain/usage/quantities.ts';

const text = 'String';
const optionalText = 'Nullable(String)';
const word = 'LowCardinality(String)';
const quantity = 'Nullable(Int64)';

export const eventColumns: readonly { name: string; type: string }[] = [
  { name: 'id', type: text },
  { name: 'type', type: word },
  { name: 'schema_version', type: 'UInt16' },
  { name: 'call_id', type: optionalText },
  { name: 'attempt', type: 'UInt8' },
  { name: 'source', type: text },
  { name: 'resolves_id', type: optionalText },
  { name: 'provider_request_id', type: optionalText },
  { name: 'customer_id', type: text },
  { name: 'team_id', type: optionalText },
  { name: 'key_id', type: optionalText },
  { name: 'environment', type: optionalText },
  { name: 'end_user', type: optionalText },
  { name: 'tags', type: 'Map(String, String)' },
  { name: 'provider', type: optionalText },
  { name: 'deployment', type: optionalText },
  { name: 'model_requested', type: optionalText },
  { name: 'model_served', type: optionalText },
  { name: 'endpoint', type: optionalText },
  { name: 'stream', type: 'Bool' },
  { name: 'output_limit', type: 'Nullable(Int64)' },
  { name: 'output_clamped', type: 'Nullable(Bool)' },
  { name: 'redactions', type: 'Nullable(Int64)' },
  { name: 'refusal', type: 'Map(String, String)' },
  { name: 'saved_cost', type: 'Nullable(Decimal(38, 12))' },
  { name: 'saved_tokens', type: quantity },
  { name: 'cache_similarity', type: 'Nullable(Float64)' },
  ...quantityNames.map((name) => ({ name, type: quantity })),
  { name: 'usage_source', type: word },
  { name: 'cost', type: 'Nullable(Decimal(38, 12))' },
  { name: 'price_version', type: optionalText },
  { name: 'price_source', type: word },
  { name: 'status', type: word },
  { name: 'http_status', type: 'Nullable(UInt16)' },
  { name: 'error_type', type: optionalText },
  { name: 'cache', type: word },
  { name: 'latency_ms', type: 'Nullable(Float64)' },
  { name: 'ttft_ms', type: 'Nullable(Float64)' },
  { name: 'overhead_us', type: 'Nullable(Int64)' },
  { name: 'hold_lease_ids', type: 'Array(String)' },
  { name: 'hold_amounts', type: 'Array(Decimal(38, 12))' },
  { name: 'hold_units', type: 'Array(String)' },
  { name: 'budget_windows', type: 'Array(String)' },
  { name: 'external_type', type: optionalText },
  { name: 'external_subject', type: optionalText },
  { name: 'external_data', type: optionalText },
  { name: 'time', type: "DateTime64(3, 'UTC')" },
  { name: 'recorded_at', type: "DateTime64(3, 'UTC')" },
];

/** For CREATE TABLE. */
export const eventColumnsSql = eventColumns
  .map(({ name, type }) => `\`${name}\` ${type}`)
  .join(', ');
/** For SELECT and INSERT. */
export const eventColumnNamesSql = eventColumns.map(({ name }) => `\`${name}\``).join(', ');

/**
 * As `eventColumnNamesSql`, out of staged rows: a later bucket that a record lacks is 0 where the others are
 * known, as it is in rows that are older than its column (migration 11).
 */
export const stagedColumnsSql = eventColumns
  .map(({ name }) =>
    isLater(name) ? `ifNull(\`${name}\`, if(isNull(input_tokens), NULL, 0))` : `\`${name}\``,
  )
  .join(', ');

function isLater(name: string): boolean {
  return quantities.some((one: Quantity) => one.name === name && one.addedLater === true);
}

/** What a raw or staged row has before its event's columns, for CREATE TABLE. */
export const positionColumnsSql = [
  'log UInt32',
  'partition UInt32',
  '`offset` UInt64',
  "disposition Enum8('counted' = 1, 'duplicate' = 2, 'dead' = 3)",
  'dead_reason Nullable(String)',
  'insert_epoch UInt64',
  'id_key UInt128',
].join(', ');
