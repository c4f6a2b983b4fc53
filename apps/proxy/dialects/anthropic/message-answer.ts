/**
 * A JSON answer of the Messages API. What cannot be read is null, never a guess (I8): its text is not
 * counted, since thinking may be shown shorter than it was, and it is billed as it was.
 */
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import { AnthropicUsage } from '@tollgate/domain/usage/anthropic-usage.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { Answer, AnswerFault, AnswerLimits } from '../dialect.ts';
import { refusedFor } from '../openai/refused-for.ts';
import { type Fields, HeldJson } from '../shared/held-json.ts';

const WANTED = new Set(['type', 'id', 'model', 'usage', 'error', 'content']);

export class MessageAnswer implements Answer {
  readonly hasToken = false;
  readonly tokensSeen = 0;
  readonly states = { searches: true, imageTokens: true };
  readonly #body: HeldJson;
  readonly #usage: AnthropicUsage;
  #isRead = false;
  #fields: Fields = {};
  #fault: AnswerFault | null = null;

  constructor(limits: AnswerLimits, asksForHours: boolean) {
    this.#body = new HeldJson(limits, WANTED);
    this.#usage = new AnthropicUsage(asksForHours);
  }

  get progress(): 'open' | 'perhaps' {
    return this.#body.progress;
  }

  isWhole(): boolean {
    return this.#body.isWhole();
  }

  push(chunk: Buffer): Buffer[] {
    return this.#body.push(chunk);
  }

  readOn(): boolean {
    this.#read();
    return false;
  }

  end(): Buffer[] {
    return this.#body.end();
  }

  quantities(): KnownQuantities | null {
    this.#read();
    return this.#usage.quantities;
  }

  usageNote(): string | null {
    this.#read();
    return this.#usage.doubt;
  }

  /** An answer that was cut has no usage that could be read. */
  isUsageFinal(): boolean {
    return true;
  }

  fault(): AnswerFault | null {
    this.#read();
    return this.#fault;
  }

  refusedFor(): RefusedFor | null {
    this.#read();
    return this.#fields['error'] === undefined ? null : refusedFor(this.#fields);
  }

  model(): string | null {
    this.#read();
    return textOf(this.#fields['model']);
  }

  id(): string | null {
    this.#read();
    return textOf(this.#fields['id']);
  }

  serviceTier(): string | null {
    this.#read();
    return this.#usage.serviceTier;
  }

  whole(): null {
    return null;
  }

  said(): null {
    return null;
  }

  outputText(): null {
    return null;
  }

  outputTokensMax(): null {
    return null;
  }

  #read(): void {
    if (this.#isRead) return;
    this.#isRead = true;
    const read = this.#body.read();
    if (read.kind === 'other') {
      this.#fault = read.text.trim() === '' ? 'nothing' : 'error';
      return;
    }
    const found =
      read.kind === 'object'
        ? read.fields
        : Object.fromEntries(read.found.map(({ name, value }) => [name, value]));
    this.#fields = found;
    this.#usage.read(found['usage']);
    if (found['type'] === 'error' || found['error'] != null) this.#fault = 'error';
    else if (!this.#usage.said && found['content'] === undefined) this.#fault = 'nothing';
  }
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' ? value : null;
}
