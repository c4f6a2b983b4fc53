/** A JSON answer with a judgement, pictures or a transcript. What cannot be read is null, never a guess (I8). */
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import { type KnownQuantities, noQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { Answer, AnswerFault, AnswerLimits } from '../../dialect.ts';
import { type Fields, HeldJson } from '../../shared/held-json.ts';
import { refusedFor } from '../refused-for.ts';
import { statesError } from '../stated-error.ts';
import type { MediaKind } from './media-kind.ts';
import { pictureOf } from './picture.ts';

/** Of an answer that is too large to be parsed, neither its pictures nor its text. */
const WANTED = new Set(['usage', 'model', 'id', 'error', 'size', 'quality']);

export class MediaAnswer implements Answer {
  readonly hasToken = false;
  readonly tokensSeen = 0;
  readonly #body: HeldJson;
  readonly #kind: MediaKind;
  #isRead = false;
  #fields: Fields = {};
  #quantities: KnownQuantities | null = null;
  #note: string | null = null;
  #saysTokens = true;
  #fault: AnswerFault | null = null;

  constructor(limits: AnswerLimits, kind: MediaKind) {
    // Pictures are few and long texts: megabytes of them are parsed as fast as they are copied.
    const parsedAnswerBytesMax = kind.countsPieces
      ? limits.heldAnswerBytesMax
      : limits.parsedAnswerBytesMax;
    this.#body = new HeldJson({ ...limits, parsedAnswerBytesMax }, WANTED);
    this.#kind = kind;
  }

  get progress(): 'open' | 'perhaps' {
    return this.#body.progress;
  }

  /** Pictures are told apart by all that is read of their usage. */
  get states(): NonNullable<Answer['states']> {
    this.#read();
    return this.#saysTokens ? { imageTokens: true } : { imageTokens: true, tokens: false };
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
    return this.#quantities;
  }

  usageNote(): string | null {
    this.#read();
    return this.#note;
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
    return this.#fields['error'] == null ? null : refusedFor(this.#fields);
  }

  picture(): string | null {
    this.#read();
    return pictureOf(this.#fields['quality'], this.#fields['size']);
  }

  model(): string | null {
    return this.#text('model');
  }

  id(): string | null {
    return this.#text('id');
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

  #text(name: string): string | null {
    this.#read();
    const value = this.#fields[name];
    return typeof value === 'string' ? value : null;
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
    this.#fields = isWhole
      ? read.fields
      : Object.fromEntries(read.found.map(({ name, value }) => [name, value]));
    if (statesError(this.#fields)) this.#fault = 'error';
    this.#readUsage(isWhole);
    if (this.#fault !== null || !isWhole || this.#quantities !== null) return;
    if (!this.#kind.answerIn.some((name) => this.#fields[name] !== undefined))
      this.#fault = 'nothing';
  }

  #readUsage(isWhole: boolean): void {
    const said = this.#kind.usageOf(this.#fields['usage']);
    if (said.kind === 'stated') this.#quantities = said.quantities;
    else if (said.kind === 'unclear') this.#note = said.doubt;
    else if (isWhole && this.#fault === null) this.#quantities = this.#pieces();
  }

  /** What is there to be counted, where no usage is stated. */
  #pieces(): KnownQuantities | null {
    const { piecesIn, countsPieces } = this.#kind;
    const list = piecesIn === null ? null : this.#fields[piecesIn];
    if (!Array.isArray(list) || list.length === 0) return null;
    this.#saysTokens = false;
    return { ...noQuantities(), images: countsPieces ? list.length : 0, requests: 1 };
  }
}
