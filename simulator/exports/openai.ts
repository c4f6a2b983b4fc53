/** OpenAI's usage and costs of an organization: time buckets, as its admin API and dashboard give them. */
import { sum } from '../pricing/rational.ts';
import {
  type ChargedCall,
  csvLine,
  decimalText,
  exactNumber,
  type Sum,
  sumsOf,
  utcDay,
} from './charged-call.ts';

const DAY_S = 86_400;
const startOf = (day: string): number => Date.parse(`${day}T00:00:00Z`) / 1_000;

export type Bucket = { start_time: number; end_time: number; object: 'bucket'; results: object[] };

/** A bucket for each day from the first to the last, quiet ones too. */
function buckets(
  firstDay: string,
  lastDay: string,
  resultsOf: (day: string) => object[],
): Bucket[] {
  const all: Bucket[] = [];
  for (let start = startOf(firstDay); start <= startOf(lastDay); start += DAY_S) {
    const results = resultsOf(utcDay(start * 1_000));
    all.push({ object: 'bucket', start_time: start, end_time: start + DAY_S, results });
  }
  return all;
}

/** A call is counted when it has ended: only then its usage is known. */
const sums = (calls: readonly ChargedCall[]) => sumsOf(calls, (call) => utcDay(call.endedAtMs));

export function openaiUsageBuckets(
  calls: readonly ChargedCall[],
  firstDay: string,
  lastDay: string,
): Bucket[] {
  const all = Map.groupBy(sums(calls), (one) => one.day);
  return buckets(firstDay, lastDay, (day) => (all.get(day) ?? []).map(usageResult));
}

function usageResult(one: Sum): object {
  const { tokens } = one;
  return {
    object: 'organization.usage.completions.result',
    input_tokens: tokens.inputTokens + tokens.cacheReadTokens,
    input_cached_tokens: tokens.cacheReadTokens,
    output_tokens: tokens.outputTokens + tokens.reasoningTokens,
    input_audio_tokens: 0,
    output_audio_tokens: 0,
    num_model_requests: one.calls,
    project_id: one.projectId,
    user_id: null,
    api_key_id: one.apiKeyId,
    model: one.model,
    batch: false,
    service_tier: 'default',
  };
}

export function openaiCostBuckets(
  calls: readonly ChargedCall[],
  firstDay: string,
  lastDay: string,
): Bucket[] {
  const all = Map.groupBy(sums(calls), (one) => one.day);
  return buckets(firstDay, lastDay, (day) => (all.get(day) ?? []).flatMap(costResults));
}

function costItems({ model, dollars }: Sum) {
  return [
    [`${model}, input`, dollars.inputTokens],
    [`${model}, cached input`, dollars.cacheReadTokens],
    [`${model}, output`, sum(dollars.outputTokens, dollars.reasoningTokens)],
  ] as const;
}

function costResults(one: Sum): object[] {
  return costItems(one).map(([line_item, dollars]) => ({
    object: 'organization.costs.result',
    amount: { value: exactNumber(decimalText(dollars, 16)), currency: 'usd' },
    ...{ line_item, project_id: one.projectId, api_key_id: one.apiKeyId },
  }));
}

/** A page of buckets, as the API answers it. */
export function openaiPage(all: readonly Bucket[], from: number, limit: number): object {
  const data = all.slice(from, from + limit);
  const next = from + limit;
  const has_more = next < all.length;
  return { object: 'page', data, has_more, next_page: has_more ? `page_${next}` : null };
}

export function openaiUsageCsv(calls: readonly ChargedCall[]): string {
  const header = [
    ...['start_time', 'end_time', 'start_time_iso', 'end_time_iso', 'project_id'],
    ...['num_model_requests', 'user_id', 'api_key_id', 'model', 'batch', 'service_tier'],
    ...['input_tokens', 'output_tokens', 'input_cached_tokens', 'input_uncached_tokens'],
    ...['input_text_tokens', 'output_text_tokens', 'input_audio_tokens', 'output_audio_tokens'],
  ];
  const lines = sums(calls).map((one) => {
    const { tokens } = one;
    const start = startOf(one.day);
    const iso = (seconds: number) =>
      new Date(seconds * 1_000).toISOString().replace('.000Z', '+00:00');
    const output = tokens.outputTokens + tokens.reasoningTokens;
    return csvLine([
      ...[start, start + DAY_S, iso(start), iso(start + DAY_S), one.projectId],
      ...[`${one.calls}.0`, 'user-1', one.apiKeyId, one.model, 'FALSE', 'default'],
      ...[`${tokens.inputTokens + tokens.cacheReadTokens}.0`, `${output}.0`],
      ...[`${tokens.cacheReadTokens}.0`, `${tokens.inputTokens}.0`, `${tokens.inputTokens}.0`],
      ...[`${output}.0`, '0.0', '0.0'],
    ]);
  });
  return csvLine(header) + lines.join('');
}

export function openaiCostsCsv(calls: readonly ChargedCall[]): string {
  const header = [
    ...['start_time', 'end_time', 'start_time_iso', 'end_time_iso', 'amount_value'],
    ...['amount_currency', 'line_item', 'project_id', 'organization_id', 'organization_name'],
  ];
  const lines = sums(calls).flatMap((one) => {
    const start = startOf(one.day);
    return costItems(one).map(([item, dollars]) =>
      csvLine([
        ...[start, start + DAY_S, '', '', decimalText(dollars, 16), 'usd', item, one.projectId],
        ...['org-1', 'Personal'],
      ]),
    );
  });
  return csvLine(header) + lines.join('');
}
