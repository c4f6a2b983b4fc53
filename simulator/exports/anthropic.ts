/** Anthropic's usage and cost reports of an organization. */
import { scaled, sum } from '../pricing/rational.ts';
import { type ChargedCall, decimalText, type Sum, sumsOf, utcDay } from './charged-call.ts';

const DAY_MS = 86_400_000;

export type Period = { starting_at: string; ending_at: string; results: object[] };

function periods(
  firstDay: string,
  lastDay: string,
  resultsOf: (day: string) => object[],
): Period[] {
  const all: Period[] = [];
  for (let ms = Date.parse(firstDay); ms <= Date.parse(lastDay); ms += DAY_MS) {
    const [starting_at, ending_at] = [ms, ms + DAY_MS].map((at) => `${utcDay(at)}T00:00:00Z`);
    all.push({ starting_at, ending_at, results: resultsOf(utcDay(ms)) } as Period);
  }
  return all;
}

const sums = (calls: readonly ChargedCall[]) => sumsOf(calls, (call) => utcDay(call.endedAtMs));

export function anthropicUsagePeriods(
  calls: readonly ChargedCall[],
  firstDay: string,
  lastDay: string,
): Period[] {
  const all = Map.groupBy(sums(calls), (one) => one.day);
  return periods(firstDay, lastDay, (day) => (all.get(day) ?? []).map(usageResult));
}

function usageResult({ tokens, apiKeyId, projectId, model }: Sum): object {
  return {
    uncached_input_tokens: tokens.inputTokens,
    cache_creation: { ephemeral_1h_input_tokens: 0, ephemeral_5m_input_tokens: 0 },
    cache_read_input_tokens: tokens.cacheReadTokens,
    output_tokens: tokens.outputTokens + tokens.reasoningTokens,
    server_tool_use: { web_search_requests: 0 },
    ...{ api_key_id: apiKeyId, workspace_id: projectId, model, service_tier: 'standard' },
    context_window: '0-200k',
  };
}

export function anthropicCostPeriods(
  calls: readonly ChargedCall[],
  firstDay: string,
  lastDay: string,
): Period[] {
  const all = Map.groupBy(sums(calls), (one) => one.day);
  return periods(firstDay, lastDay, (day) => (all.get(day) ?? []).flatMap(costResults));
}

function costResults({ dollars, projectId, model }: Sum): object[] {
  const items = [
    ['uncached_input_tokens', 'Input Tokens', dollars.inputTokens],
    ['cache_read_input_tokens', 'Input Tokens, Cache Read', dollars.cacheReadTokens],
    ['output_tokens', 'Output Tokens', sum(dollars.outputTokens, dollars.reasoningTokens)],
  ] as const;
  return items.map(([token_type, name, usd]) => ({
    // In cents.
    ...{ amount: decimalText(scaled(usd, 100, 1n), 12), currency: 'USD', cost_type: 'tokens' },
    ...{ description: `${model} Usage - ${name}`, model, token_type, workspace_id: projectId },
    ...{ service_tier: 'standard', context_window: '0-200k' },
  }));
}

/** A page of time buckets, as the API answers it. */
export function anthropicPage(all: readonly Period[], from: number, limit: number): object {
  const next = from + limit;
  const has_more = next < all.length;
  return { data: all.slice(from, next), has_more, next_page: has_more ? `page_${next}` : null };
}
