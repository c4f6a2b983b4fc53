/** What other gateways in front of the same provider would export: OpenRouter and LiteLLM. */
import { sum, zero } from '../pricing/rational.ts';
import {
  bucketNames,
  type ChargedCall,
  csvLine,
  decimalText,
  exactNumber,
  sumsOf,
  utcDay,
  wholeDollars,
} from './charged-call.ts';

/** `GET /api/v1/activity`, grouped by workspace: a call is of the day on which it began. */
export function openrouterActivity(calls: readonly ChargedCall[]): string {
  const data = sumsOf(calls, (call) => utcDay(call.startedAtMs)).map((one) => ({
    ...{ date: one.day, model: one.model, model_permaslug: one.model, endpoint_id: 'e' },
    ...{ provider_name: 'OpenAI', workspace_id: one.projectId, byok_usage_inference: 0 },
    usage: exactNumber(
      decimalText(bucketNames.map((name) => one.dollars[name]).reduce(sum, zero), 13),
    ),
    requests: one.calls,
    prompt_tokens: one.tokens.inputTokens + one.tokens.cacheReadTokens,
    completion_tokens: one.tokens.outputTokens + one.tokens.reasoningTokens,
    reasoning_tokens: one.tokens.reasoningTokens,
  }));
  return JSON.stringify({ data });
}

/** The CSV of single generations. */
export function openrouterLog(calls: readonly ChargedCall[]): string {
  const header = [
    ...['generation_id', 'created_at', 'cost_total', 'tokens_prompt', 'tokens_completion'],
    ...['tokens_reasoning', 'tokens_cached', 'model_permaslug', 'provider_name', 'api_key_name'],
  ];
  const lines = calls.map((call) => {
    const { usage } = call;
    const created = new Date(call.startedAtMs).toISOString().replace('T', ' ').replace('Z', '');
    return csvLine([
      ...[call.id, created, decimalText(wholeDollars(call), 13)],
      ...[usage.inputTokens + usage.cacheReadTokens, usage.outputTokens + usage.reasoningTokens],
      ...[usage.reasoningTokens, usage.cacheReadTokens, call.model, 'OpenAI', call.apiKeyId],
    ]);
  });
  return csvLine(header) + lines.join('');
}

/** Rows of LiteLLM's spend logs. */
export function litellmSpendLogs(calls: readonly ChargedCall[]): string {
  const rows = calls.map((call) => {
    const { usage } = call;
    const prompt = usage.inputTokens + usage.cacheReadTokens;
    const completion = usage.outputTokens + usage.reasoningTokens;
    const at = (ms: number) => new Date(ms).toISOString().replace('Z', '');
    return {
      ...{ request_id: call.id, call_type: 'acompletion', api_key: call.apiKeyId },
      spend: exactNumber(decimalText(wholeDollars(call), 13)),
      ...{
        prompt_tokens: prompt,
        completion_tokens: completion,
        total_tokens: prompt + completion,
      },
      ...{ startTime: at(call.startedAtMs), endTime: at(call.endedAtMs), model: call.model },
      ...{ custom_llm_provider: 'openai', cache_hit: 'False', status: 'success', metadata: {} },
    };
  });
  return JSON.stringify(rows);
}
