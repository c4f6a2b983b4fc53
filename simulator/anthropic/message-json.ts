/** The body of a message that is not streamed, and Anthropic's `usage`. */
import { withUsage } from '../calls/answer-json.ts';
import type { Attempt } from '../calls/attempt.ts';
import type { ChatPlan } from '../chat/chat-plan.ts';
import { words } from '../chat/chat-text.ts';
import type { Usage } from '../pricing/cost.ts';
import type { MessageRequest } from './message-request.ts';

/** Anthropic's counts of the input are next to one another; thinking is within the output. */
export function deltaUsage(usage: Usage): object {
  return {
    input_tokens: usage.inputTokens,
    cache_creation_input_tokens: usage.cacheWriteTokens + usage.cacheWrite1hTokens,
    cache_read_input_tokens: usage.cacheReadTokens,
    output_tokens: usage.outputTokens + usage.reasoningTokens,
    output_tokens_details: { thinking_tokens: usage.reasoningTokens },
    server_tool_use: searchesOf(usage),
  };
}

export function messageUsage(attempt: Attempt, usage: Usage): object {
  const { serviceTier } = attempt;
  return {
    ...deltaUsage(usage),
    cache_creation: {
      ephemeral_5m_input_tokens: usage.cacheWriteTokens,
      ephemeral_1h_input_tokens: usage.cacheWrite1hTokens,
    },
    service_tier: serviceTier === 'default' ? 'standard' : serviceTier,
    inference_geo: 'not_available',
  };
}

function searchesOf({ searches }: Usage): object | null {
  return searches === 0 ? null : { web_search_requests: searches, web_fetch_requests: 0 };
}

/** What a message has before its content. */
export function messageHead(attempt: Attempt): object {
  const id = `msg_${attempt.facts.requestId.slice(4, 28)}`;
  return { id, type: 'message', role: 'assistant', model: attempt.model.id };
}

export function stopReason({ finishReason }: ChatPlan): string {
  if (finishReason === 'length') return 'max_tokens';
  return finishReason === 'tool_calls' ? 'tool_use' : 'end_turn';
}

export function toolUseId(attempt: Attempt): string {
  return `toolu_${attempt.facts.requestId.slice(4, 28)}`;
}

/** Of a thinking block; its client hands it back. */
export function signatureOf(attempt: Attempt): string {
  return Buffer.from(`signed:${attempt.facts.requestId}`).toString('base64');
}

/** What the provider did by itself before it answered: each search and what it found. */
export function searchBlocks(attempt: Attempt, count: number): object[] {
  const caller = { type: 'direct' };
  return Array.from({ length: count }, (_, index) => {
    const id = `srvtoolu_${attempt.facts.requestId.slice(4, 24)}${index}`;
    const found = {
      ...{ type: 'web_search_result', title: 'The bill', url: 'https://example.com/bill' },
      ...{ encrypted_content: 'c2ltdWxhdGVk', page_age: null },
    };
    const input = { query: `the bill, part ${index + 1}` };
    return [
      { type: 'server_tool_use', id, name: 'web_search', input, caller },
      { type: 'web_search_tool_result', tool_use_id: id, content: [found], caller },
    ];
  }).flat();
}

/** The whole answer as JSON text. */
export function messageBody(attempt: Attempt, plan: ChatPlan, request: MessageRequest): string {
  const { fault } = attempt.knobs;
  const head = messageHead(attempt);
  const content = contentOf(attempt, plan, request);
  const ending = { stop_reason: stopReason(plan), stop_sequence: null };
  const usage = messageUsage(attempt, plan.usage);
  return withUsage({ ...head, content, ...ending }, 'usage', { usage, fault });
}

function contentOf(attempt: Attempt, plan: ChatPlan, request: MessageRequest): object[] {
  const { fault } = attempt.knobs;
  const extraChars = fault?.kind === 'huge' ? fault.bytes : 0;
  const { usage, reply, outputTokensPerChoice: tokens } = plan;
  const blocks = searchBlocks(attempt, usage.searches);
  if (usage.reasoningTokens > 0) {
    const thinking = request.showsThinking ? words(0, usage.reasoningTokens) : '';
    blocks.push({ type: 'thinking', thinking, signature: signatureOf(attempt) });
  }
  if (tokens === 0 && extraChars === 0) return blocks;
  const text = reply.text(0, tokens, extraChars);
  if (reply.toolName === null) return [...blocks, { type: 'text', text, citations: null }];
  const call = { type: 'tool_use', id: toolUseId(attempt), name: reply.toolName };
  return [...blocks, { ...call, input: inputOf(text), caller: { type: 'direct' } }];
}

/** Arguments that the limit has cut are no JSON, and then no arguments. */
function inputOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (!(cause instanceof SyntaxError)) throw cause;
    return {};
  }
}
