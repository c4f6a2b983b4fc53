/** The response object in each of its states, its output items, and the `usage` of OpenAI's Responses. */
import { withUsage } from '../calls/answer-json.ts';
import type { Attempt } from '../calls/attempt.ts';
import { callIdOf } from '../chat/chat-json.ts';
import type { ChatPlan } from '../chat/chat-plan.ts';
import { words } from '../chat/chat-text.ts';
import { inputTotalOf, type Usage } from '../pricing/cost.ts';
import type { ResponseRequest } from './response-request.ts';

export type Status = 'queued' | 'in_progress' | 'completed' | 'incomplete' | 'failed' | 'cancelled';

/** OpenAI's totals include the parts: what was cached in the input, reasoning in the output. */
export function responseUsage(usage: Usage): object {
  const input = inputTotalOf(usage);
  const output = usage.outputTokens + usage.reasoningTokens;
  return {
    input_tokens: input,
    input_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      cache_write_tokens: usage.cacheWriteTokens,
    },
    output_tokens: output,
    output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
    total_tokens: input + output,
  };
}

export function idOf(attempt: Attempt, prefix: string): string {
  return `${prefix}_${attempt.facts.requestId.slice(4)}`;
}

export function endStatus(plan: ChatPlan): Status {
  return plan.finishReason === 'length' ? 'incomplete' : 'completed';
}

/** The object without its usage. */
export function responseObject(
  attempt: Attempt,
  { body, background, store }: ResponseRequest,
  status: Status,
  output: readonly object[],
): object {
  const isOver = status !== 'queued' && status !== 'in_progress';
  const failure = { code: 'server_error', message: 'The server had an error. Sorry!' };
  const { instructions, metadata, previous_response_id, reasoning, text, tool_choice } = body;
  return {
    ...{ id: idOf(attempt, 'resp'), object: 'response' },
    created_at: Math.floor(Date.parse(attempt.facts.startedAt) / 1000),
    ...{ status, background, error: status === 'failed' ? failure : null },
    incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
    instructions: instructions ?? null,
    max_output_tokens: body['max_output_tokens'] ?? null,
    ...{ max_tool_calls: null, model: attempt.model.id, output, parallel_tool_calls: true },
    previous_response_id: previous_response_id ?? null,
    reasoning: reasoning ?? { effort: null, summary: null },
    service_tier: isOver ? attempt.serviceTier : (body['service_tier'] ?? 'auto'),
    ...{ store, temperature: 1, text: text ?? { format: { type: 'text' } } },
    ...{
      tool_choice: tool_choice ?? 'auto',
      tools: body['tools'] ?? [],
      top_logprobs: 0,
      top_p: 1,
    },
    ...{ truncation: 'disabled', user: null, metadata: metadata ?? {} },
    ...toolUsage(attempt, isOver),
  };
}

/** Of the provider's own tools, where they were used. */
function toolUsage({ planned }: Attempt, isOver: boolean): object {
  if (!isOver || planned.searches === 0) return {};
  return { tool_usage: { web_search: { num_requests: planned.searches } } };
}

/** The whole object at its end as JSON text. */
export function responseBody(attempt: Attempt, plan: ChatPlan, request: ResponseRequest): string {
  const { fault } = attempt.knobs;
  const output = outputItems(attempt, plan, request);
  const whole = responseObject(attempt, request, endStatus(plan), output);
  return withUsage(whole, 'usage', { usage: responseUsage(plan.usage), fault });
}

/** Before there is any output, or where there is none to show. */
export function emptyBody(
  attempt: Attempt,
  request: ResponseRequest,
  status: Status,
  usage: object | null,
): string {
  return JSON.stringify({ ...responseObject(attempt, request, status, []), usage });
}

export function searchItems(attempt: Attempt, count: number): { id: string; query: string }[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${idOf(attempt, 'ws')}${index}`,
    query: `the bill, part ${index + 1}`,
  }));
}

export function searchItem({ id, query }: { id: string; query: string }): object {
  return { id, type: 'web_search_call', status: 'completed', action: { type: 'search', query } };
}

export function reasoningItem(attempt: Attempt, request: ResponseRequest, tokens: number): object {
  const summary = request.summarises ? [{ type: 'summary_text', text: words(0, tokens) }] : [];
  const include = request.body['include'];
  const isSealed = Array.isArray(include) && include.includes('reasoning.encrypted_content');
  const sealed = isSealed ? { encrypted_content: idOf(attempt, 'sealed') } : {};
  return { id: idOf(attempt, 'rs'), type: 'reasoning', summary, ...sealed };
}

type Item = { readonly id: string; readonly [member: string]: unknown };

/** The answer itself: a message, or the call of a tool. */
export function answerItem(attempt: Attempt, plan: ChatPlan, status: Status, text: string): Item {
  const { toolName: name, toolKind } = plan.reply;
  if (name === null) {
    const content = [{ type: 'output_text', text, annotations: [], logprobs: [] }];
    return { id: idOf(attempt, 'msg'), type: 'message', status, role: 'assistant', content };
  }
  const call = { status, call_id: callIdOf(attempt, 0), name };
  if (toolKind === 'custom') {
    return { id: idOf(attempt, 'ctc'), type: 'custom_tool_call', ...call, input: text };
  }
  return { id: idOf(attempt, 'fc'), type: 'function_call', ...call, arguments: text };
}

function outputItems(attempt: Attempt, plan: ChatPlan, request: ResponseRequest): object[] {
  const { fault } = attempt.knobs;
  const extraChars = fault?.kind === 'huge' ? fault.bytes : 0;
  const { usage, reply, outputTokensPerChoice: tokens } = plan;
  const items = searchItems(attempt, usage.searches).map(searchItem);
  if (usage.reasoningTokens > 0) {
    items.push(reasoningItem(attempt, request, usage.reasoningTokens));
  }
  if (tokens === 0 && extraChars === 0) return items;
  return [...items, answerItem(attempt, plan, endStatus(plan), reply.text(0, tokens, extraChars))];
}
