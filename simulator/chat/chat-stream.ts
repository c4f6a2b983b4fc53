/** The events of a streamed chat completion. */
import type { Attempt } from '../calls/attempt.ts';
import {
  type EventWriter,
  type Generated,
  paddingPerChunk,
  type Step,
} from '../calls/stream-answer.ts';
import { providerFailure } from '../http/openai-error.ts';
import { callIdOf, chatHead, chatUsage } from './chat-json.ts';
import type { ChatPlan } from './chat-plan.ts';

/** The parts that all chunks share are serialized once. */
export class ChatWriter implements EventWriter {
  readonly contentType = 'text/event-stream; charset=utf-8';
  readonly #prefix: string;
  readonly #suffix: string;
  readonly #attempt: Attempt;
  readonly #plan: ChatPlan;
  readonly #includeUsage: boolean;
  readonly #padChars: number;

  constructor(attempt: Attempt, plan: ChatPlan, includeUsage: boolean) {
    const head = JSON.stringify(chatHead(attempt, 'chat.completion.chunk'));
    this.#prefix = `data: ${head.slice(0, -1)},"choices":`;
    this.#suffix = includeUsage ? ',"usage":null}\n\n' : '}\n\n';
    this.#attempt = attempt;
    this.#plan = plan;
    this.#includeUsage = includeUsage && attempt.knobs.fault?.kind !== 'usage_missing';
    this.#padChars = paddingPerChunk(attempt, plan);
  }

  /** The role of every choice. */
  opening(): string {
    const delta = JSON.stringify(this.#plan.reply.opening);
    return this.#perChoice((choice) => this.#chunk(choice, delta, null));
  }

  /** OpenAI does not show it. */
  reasoning(): string {
    return '';
  }

  output({ choice, from, tokens }: Step): string {
    const callId = callIdOf(this.#attempt, choice);
    const delta = this.#plan.reply.delta(callId, from, tokens, this.#padChars);
    return this.#chunk(choice, JSON.stringify(delta), null);
  }

  broken(): string {
    return 'data: {"id":"chatcmpl-broken","choices":[{"index":0,"delta":\n\n';
  }

  runningTotal({ reasoning: reasoningTokens, output: outputTokens }: Generated): string {
    return this.#usage({ ...this.#plan.usage, reasoningTokens, outputTokens });
  }

  failure(): string {
    return `data: ${providerFailure(500).body()}\n\n`;
  }

  /** Finish chunks, the usage chunk when it was asked for, and the end mark. */
  closing(): string {
    const finish = this.#perChoice((choice) => this.#chunk(choice, '{}', this.#plan.finishReason));
    return `${finish}${this.#usage(this.#plan.usage)}data: [DONE]\n\n`;
  }

  #usage(usage: ChatPlan['usage']): string {
    if (!this.#includeUsage) return '';
    return `${this.#prefix}[],"usage":${JSON.stringify(chatUsage(usage))}}\n\n`;
  }

  #perChoice(event: (choice: number) => string): string {
    return Array.from({ length: this.#plan.choices }, (_, choice) => event(choice)).join('');
  }

  #chunk(choice: number, delta: string, finishReason: string | null): string {
    const finish = JSON.stringify(finishReason);
    const body = `[{"index":${choice},"delta":${delta},"logprobs":null,"finish_reason":${finish}}]`;
    return `${this.#prefix}${body}${this.#suffix}`;
  }
}
