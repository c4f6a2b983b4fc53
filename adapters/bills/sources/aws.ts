/**
 * AWS: Bedrock in the Cost and Usage Report of either generation. What a line is for is in its usage
 * type: `USE1-Claude4Sonnet-input-tokens`, `…-cache-read-input-token-count-flex`; of models that are
 * sold through the marketplace it is `USE1-MP:USE1_InputTokenCount-Units`, and the product has the name.
 */
import type { QuantityName } from '@tollgate/domain/usage/quantities.ts';
import { awsUsage } from '@tollgate/schemas/bills/clouds.ts';
import {
  amountOf,
  bucketIn,
  countOf,
  defineSource,
  identitiesOf,
  placesOf,
  rowOf,
  TEXT_BUCKETS,
  utcDay,
} from '../source.ts';

const TOKENS =
  /^(?:[A-Z]{2,4}\d?-)?(.+?)-(?:mantle-)?(cache-read-input|cache-write-input|input|output)-token(?:s|-count)(?:-(.+))?$/i;
const MARKETPLACE = /(CacheRead|CacheWrite)?(Input|Output)TokenCount/i;

const KINDS: Readonly<Record<string, QuantityName>> = {
  input: 'input_tokens',
  output: 'output_tokens',
  'cache-read-input': 'cache_read_tokens',
  'cache-write-input': 'cache_write_tokens',
  cachereadinput: 'cache_read_tokens',
  cachewriteinput: 'cache_write_tokens',
};

/** How many tokens one unit of usage is. */
const UNITS: readonly (readonly [RegExp, bigint])[] = [
  [/^(?:1K|K|1,000|thousand)\s*tokens?$/i, 1_000n],
  [/^(?:1M|M|1,000,000|million)\s*(?:input |output )?tokens?$/i, 1_000_000n],
  [/^tokens?$/i, 1n],
];

type UsageType = { model: string; bucket: QuantityName; tier: string | null };

function usageTypeOf(type: string, product: string | null): UsageType | null {
  const [, name, kind, variant] = TOKENS.exec(type) ?? [];
  const bucket = bucketIn(KINDS, kind?.toLowerCase() ?? '');
  if (name !== undefined && bucket !== undefined) {
    return { model: name, bucket, tier: tierIn(variant ?? '') };
  }
  const [, cache = '', direction] = MARKETPLACE.exec(type) ?? [];
  const sold = bucketIn(KINDS, `${cache}${direction ?? ''}`.toLowerCase());
  if (direction === undefined || sold === undefined || product === null) return null;
  const model = product.replace(/\s*\(.*\)$/, '');
  return { model, bucket: sold, tier: tierIn(type) };
}

function tierIn(text: string): string | null {
  return /\b(batch|flex|priority)\b/i.exec(text)?.[1]?.toLowerCase() ?? null;
}

/** `lineItem/UsageType` of the first generation is `line_item_usage_type` of the second. */
function named(column: string): string {
  return column
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll('/', '_')
    .toLowerCase();
}

export const awsSources = [
  defineSource({
    facts: {
      ...{ name: 'aws_cur', provider: 'bedrock', timeZone: 'UTC', attributedBy: 'end' },
      states: TEXT_BUCKETS,
      within: { reasoning_tokens: 'output_tokens' },
    },
    schema: awsUsage,
    marks: ['line_item_usage_type', 'line_item_unblended_cost', 'line_item_product_code'],
    nameOf: named,
    read(record) {
      const product = record.product_product_name;
      const isBedrock = /bedrock/i.test(`${record.line_item_product_code} ${product ?? ''}`);
      if (!isBedrock)
        return { rows: [], skipped: `another service: ${record.line_item_product_code}` };
      const cost = record.line_item_unblended_cost;
      const more = { currency: record.line_item_currency_code, places: placesOf(cost) };
      const row = rowOf({
        day: utcDay(record.line_item_usage_start_date),
        amount: amountOf(cost),
        identities: identitiesOf({
          account: record.line_item_usage_account_id,
          resource: record.line_item_resource_id,
        }),
      });
      const type = record.line_item_usage_type ?? '';
      const lineType = record.line_item_line_item_type ?? 'Usage';
      const isUsage = /^(?:usage|discountedusage)$/i.test(lineType);
      const found = isUsage ? usageTypeOf(type, product) : null;
      if (found === null) return { ...more, rows: [{ ...row, item: isUsage ? type : lineType }] };
      const unit = UNITS.find(([form]) => form.test(record.pricing_unit ?? ''))?.[1];
      const usage = record.line_item_usage_amount;
      const quantity = unit === undefined || usage === null ? null : countOf(usage, unit);
      if (quantity === null) {
        return `line_item_usage_amount: ${usage} ${record.pricing_unit ?? ''} is no count of tokens`;
      }
      const { model, bucket, tier } = found;
      const quantities = { [bucket]: quantity };
      return { ...more, rows: [{ ...row, model, tier, quantities, amountOf: bucket }] };
    },
  }),
];
