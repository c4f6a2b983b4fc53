/**
 * An answer of a provider of another dialect. The provider's own reader meters its bytes; those that it lets
 * pass are translated, and those that it holds until the usage event is durable wait with it (I9). What
 * cannot be told the client is an error, and never left out of an answer that looks whole.
 */
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { Answer, AnswerFault, AnswerHeaders, AnswerLimits } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import { isEvents, packingOf } from '../relay/body-kind.ts';
import { GrowingBytes } from '../relay/growing-bytes.ts';
import { hasMoreValues, jsonText } from '../relay/json-text.ts';
import { PackedBody } from '../relay/packed-body.ts';
import { SseRelay } from '../relay/sse-relay.ts';
import { type AnswerEvent, type AnswerUsage, usageOf } from './answer-events.ts';
import type { AnswerAsked, Codec, StreamReader, StreamWriter } from './codec.ts';
import { exactJson, isObject } from './exact-json.ts';

type Pair = { from: Codec; to: Codec; asked: AnswerAsked };
type Head = {
  headers: AnswerHeaders;
  limits: AnswerLimits;
  /** The first bytes of its body. */
  first: Buffer;
  status: number | null;
};

const NOTHING: Buffer[] = [];
/**
 * A whole answer is parsed in one turn of the event loop, bytes: 2 MB of text take some 10 ms, and no model
 * writes as much in one answer.
 */
const WHOLE_BYTES_MAX = 2 * 1024 * 1024;
/** Of what is no JSON, a client is told so many characters. */
const SHOWN_TEXT_LENGTH_MAX = 500;

export class TranslatedAnswer implements Answer {
  readonly #inner: Answer;
  readonly #pair: Pair;
  readonly #head: Head;
  /** Of a stream; null: it is whole, or an error. */
  readonly #stream: TranslatedStream | null;
  /** Of what is no stream. */
  #body: GrowingBytes | null = new GrowingBytes();
  /** Of one that came packed although nobody asked for that. */
  readonly #packed: PackedBody | null = null;
  readonly #isStream: boolean;
  #untold: Refusal | null = null;

  constructor(inner: Answer, pair: Pair, head: Head) {
    this.#inner = inner;
    this.#pair = pair;
    this.#head = head;
    const { headers, limits, first, status } = head;
    const packing = packingOf(headers['content-encoding'], first);
    this.#isStream = isEvents(headers['content-type'], packing === null ? first : Buffer.alloc(0));
    if (packing !== null) this.#packed = new PackedBody(packing, this.#isStream, limits);
    const isStream = packing === null && this.#isStream && (status ?? 200) < 400;
    this.#stream = isStream ? new TranslatedStream(pair, limits) : null;
  }

  get progress(): Answer['progress'] {
    return this.#inner.progress;
  }

  get hasToken(): boolean {
    return this.#inner.hasToken;
  }

  get tokensSeen(): number {
    return this.#inner.tokensSeen;
  }

  get states(): NonNullable<Answer['states']> {
    return this.#inner.states ?? {};
  }

