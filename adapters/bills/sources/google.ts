/**
 * Google Cloud: the billing export to BigQuery, and the console's cost table. What a line is for is in
 * the description of its SKU alone: `Gemini 2.5 Flash GA Text Input - Predictions`.
 */
import type { SourceFacts } from '@tollgate/domain/reconciliation/totals/totals-row.ts';
import type { QuantityName } from '@tollgate/domain/usage/quantities.ts';
import { googleBilling, googleCostTable } from '@tollgate/schemas/bills/clouds.ts';
import {
  amountOf,
  countOf,
  defineSource,
  identitiesOf,
  placesOf,
  type Reading,
  rowOf,
  utcDay,
} from '../source.ts';

const facts = {
  ...{ provider: 'google', attributedBy: 'end' },
  states: [
    'input_tokens',
    'cache_read_tokens',
    'output_tokens',
    'audio_input_tokens',
    'audio_output_tokens',
  ],
  within: { reasoning_tokens: 'output_tokens', cache_write_tokens: 'input_tokens' },
} as const satisfies Omit<SourceFacts, 'name' | 'timeZone'>;

const SERVICES = /^(?:vertex ai|gemini api|generative language api|cloud ai)/i;
const GEMINI = /gemini[ -](\d+(?:\.\d+)?)[ -]((?:pro|flash|ultra|nano)(?:[ -]lite)?)/i;
const TIER = /\b(batch|priority|flex|provisioned)\b/i;

/** The model and the bucket that a SKU is for. */
function skuOf(text: string): { model: string; bucket: QuantityName; tier: string | null } | null {
  const [, version, size] = GEMINI.exec(text) ?? [];
  if (version === undefined || size === undefined) return null;
  const model = `gemini-${version}-${size.toLowerCase().replace(' ', '-')}`;
  const bucket = bucketOf(text.toLowerCase());
  return bucket === null
    ? null
    : { model, bucket, tier: TIER.exec(text)?.[1]?.toLowerCase() ?? null };
}

function bucketOf(text: string): QuantityName | null {
  const isOutput = /\b(?:output|response|thinking)\b/.test(text);
  if (!isOutput && !/\binput\b|\bcach(?:ed|ing)\b/.test(text)) return null;
  if (/\bstorage\b/.test(text)) return null;
  if (isOutput) return /\baudio\b/.test(text) ? 'audio_output_tokens' : 'output_tokens';
  if (/\bcach(?:ed|ing)\b/.test(text)) return 'cache_read_tokens';
  return /\baudio\b/.test(text) ? 'audio_input_tokens' : 'input_tokens';
}

type Line = {
  day: string;
  service: string;
  sku: string;
  cost: string;
  currency: string;
  costType: string | null;
  usage: string | null;
  unit: string | null;
  project: string | null;
};

function readLine(line: Line): Reading | string {
  const { day, service, sku, cost, currency } = line;
  if (!SERVICES.test(service)) return { rows: [], skipped: `another service: ${service}` };
  const more = { currency, places: placesOf(cost) };
  const identities = identitiesOf({ project: line.project });
  const row = rowOf({ day, amount: amountOf(cost), identities });
  const isUsage = line.costType === null || /^(?:regular|usage)$/i.test(line.costType);
  const found = isUsage ? skuOf(sku) : null;
  if (found === null)
    return { ...more, rows: [{ ...row, item: isUsage ? sku : `${line.costType}` }] };
  const isCount = line.unit === null || /^(?:counts?|tokens?|1)$/i.test(line.unit);
  const quantity = line.usage !== null && isCount ? countOf(line.usage, 1n) : null;
  if (quantity === null) return `usage: ${line.usage} ${line.unit ?? ''} is no count of tokens`;
  const { model, bucket, tier } = found;
  const quantities = { [bucket]: quantity };
  return { ...more, rows: [{ ...row, model, tier, quantities, amountOf: bucket }] };
}

const dayInCalifornia = (ms: number) =>
  Temporal.Instant.fromEpochMilliseconds(ms)
    .toZonedDateTimeISO('America/Los_Angeles')
    .toPlainDate()
    .toString();

/** `Usage start date` in the console's cost table, and `service.description` in a flattened export. */
const named = (column: string) =>
  column
    .toLowerCase()
    .replace(/\s*\([^)]*\)/g, '')
    .trim()
    .replaceAll(/[ .]/g, '_');

export const googleSources = [
  defineSource({
    // Its times are in UTC; days are cut where Google's invoice cuts them.
    facts: { ...facts, name: 'google_billing', timeZone: 'America/Los_Angeles' },
    schema: googleBilling,
    marks: ['service_description', 'sku_description', 'usage_start_time', 'cost'],
    nameOf: named,
    read: (record) =>
      readLine({
        day: dayInCalifornia(record.usage_start_time),
        ...{ service: record.service_description, sku: record.sku_description },
        ...{ cost: record.cost, currency: record.currency, costType: record.cost_type },
        ...{ usage: record.usage_amount, unit: record.usage_unit, project: record.project_id },
      }),
  }),
  defineSource({
    facts: { ...facts, name: 'google_cost_table', timeZone: 'America/Los_Angeles' },
    schema: googleCostTable,
    marks: ['service_description', 'sku_description', 'usage_start_date', 'unrounded_cost'],
    nameOf: named,
    read(record) {
      const ms = Date.parse(record.usage_start_date);
      if (Number.isNaN(ms)) return 'usage_start_date: not a day';
      return readLine({
        day: utcDay(ms),
        ...{ service: record.service_description, sku: record.sku_description },
        ...{ cost: record.unrounded_cost, currency: 'USD', costType: record.cost_type },
        ...{ usage: record.usage_amount, unit: record.usage_unit, project: record.project_id },
      });
    },
  }),
];
