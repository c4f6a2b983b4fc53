/** What clouds export of the same: one line for each SKU or usage type. */
import { type Rational, sum } from '../pricing/rational.ts';
import {
  type ChargedCall,
  csvLine,
  decimalText,
  exactNumber,
  type Sum,
  sumsOf,
} from './charged-call.ts';

type Line = { kind: 'input' | 'cached' | 'output'; tokens: number; dollars: Rational };

function linesOf({ tokens, dollars }: Sum): Line[] {
  return [
    { kind: 'input', tokens: tokens.inputTokens, dollars: dollars.inputTokens },
    { kind: 'cached', tokens: tokens.cacheReadTokens, dollars: dollars.cacheReadTokens },
    {
      kind: 'output',
      tokens: tokens.outputTokens + tokens.reasoningTokens,
      dollars: sum(dollars.outputTokens, dollars.reasoningTokens),
    },
  ];
}

const SKUS = {
  input: 'Text Input - Predictions',
  cached: 'Text Input Caching - Predictions',
  output: 'Text Output - Predictions',
} as const;

/** `gemini-2.5-flash` is `Gemini 2.5 Flash` on the bill. */
function skuName(model: string): string {
  return model
    .split('-')
    .map((part) => part.slice(0, 1).toUpperCase() + part.slice(1))
    .join(' ');
}

const HOUR_MS = 3_600_000;
const hourOf = (ms: number): string => new Date(ms - (ms % HOUR_MS)).toISOString();

/** Rows of the export to BigQuery as JSON lines: by the hour, in UTC. */
export function googleBigQueryRows(calls: readonly ChargedCall[]): string {
  const hourly = sumsOf(calls, (call) => hourOf(call.endedAtMs));
  const rows = hourly.flatMap((one) =>
    linesOf(one).map(({ kind, tokens, dollars }) => ({
      billing_account_id: '0123-4567-89AB',
      service: { id: 'C7E2-9256-1C43', description: 'Vertex AI' },
      sku: { id: kind, description: `${skuName(one.model)} GA ${SKUS[kind]}` },
      usage_start_time: one.day.replace('T', ' ').replace('.000Z', ' UTC'),
      project: { id: one.projectId, number: '1' },
      cost: exactNumber(decimalText(dollars, 12)),
      ...{ currency: 'USD', cost_type: 'regular', credits: [] },
      usage: { amount: tokens, unit: 'count' },
    })),
  );
  return rows.map((row) => `${JSON.stringify(row)}\n`).join('');
}

/** The console's cost table, by days of California. */
export function googleCostTable(calls: readonly ChargedCall[]): string {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone: 'America/Los_Angeles' });
  const daily = sumsOf(calls, (call) => format.format(call.endedAtMs));
  const header = [
    ...['Project ID', 'Service description', 'SKU description', 'Cost type', 'Usage start date'],
    ...['Usage amount', 'Usage unit', 'Unrounded cost ($)', 'Cost ($)'],
  ];
  const lines = daily.flatMap((one) =>
    linesOf(one).map(({ kind, tokens, dollars }) =>
      csvLine([
        ...[one.projectId, 'Vertex AI', `${skuName(one.model)} GA ${SKUS[kind]}`, 'Usage', one.day],
        ...[tokens, 'count', decimalText(dollars, 12), decimalText(dollars, 2)],
      ]),
    ),
  );
  return csvLine(header) + lines.join('');
}

const USAGE_TYPES = {
  input: 'input-tokens',
  cached: 'cache-read-input-token-count',
  output: 'output-tokens',
} as const;

/** A Cost and Usage Report of the second generation, by the hour. */
export function awsReport(calls: readonly ChargedCall[]): string {
  const hourly = sumsOf(calls, (call) => hourOf(call.endedAtMs));
  const header = [
    ...['line_item_usage_account_id', 'line_item_line_item_type', 'line_item_usage_start_date'],
    ...['line_item_product_code', 'line_item_usage_type', 'line_item_usage_amount'],
    ...['line_item_currency_code', 'line_item_unblended_cost', 'pricing_unit'],
    'product_product_name',
  ];
  const lines = hourly.flatMap((one) =>
    linesOf(one).map(({ kind, tokens, dollars }) => {
      const thousands = decimalText({ numerator: BigInt(tokens), denominator: 1_000n }, 3);
      return csvLine([
        ...[one.projectId, 'Usage', one.day, 'AmazonBedrock'],
        ...[`USE1-${one.model}-${USAGE_TYPES[kind]}`, thousands, 'USD'],
        ...[decimalText(dollars, 13), '1K tokens', 'Amazon Bedrock'],
      ]);
    }),
  );
  return csvLine(header) + lines.join('');
}
