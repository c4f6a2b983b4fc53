/**
 * A JSON answer: held whole, so that its headers can carry the cost; one that outgrows the bound streams
 * through. Only small ones are parsed: in others its members are looked for as they come. What cannot be
 * read is null, never a guess (I8).
 */
import type { Said } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { Answer, AnswerFault, AnswerLimits } from '../dialect.ts';
import { type Fields, HeldJson } from '../shared/held-json.ts';
import type { Asked } from './asked.ts';
import { refusedFor } from './refused-for.ts';
import { saidIn } from './said.ts';
import { isPlainText, statesError } from './stated-error.ts';
import { StatedUsage } from './stated-usage.ts';
import { outputTokensMax } from './unshown-output.ts';
import { saysTooLittle, type UsageNote } from './usage-note.ts';
import { WrittenOutput } from './written-output.ts';

const WANTED = new Set([
  'id',
  'model',
  'usage',
  'usageMetadata',
  'usage_metadata',
  'x_groq',
  'service_tier',
  'error',
]);

export class JsonAnswer implements Answer {
  readonly hasToken = false;
  readonly tokensSeen = 0;
  readonly #body: HeldJson;
  readonly #limits: AnswerLimits;
  readonly #asked: Asked;
  readonly #usage: StatedUsage;
  #isRead = false;
  /** The whole answer; null: it is too large to be parsed, or is no JSON object. */
  #json: Fields | null = null;
  #written: WrittenOutput | undefined;
  #fault: AnswerFault | null = null;
  #model: string | null = null;
  #id: string | null = null;
  #tier: string | null = null;

  constructor(limits: AnswerLimits, asked: Asked) {
    this.#limits = limits;
    this.#asked = asked;
    this.#body = new HeldJson(limits, WANTED);
    this.#usage = new StatedUsage(asked.generates);
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

  serviceTier(): string | null {
    this.#read();
    return this.#tier;
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
    const read = this.#body.read();
    if (read.kind === 'members') this.#readMembers(read.found);
    else if (read.kind === 'object') {
      this.#json = read.fields;
      this.#readFields(read.fields);
    } else if (read.text.trim() === '') this.#fault = 'nothing';
    else if (isPlainText(read.text)) this.#fault = 'error';
  }

  #readFields(json: Fields): void {
    const { model, id, choices, data, service_tier: tier } = json;
    if (typeof tier === 'string') this.#tier = tier;
    if (typeof model === 'string') this.#model = model;
    if (typeof id === 'string') this.#id = id;
    this.#usage.readAll(json);
    if (Array.isArray(choices) && choices.length > 1) this.#usage.ofSeveralChoices();
    if (statesError(json)) this.#fault = 'error';
    else if (!this.#usage.said && !hasAny(choices) && !hasAny(data)) {
      if (this.#output(json).pieces === 0) this.#fault = 'nothing';
    }
  }

  #readMembers(found: readonly { name: string; value: unknown }[]): void {
    for (const { name, value } of found) {
      if (name === 'model' && typeof value === 'string') this.#model ??= value;
      else if (name === 'id' && typeof value === 'string') this.#id ??= value;
      else if (name === 'service_tier' && typeof value === 'string') this.#tier = value;
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
