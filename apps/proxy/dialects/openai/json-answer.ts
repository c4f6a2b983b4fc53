/**
 * A JSON answer: held whole, so that its headers can carry the cost; one that outgrows the bound streams
 * through. Only small ones are parsed: in others its members are looked for as they come. What cannot be
 * read is null, never a guess (I8).
 */
import type { Said } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { HeldBody } from '../../relay/held-body.ts';
import { JsonMembers } from '../../relay/json-members.ts';
import { JsonReader, jsonText } from '../../relay/json-text.ts';
import type { Answer, AnswerFault, AnswerLimits } from '../dialect.ts';
import type { Asked } from './asked.ts';
import { refusedFor } from './refused-for.ts';
import { saidIn } from './said.ts';
import { isPlainText, statesError } from './stated-error.ts';
import { StatedUsage } from './stated-usage.ts';
import { outputTokensMax } from './unshown-output.ts';
import { saysTooLittle, type UsageNote } from './usage-note.ts';
import { WrittenOutput } from './written-output.ts';

type Fields = Record<string, unknown>;

const WANTED = new Set([
  'id',
  'model',
  'usage',
  'usageMetadata',
  'usage_metadata',
  'x_groq',
  'error',
]);

export class JsonAnswer implements Answer {
  readonly hasToken = false;
  readonly tokensSeen = 0;
  readonly #body: HeldBody;
  readonly #limits: AnswerLimits;
  readonly #asked: Asked;
  readonly #usage: StatedUsage;
  /** Of a body that is not parsed whole. */
  #members: JsonMembers | undefined;
  #isRead = false;
  /** The whole answer; null: it is too large to be parsed, or is no JSON object. */
  #json: Fields | null = null;
  #written: WrittenOutput | undefined;
  #fault: AnswerFault | null = null;
  #model: string | null = null;
  #id: string | null = null;

  constructor(limits: AnswerLimits, asked: Asked) {
    this.#limits = limits;
    this.#asked = asked;
    this.#body = new HeldBody(limits.heldAnswerBytesMax, limits.answerTailBytes);
    this.#usage = new StatedUsage(asked.generates);
  }

  /** One that ends as an object does may have come to its end. */
  get progress(): 'open' | 'perhaps' {
    return this.#body.endsLikeJson ? 'perhaps' : 'open';
  }

  isWhole(): boolean {
    return this.#members?.isWhole ?? this.#body.isClosedJson();
  }

  push(chunk: Buffer): Buffer[] {
    const passed = this.#body.push(chunk);
    if (this.#members !== undefined) {
      this.#members.push(chunk);
      return passed;
    }
    if (this.#body.length <= this.#limits.parsedAnswerBytesMax && this.#body.isWhole) return passed;
    this.#members = new JsonMembers(WANTED, this.#limits.answerTailBytes);
    for (const bytes of passed) this.#members.push(bytes);
    for (const bytes of this.#body.end()) this.#members.push(bytes);
    return passed;
  }

  /** It is small enough to be read at once. */
  readOn(): boolean {
    this.#read();
    return false;
  }

  end(): Buffer[] {
    return this.#body.end();
  }

  quantities(): KnownQuantities | null {
    this.#read();
    const { quantities } = this.#usage;
    return quantities === null || this.#saysTooLittle(quantities) ? null : quantities;
  }

  usageNote(): UsageNote | null {
    this.#read();
    const { quantities, doubt } = this.#usage;
    if (doubt !== null || quantities === null) return doubt;
    return this.#saysTooLittle(quantities) ? 'usage_below_visible' : null;
  }

  /** An answer that was cut has no usage that could be read. */
  isUsageFinal(): boolean {
    return true;
  }

  fault(): AnswerFault | null {
    this.#read();
    return this.#fault;
  }

  whole(): Buffer | null {
    const { mayRepeat } = this.#asked;
    if (mayRepeat === null) return null;
    this.#read();
    if (this.#json === null || this.#fault !== null || !mayRepeat(this.#json)) return null;
    return this.#body.bytes();
  }

  refusedFor(): RefusedFor | null {
    this.#read();
    return this.#json === null ? null : refusedFor(this.#json);
  }

  said(): Said[] | null {
    this.#read();
    return this.#json === null || this.#fault !== null ? null : saidIn(this.#json);
  }

  model(): string | null {
    this.#read();
    return this.#model;
  }

  id(): string | null {
    this.#read();
    return this.#id;
  }

  outputText(): string | null {
    this.#read();
    return this.#json === null ? null : this.#output(this.#json).text;
  }

  outputTokensMax(): number | null {
    this.#read();
    if (this.#json === null || this.#fault !== null || this.#usage.said) return null;
    return outputTokensMax(this.#output(this.#json), this.#asked, this.#limits);
  }

  #saysTooLittle(quantities: KnownQuantities): boolean {
    const wrote = () => this.#json === null || this.#output(this.#json).pieces > 0;
    return saysTooLittle(quantities, this.#asked, wrote);
  }

  #output(json: Fields): WrittenOutput {
    if (this.#written === undefined) {
      this.#written = new WrittenOutput(this.#limits.estimateTextBytesMax);
      this.#written.read(json);
    }
    return this.#written;
  }

  #read(): void {
    if (this.#isRead) return;
    this.#isRead = true;
    if (this.#members !== undefined) return this.#readMembers(this.#members);
    const text = jsonText(this.#body.bytes());
    let json: unknown;
    try {
      json = new JsonReader().parse(text);
    } catch {
      if (text.trim() === '') this.#fault = 'nothing';
      else if (isPlainText(text)) this.#fault = 'error';
      return;
    }
    if (typeof json !== 'object' || json === null || Array.isArray(json)) return;
    this.#json = json as Fields;
    this.#readFields(this.#json);
  }

  #readFields(json: Fields): void {
    const { model, id, choices, data } = json;
    if (typeof model === 'string') this.#model = model;
    if (typeof id === 'string') this.#id = id;
    this.#usage.readAll(json);
    if (Array.isArray(choices) && choices.length > 1) this.#usage.ofSeveralChoices();
    if (statesError(json)) this.#fault = 'error';
    else if (!this.#usage.said && !hasAny(choices) && !hasAny(data)) {
      if (this.#output(json).pieces === 0) this.#fault = 'nothing';
    }
  }

  #readMembers(members: JsonMembers): void {
    for (const { name, value } of members.found()) {
      if (name === 'model' && typeof value === 'string') this.#model ??= value;
      else if (name === 'id' && typeof value === 'string') this.#id ??= value;
      else {
        const fields = { [name]: value };
        this.#usage.readAll(fields);
        if (statesError(fields)) this.#fault = 'error';
      }
    }
  }
}

function hasAny(list: unknown): boolean {
  return Array.isArray(list) && list.length > 0;
}
