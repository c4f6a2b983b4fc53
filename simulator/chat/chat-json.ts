/** The body of a chat completion that is not streamed, and OpenAI's `usage` object. */
import type { Attempt } from '../calls/attempt.ts';
import type { Usage } from '../pricing/cost.ts';
import type { ChatPlan } from './chat-plan.ts';
import { padding, words } from './chat-text.ts';

/** OpenAI's totals include the parts: cached in the prompt, reasoning in the completion. */
export function chatUsage(usage: Usage): object {
  const prompt = usage.inputTokens + usage.cacheReadTokens;
  const completion = usage.outputTokens + usage.reasoningTokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: usage.cacheReadTokens, audio_tokens: 0 },
    completion_tokens_details: {
      reasoning_tokens: usage.reasoningTokens,
      audio_tokens: 0,
      accepted_prediction_tokens: 0,
      rejected_prediction_tokens: 0,
    },
  };
}

/** The fields that a completion and each of its chunks share. */
export function chatHead(attempt: Attempt, object: string): object {
  return {
    id: `chatcmpl-${attempt.facts.requestId.slice(4)}`,
    object,
    created: Math.floor(Date.parse(attempt.facts.startedAt) / 1000),
    model: attempt.model.id,
    service_tier: 'default',
    system_fingerprint: 'fp_simulator',
  };
}

/** The whole answer as JSON text. */
export function chatBody(attempt: Attempt, plan: ChatPlan): string {
  const { fault } = attempt.knobs;
  const text = words(0, plan.outputTokensPerChoice);
  const content = fault?.kind === 'huge' ? text + padding(fault.bytes - text.length) : text;
  const choices = Array.from({ length: plan.choices }, (_, index) => ({
    index,
    message: { role: 'assistant', content, refusal: null, annotations: [] },
    logprobs: null,
    finish_reason: plan.finishReason,
  }));
  const usage = fault?.kind === 'usage_missing' ? {} : { usage: chatUsage(plan.usage) };
  return JSON.stringify({ ...chatHead(attempt, 'chat.completion'), choices, ...usage });
}
