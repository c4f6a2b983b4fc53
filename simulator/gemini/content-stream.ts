/**
 * The chunks of a streamed answer: events, parted by CR LF as Google's are, or the members of a JSON
 * array. Each chunk states a running total of what was used.
 */
import type { Attempt } from '../calls/attempt.ts';
import {
  type EventWriter,
  type Generated,
  paddingPerChunk,
  type Step,
} from '../calls/stream-answer.ts';
import type { ChatPlan } from '../chat/chat-plan.ts';
import { words } from '../chat/chat-text.ts';
import {
  BLOCKED,
  callPart,
  contentTail,
  finishReason,
  grounding,
  usageMetadata,
} from './content-json.ts';
import type { ContentRequest } from './content-request.ts';

const NOTHING: Generated = { reasoning: 0, output: 0 };

export class ContentWriter implements EventWriter {
  readonly contentType: string;
  readonly #attempt: Attempt;
  readonly #plan: ChatPlan;
  readonly #request: ContentRequest;
  readonly #padChars: number;
  readonly #asArray: boolean;
  #isFirst = true;

  constructor(attempt: Attempt, plan: ChatPlan, request: ContentRequest, asArray: boolean) {
    this.contentType = asArray ? 'application/json; charset=UTF-8' : 'text/event-stream';
    this.#attempt = attempt;
    this.#plan = plan;
    this.#request = request;
    this.#padChars = paddingPerChunk(attempt, plan);
    this.#asArray = asArray;
  }

  opening(): string {
    if (this.#attempt.knobs.prompt_blocked !== true) return '';
    return this.#framed(this.#answer(BLOCKED, NOTHING));
  }

  reasoning({ choice: index, from, tokens }: Step, done: Generated): string {
    if (!this.#request.showsThoughts) return '';
    return this.#chunk({ parts: [{ text: words(from, tokens), thought: true }], index }, done);
  }

  output({ choice: index, from, tokens }: Step, done: Generated): string {
    const { reply } = this.#plan;
    if (reply.toolName !== null) return '';
    return this.#chunk(
      { parts: [{ text: reply.text(from, tokens, this.#padChars) }], index },
      done,
    );
  }

  broken(): string {
    return this.#framed('{"candidates": [{"content": {"parts": [{"text": ');
  }

  runningTotal(done: Generated): string {
    return this.#chunk({ parts: [{ text: '' }], index: 0 }, done);
  }

  /** An array has it as its last member; between events it comes as it is, without `data:`. */
  failure(): string {
    const message = 'The model is overloaded. Please try again later.';
    const text = JSON.stringify({ error: { code: 503, message, status: 'UNAVAILABLE' } }, null, 2);
    return this.#asArray ? `${this.#framed(text)}\r\n]` : `${text}\r\n`;
  }

  closing(): string {
    const { usage, choices } = this.#plan;
    const end = this.#asArray ? '\r\n]' : '';
    if (this.#attempt.knobs.prompt_blocked === true) return end;
    const done = { reasoning: usage.reasoningTokens, output: usage.outputTokens };
    const parts = [callPart(this.#plan) ?? { text: '' }];
    const more = { finishReason: finishReason(this.#plan), ...grounding(usage) };
    const last = Array.from({ length: choices }, (_, index) =>
      this.#chunk({ parts, index, more }, done),
    );
    return last.join('') + end;
  }

  #chunk(
    { parts, index, more = {} }: { parts: object[]; index: number; more?: object },
    done: Generated,
  ): string {
    const candidate = { content: { parts, role: 'model' }, ...more, index };
    return this.#framed(this.#answer({ candidates: [candidate] }, done));
  }

  #answer(answer: object, { reasoning: reasoningTokens, output: outputTokens }: Generated): string {
    const usage = { ...this.#plan.usage, reasoningTokens, outputTokens };
    const stated = this.#attempt.knobs.fault?.kind !== 'usage_missing';
    const metadata = usageMetadata(this.#attempt, usage, this.#request.toolTokens);
    const shown = stated ? { usageMetadata: metadata } : {};
    return JSON.stringify({ ...answer, ...shown, ...contentTail(this.#attempt) });
  }

  #framed(json: string): string {
    if (!this.#asArray) return `data: ${json}\r\n\r\n`;
    const before = this.#isFirst ? '[' : ',\r\n';
    this.#isFirst = false;
    return before + json;
  }
}
