/** An answer that is not streamed, and Google's `usageMetadata`. */
import { withUsage } from '../calls/answer-json.ts';
import type { Attempt } from '../calls/attempt.ts';
import type { ChatPlan } from '../chat/chat-plan.ts';
import { words } from '../chat/chat-text.ts';
import { inputTotalOf, type Usage } from '../pricing/cost.ts';
import type { ContentRequest } from './content-request.ts';

/**
 * Google counts what was cached within the prompt; thoughts, and what tools gave to read, next to all
 * else, and all of it in the total. What there is none of is not stated.
 *
 * @param usage without the tokens of tools
 */
export function usageMetadata(attempt: Attempt, usage: Usage, toolTokens: number): object {
  const prompt = inputTotalOf(usage);
  const { outputTokens, reasoningTokens, cacheReadTokens } = usage;
  const text = (tokenCount: number) => [{ modality: 'TEXT', tokenCount }];
  const some = (name: string, count: number, details: string) =>
    count === 0 ? {} : { [name]: count, ...(details === '' ? {} : { [details]: text(count) }) };
  return {
    promptTokenCount: prompt,
    ...some('candidatesTokenCount', outputTokens, 'candidatesTokensDetails'),
    totalTokenCount: prompt + toolTokens + outputTokens + reasoningTokens,
    ...some('cachedContentTokenCount', cacheReadTokens, 'cacheTokensDetails'),
    promptTokensDetails: text(prompt),
    ...some('toolUsePromptTokenCount', toolTokens, 'toolUsePromptTokensDetails'),
    ...some('thoughtsTokenCount', reasoningTokens, ''),
    serviceTier: attempt.serviceTier === 'default' ? 'standard' : attempt.serviceTier,
  };
}

/** What each answer, and each chunk of a streamed one, says of itself. */
export function contentTail(attempt: Attempt): object {
  const responseId = attempt.facts.requestId.slice(4, 27);
  return { modelVersion: attempt.model.id, responseId };
}

export function finishReason(plan: ChatPlan): string {
  return plan.finishReason === 'length' ? 'MAX_TOKENS' : 'STOP';
}

/** What was searched, in the last chunk that a candidate has. */
export function grounding(usage: Usage): object {
  if (usage.searches === 0) return {};
  const webSearchQueries = Array.from(
    { length: usage.searches },
    (_, index) => `the bill, part ${index + 1}`,
  );
  return { groundingMetadata: { webSearchQueries, groundingChunks: [], groundingSupports: [] } };
}

/** Of a prompt that is refused: there is no candidate, and the prompt is charged. */
export const BLOCKED = { promptFeedback: { blockReason: 'PROHIBITED_CONTENT' } };

/** The call of a function comes whole, or not at all where the limit has cut it. */
export function callPart(plan: ChatPlan): object | undefined {
  const { reply, outputTokensPerChoice: tokens } = plan;
  if (reply.toolName === null || plan.finishReason === 'length') return undefined;
  const args: unknown = JSON.parse(reply.text(0, tokens, 0));
  return { functionCall: { name: reply.toolName, args } };
}

export function contentBody(attempt: Attempt, plan: ChatPlan, request: ContentRequest): string {
  const { fault, prompt_blocked: isBlocked } = attempt.knobs;
  const indices = Array.from({ length: plan.choices }, (_, index) => index);
  const candidates = indices.map((index) => ({
    content: { parts: partsOf(attempt, plan, request), role: 'model' },
    finishReason: finishReason(plan),
    index,
    ...grounding(plan.usage),
  }));
  const answer = { ...(isBlocked ? BLOCKED : { candidates }), ...contentTail(attempt) };
  const usage = usageMetadata(attempt, plan.usage, request.toolTokens);
  return withUsage(answer, 'usageMetadata', { usage, fault });
}

function partsOf(attempt: Attempt, plan: ChatPlan, request: ContentRequest): object[] {
  const { fault } = attempt.knobs;
  const extraChars = fault?.kind === 'huge' ? fault.bytes : 0;
  const { reply, outputTokensPerChoice, reasoningTokensPerChoice: thoughts } = plan;
  const shown = request.showsThoughts && thoughts > 0;
  const thinking = shown ? [{ text: words(0, thoughts), thought: true }] : [];
  if (reply.toolName === null) {
    return [...thinking, { text: reply.text(0, outputTokensPerChoice, extraChars) }];
  }
  const call = callPart(plan);
  return call === undefined ? thinking : [...thinking, call];
}
