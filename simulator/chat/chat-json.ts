/** The body of a chat completion that is not streamed, and OpenAI's `usage` object. */

import { withUsage } from '../calls/answer-json.ts';
import type { Attempt } from '../calls/attempt.ts';
import { inputTotalOf, type Usage } from '../pricing/cost.ts';
import type { ChatPlan } from './chat-plan.ts';

/** OpenAI's totals include the parts: cached in the prompt, reasoning in the completion. */
export function chatUsage(usage: Usage): object {
  const prompt = inputTotalOf(usage);
  const { cacheWriteTokens: written } = usage;
  const completion = usage.outputTokens + usage.reasoningTokens;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: {
      cached_tokens: usage.cacheReadTokens,
      audio_tokens: 0,
      ...(written === 0 ? {} : { cache_write_tokens: written }),
    },
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
    service_tier: attempt.serviceTier,
    system_fingerprint: 'fp_simulator',
  };
}

/** A call of a tool has an id of its own in every answer. */
export function callIdOf(attempt: Attempt, choice: number): string {
  return `call_${attempt.facts.requestId.slice(4, 28)}${choice}`;
}

/** The whole answer as JSON text. */
export function chatBody(attempt: Attempt, plan: ChatPlan): string {
  const { fault } = attempt.knobs;
  const extraChars = fault?.kind === 'huge' ? fault.bytes : 0;
  const choices = Array.from({ length: plan.choices }, (_, index) => ({
    index,
    message: plan.reply.message(callIdOf(attempt, index), plan.outputTokensPerChoice, extraChars),
    logprobs: null,
    finish_reason: plan.finishReason,
  }));
  return withUsage({ ...chatHead(attempt, 'chat.completion'), choices }, 'usage', {
    usage: chatUsage(plan.usage),
    fault,
  });
}
