/**
 * The columns of a roll-up row, and what they are computed from: the keys of a bucket, then its sums.
 * The table and the views have the same columns (quantities.int.test.ts).
 */
import { quantityNames } from '@tollgate/domain/usage/quantities.ts';
import { BUCKET_SQL } from './queries/buckets.ts';

const DIMENSIONS = [
  'team_id',
  'key_id',
  'environment',
  'provider',
  'model',
  'endpoint',
  'type',
  'usage_source',
  'status',
  'cache',
];

/** Columns that tell one roll-up row from another. */
export const rollupKeys: readonly string[] = ['customer_id', 'bucket', ...DIMENSIONS];

/** Columns that are sums over the events of a row. */
export const rollupSums: readonly string[] = [
  'events',
  ...quantityNames,
  'cost',
  'unpriced_events',
  'saved_cost',
];

const dimensionOf = (name: string): string =>
  name === 'model'
    ? "ifNull(ifNull(model_served, model_requested), '')"
    : `ifNull(toString(${name}), '')`;

/**
 * The SELECT that makes roll-up rows, keys and then sums, out of counted raw rows; the caller adds
 * WHERE. Aliases differ from the columns that they are computed from.
 */
export const rollupSelect = {
  expressions: [
    'customer_id',
    `${BUCKET_SQL} AS bucket`,
    ...DIMENSIONS.map((name) => `${dimensionOf(name)} AS dim_${name}`),
    'count() AS events',
    ...quantityNames.map((name) => `sum(ifNull(${name}, 0)) AS sum_${name}`),
    'sum(ifNull(cost, toDecimal128(0, 12))) AS sum_cost',
    'countIf(isNull(cost)) AS unpriced_events',
    'sum(ifNull(saved_cost, toDecimal128(0, 12))) AS sum_saved_cost',
  ].join(', '),
  groupBy: ['customer_id', 'bucket', ...DIMENSIONS.map((name) => `dim_${name}`)].join(', '),
};
