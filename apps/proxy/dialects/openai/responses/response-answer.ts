/** A whole answer of the Responses API, or an error in its place. */
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { Answer, AnswerFault, AnswerLimits, StoredParts } from '../../dialect.ts';
import { type Fields, HeldJson } from '../../shared/held-json.ts';
import { textOf } from '../answer-text.ts';
import type { Asked } from '../asked.ts';
import { refusedFor } from '../refused-for.ts';
import { isPlainText } from '../stated-error.ts';
import type { UsageNote } from '../usage-note.ts';
import { ResponseReading } from './response-reading.ts';

const WANTED = new Set([
  ...['id', 'model', 'usage', 'error', 'status', 'service_tier', 'tool_usage', 'object'],
]);

export class ResponseAnswer implements Answer {
  readonly hasToken = false;
  readonly tokensSeen = 0;
  readonly states = { searches: true };
  readonly #body: HeldJson;
  readonly #textBytesMax: number;
  readonly #reading: ResponseReading;
  #isRead = false;
  /** null: it is too large to be parsed, or is no JSON object. */
  #json: Fields | null = null;
  #fault: AnswerFault | null = null;

  constructor(limits: AnswerLimits, asked: Asked) {
    this.#body = new HeldJson(limits, WANTED);
    this.#textBytesMax = limits.estimateTextBytesMax;
    this.#reading = new ResponseReading(asked);
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

  goesOn(): boolean {
    return this.#read().goesOn;
  }

  quantities(): KnownQuantities | null {
    const reading = this.#read();
    return reading.goesOn ? null : reading.quantities(false);
  }

  usageNote(): UsageNote | null {
    const reading = this.#read();
    return reading.goesOn ? 'response_goes_on' : reading.note(false);
  }

  unpricedBy(): string | null {
    return this.#read().feeUnstated();
  }

  serviceTier(): string | null {
    return this.#read().serviceTier;
  }

  /** An answer that was cut has no usage that could be read. */
  isUsageFinal(): boolean {
    return true;
  }

  fault(): AnswerFault | null {
    const { fault } = this.#read();
    return this.#fault ?? fault;
  }

  whole(): null {
    return null;
  }

  refusedFor(): RefusedFor | null {
    this.#read();
    return this.#json === null ? null : refusedFor(this.#json);
  }

  said(): null {
    return null;
  }

  storedIds(keeps: StoredParts['keeps']): string[] {
    return this.#read().storedIds(keeps);
  }

  model(): string | null {
    return this.#read().model;
  }

  id(): string | null {
    return this.#read().id;
  }

  /** Null where more was written than is shown. */
  outputText(): string | null {
    const { hidesOutput } = this.#read();
    if (this.#json === null || hidesOutput) return null;
    const { output } = this.#json;
    const items = Array.isArray(output) ? (output as unknown[]) : [];
    const texts = items.map(textOfItem);
    const text = texts.includes(null) ? null : texts.join('');
    return text === null || text.length > this.#textBytesMax ? null : text;
  }

  outputTokensMax(): null {
    return null;
  }

  #read(): ResponseReading {
    if (this.#isRead) return this.#reading;
    this.#isRead = true;
    const read = this.#body.read();
    if (read.kind === 'object') {
      this.#json = read.fields;
      this.#reading.readEnd(read.fields);
      const { hasOutput, saidUsage, goesOn } = this.#reading;
      // seam: what-goes-on-is-no-empty-answer
      if (!hasOutput && !saidUsage && !goesOn) this.#fault = 'nothing';
    } else if (read.kind === 'members') {
      this.#reading.skipItems();
      this.#reading.readEnd(Object.fromEntries(read.found.map(({ name, value }) => [name, value])));
    } else if (read.text.trim() === '') this.#fault = 'nothing';
    else if (isPlainText(read.text)) this.#fault = 'error';
    return this.#reading;
  }
}

/** Null: there is more in it than text. */
function textOfItem(item: unknown): string | null {
  if (typeof item !== 'object' || item === null) return '';
  const { type, content, name, arguments: args, input } = item as Fields;
  if (type === 'message') return textOf(content);
  return [name, args, input].filter((text) => typeof text === 'string').join('');
}