  push(chunk: Buffer): Buffer[] {
    this.#packed?.push(chunk);
    const passed = this.#inner.push(chunk);
    if (this.#packed !== null) return NOTHING;
    if (this.#stream !== null) return this.#stream.push(passed);
    for (const bytes of passed) this.#keep(bytes);
    return NOTHING;
  }

  #keep(bytes: Buffer): void {
    if (this.#body === null) return;
    if (this.#body.length + bytes.length > WHOLE_BYTES_MAX) this.#body = null;
    else this.#body.append(bytes);
  }

  readOn(): boolean {
    return this.#inner.readOn();
  }

  end(): Buffer[] {
    const last = this.#inner.end();
    const usage = this.#usage();
    if (this.#stream !== null) return this.#stream.end(last, usage);
    if (this.#packed === null) for (const bytes of last) this.#keep(bytes);
    const bytes = this.#packed === null ? this.#body?.view() : this.#packed.unpacked();
    const isTooLarge = bytes == null || (!this.#isStream && bytes.length > WHOLE_BYTES_MAX);
    if (isTooLarge) return this.#fail('is larger than what can be translated');
    return this.#isStream ? this.#wholeStream(bytes, usage) : this.#whole(bytes, usage);
  }

  /** It came packed, so it was read at its end. */
  #wholeStream(bytes: Buffer, usage: AnswerUsage | null): Buffer[] {
    const stream = new TranslatedStream(this.#pair, this.#head.limits);
    return [...stream.push([bytes]), ...stream.end([], usage)];
  }

  #whole(bytes: Buffer, usage: AnswerUsage | null): Buffer[] {
    const { from, to, asked } = this.#pair;
    const status = this.#head.status ?? 200;
    const text = jsonText(bytes);
    const { sseEventValuesMax: valuesMax } = this.#head.limits;
    if (hasMoreValues(text, valuesMax)) return this.#fail('has more values than can be translated');
    const answer = jsonOf(text);
    const fields = isObject(answer) ? answer : null;
    const error = fields === null ? null : to.readError(fields);
    if (error !== null || status >= 400) {
      const message = text.slice(0, SHOWN_TEXT_LENGTH_MAX);
      const stated = status < 400 ? null : status;
      return [json(from.writeError(error ?? { message, code: null }, stated))];
    }
    if (fields === null) return this.#fail('is no JSON object');
    const events = to.readWhole(fields);
    const unknown = events.find((event) => event.kind === 'unknown');
    // seam: what-cannot-be-told-is-an-error
    if (unknown !== undefined) return this.#fail(`has ${unknown.what}`);
    return [json(from.writeWhole(events, usage, asked))];
  }

  #fail(what: string): Buffer[] {
    this.#untold = untoldAnswer(what);
    return NOTHING;
  }

  /** What the meter has found. */
  #usage(): AnswerUsage | null {
    const quantities = this.#inner.quantities();
    return quantities === null ? null : usageOf(quantities);
  }

  untold(): Refusal | null {
    return this.#untold;
  }

  isWhole(): boolean {
    return this.#inner.isWhole();
  }

  quantities(): KnownQuantities | null {
    return this.#inner.quantities();
  }

  isUsageFinal(): boolean {
    return this.#inner.isUsageFinal();
  }

  usageNote(): string | null {
    return this.#inner.usageNote();
  }

  fault(): AnswerFault | null {
    return this.#inner.fault();
  }

  refusedFor(): RefusedFor | null {
    return this.#inner.refusedFor();
  }

  model(): string | null {
    return this.#inner.model();
  }

  id(): string | null {
    return this.#inner.id();
  }

  outputText(): string | null {
    return this.#inner.outputText();
  }

  outputTokensMax(): number | null {
    return this.#inner.outputTokensMax();
  }

  serviceTier(): string | null {
    return this.#inner.serviceTier?.() ?? null;
  }

  unpricedBy(): string | null {
    return this.#inner.unpricedBy?.() ?? null;
  }

  whole(): null {
    return null;
  }

  said(): null {
    return null;
  }
}

/** A stream, event by event. */
class TranslatedStream {
  readonly #reader: StreamReader;
  readonly #writer: StreamWriter;
  readonly #events: SseRelay;
  #out = '';
  /** An error was told: nothing that looks whole follows. */
  #hasFailed = false;
  readonly #inputLengthMax: number;
  readonly #valuesMax: number;
  /** Of the call that is open. */
  #inputLength = 0;

  constructor({ from, to, asked }: Pair, limits: AnswerLimits) {
    this.#reader = to.openReader();
    this.#writer = from.openWriter(asked);
    const read = (data: string) => this.#read(data);
    const onUnread = () => this.#fail('has an event that cannot be read');
    this.#events = new SseRelay({ read, onUnread }, limits.sseEventBytesMax);
    this.#inputLengthMax = limits.heldAnswerBytesMax;
    this.#valuesMax = limits.sseEventValuesMax;
  }

  push(chunks: readonly Buffer[]): Buffer[] {
    for (const chunk of chunks) this.#events.push(chunk);
    return this.#taken();
  }

  end(last: readonly Buffer[], usage: AnswerUsage | null): Buffer[] {
    for (const chunk of last) this.#events.push(chunk);
    this.#events.readUnended();
    // seam: failed-stream-has-no-end
    if (!this.#hasFailed) this.#out += this.#writer.end(usage);
    return this.#taken();
  }

  #taken(): Buffer[] {
    if (this.#out === '') return NOTHING;
    const bytes = Buffer.from(this.#out);
    this.#out = '';
    return [bytes];
  }

  #read(data: string): 'drop' | 'part' {
    if (data.trim() === '') return 'drop';
    if (hasMoreValues(data, this.#valuesMax)) {
      this.#fail('has an event with too many values');
      return 'drop';
    }
    const events = this.#reader.read(data);
    if (events === null) return 'part';
    for (const event of events) this.#write(event);
    return 'drop';
  }

  #write(event: AnswerEvent): void {
    if (this.#hasFailed) return;
    if (event.kind === 'unknown') return this.#fail(`has ${event.what}`);
    if (event.kind === 'call') this.#inputLength = 0;
    if (event.kind === 'input') this.#inputLength += event.json.length;
    // Some dialects say a call at once: it waits until it is whole.
    if (this.#inputLength > this.#inputLengthMax) return this.#fail('has a call that is too large');
    this.#out += this.#writer.write(event);
    if (event.kind === 'error') this.#hasFailed = true;
  }

  #fail(what: string): void {
    if (this.#hasFailed) return;
    this.#hasFailed = true;
    const { message } = untoldAnswer(what);
    this.#out += this.#writer.write({ kind: 'error', error: { message, code: UNTOLD } });
  }
}

const UNTOLD = 'answer_not_translatable';

function untoldAnswer(what: string): Refusal & { message: string } {
  const message = `The provider's answer ${what}, which this API has no words for. It was paid for.`;
  return { code: UNTOLD, message };
}

/** Null: it is none. */
function jsonOf(text: string): unknown {
  try {
    return exactJson(text);
  } catch {
    return null;
  }
}

function json(fields: object): Buffer {
  return Buffer.from(JSON.stringify(fields));
}
