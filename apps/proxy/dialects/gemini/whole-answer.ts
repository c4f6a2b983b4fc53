/** A JSON answer of Gemini. What cannot be read is null, never a guess (I8). */
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { Answer, AnswerFault, AnswerLimits } from '../dialect.ts';
import { refusedFor } from '../openai/refused-for.ts';
import { type Fields, HeldJson } from '../shared/held-json.ts';
import { type AnswerAsked, AnswerParts } from './answer-parts.ts';

/** Not what was generated: of an answer that is too large to be parsed, its candidates are. */
const WANTED = new Set([
  ...['usageMetadata', 'modelVersion', 'responseId', 'promptFeedback', 'error'],
]);

export class GeminiAnswer implements Answer {
  readonly hasToken = false;
  readonly tokensSeen = 0;
  readonly #body: HeldJson;
  readonly #asked: AnswerAsked;
  readonly #parts: AnswerParts;
  #isRead = false;
  #fields: Fields | null = null;
  #fault: AnswerFault | null = null;

  constructor(limits: AnswerLimits, asked: AnswerAsked) {
    this.#body = new HeldJson(limits, WANTED);
    this.#asked = asked;
    this.#parts = new AnswerParts(asked);
  }

  get progress(): 'open' | 'perhaps' {
    return this.#body.progress;
  }

  get states(): { imageTokens: boolean } {
    this.#read();
    return { imageTokens: this.#parts.statesKinds };
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
    return this.#parts.quantities;
  }

  usageNote(): string | null {
    this.#read();
    return this.#parts.note;
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
    return this.#fields?.['error'] == null ? null : refusedFor(this.#fields);
  }

  model(): string | null {
    this.#read();
    return this.#parts.model;
  }

  id(): string | null {
    this.#read();
    return this.#parts.id;
  }

  serviceTier(): string | null {
    this.#read();
    return this.#parts.serviceTier;
  }

  unpricedBy(): string | null {
    this.#read();
    return this.#parts.unpricedBy;
  }

  whole(): null {
    return null;
  }

  said(): null {
    return null;
  }

  /** Of vectors there is none, and so the input alone can be estimated. */
  outputText(): string | null {
    return this.#asked.generates ? null : '';
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
    const isWhole = read.kind === 'object';
    const found = isWhole
      ? read.fields
      : Object.fromEntries(read.found.map(({ name, value }) => [name, value]));
    this.#fields = found;
    this.#parts.read(found);
    if (!isWhole) this.#parts.onUnread();
    const { fault } = this.#parts;
    // Of what was not parsed, nobody knows that it says nothing.
    this.#fault = isWhole || fault === 'error' ? fault : null;
  }
}
