/**
 * A stream of chunks: they pass as they come, and the usage is read on the side. `[DONE]` and what
 * follows wait for the usage event (I9). Stripped is only the chunk that our own `include_usage`
 * caused (I11).
 */
import type { Said } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import { type EventReader, type EventVerdict, SseRelay } from '../../relay/sse-relay.ts';
import type { Answer, AnswerFault, AnswerLimits } from '../dialect.ts';
import { EventJson } from '../shared/event-json.ts';
import type { Asked } from './asked.ts';
import { ChunkRecording } from './cached/chunk-recording.ts';
import { saidIn } from './said.ts';
import { statesError } from './stated-error.ts';
import { StatedUsage } from './stated-usage.ts';
import { outputTokensMax } from './unshown-output.ts';
import { saysTooLittle, type UsageNote } from './usage-note.ts';
import { WrittenOutput } from './written-output.ts';

const DONE = '[DONE]';
/**
 * Characters of visible text per token: more are in a token here and there, and not in all. A figure
 * that stays the same while text comes, and is below this, is what each chunk used for itself.
 */
const TOKEN_LENGTH_MAX = 16;

type Chunk = Record<string, unknown>;

export class StreamAnswer implements Answer, EventReader {
  readonly #asked: Asked;
  readonly #limits: AnswerLimits;
  readonly #relay: SseRelay;
  readonly #json: EventJson;
  #isDone = false;
  readonly #usage: StatedUsage;
  readonly #written: WrittenOutput;
  /** Of an answer that may be given again. */
  readonly #recording: ChunkRecording | undefined;
  /** The total came in a chunk of its own. */
  #usageFinal = false;
  /** More was written behind the total. */
  #usageStale = false;
  /** The same total came again behind more text. */
  #usageStays = false;
  #fault: AnswerFault | null = null;
  #model: string | null = null;
  #id: string | null = null;
  #tier: string | null = null;

  constructor(limits: AnswerLimits, asked: Asked) {
    this.#asked = asked;
    this.#limits = limits;
    this.#relay = new SseRelay(this, limits.sseEventBytesMax);
    this.#json = new EventJson(limits.sseEventValuesMax);
    this.#usage = new StatedUsage(asked.generates);
    this.#written = new WrittenOutput(limits.estimateTextBytesMax);
    if (asked.mayRepeat !== null || asked.isJudged === true) {
      this.#recording = new ChunkRecording(limits.cachedAnswerBytesMax);
    }
  }

  get progress(): 'open' | 'perhaps' | 'done' {
    if (!this.#isDone) return this.#relay.isLineOpen ? 'perhaps' : 'open';
    return this.#relay.isHeldEventWhole ? 'done' : 'perhaps';
  }

  /** `[DONE]` has come, be it without the end of its line. */
  isWhole(): boolean {
    return this.#isDone || isDone(this.#relay.unended() ?? '');
  }

  get hasToken(): boolean {
    return this.#written.pieces > 0;
  }

  get tokensSeen(): number {
    return this.#written.tokens;
  }

  push(chunk: Buffer): Buffer[] {
    return this.#relay.push(chunk);
  }

  /** All but what has no end is read as it comes. */
  readOn(): boolean {
    this.#relay.readUnended();
    return false;
  }

  end(): Buffer[] {
    return this.#relay.end();
  }

  quantities(): KnownQuantities | null {
    this.#relay.readUnended();
    return this.#note() === null ? this.#usage.quantities : null;
  }

  usageNote(): UsageNote | null {
    this.#relay.readUnended();
    return this.#note();
  }

  /**
   * The total comes in a chunk of its own, without choices, when they say that they have ended; any
   * other may be what was used so far.
   */
  isUsageFinal(): boolean {
    this.#relay.readUnended();
    return this.#usageFinal && !this.#usageStale;
  }

  fault(): AnswerFault | null {
    this.#relay.readUnended();
    if (this.#fault !== null) return this.#fault;
    const { answered, pieces } = this.#written;
    return answered || pieces > 0 || this.#usage.said ? null : 'nothing';
  }

  whole(): Buffer | null {
    if (this.#recording === undefined || this.fault() !== null) return null;
    return this.#recording.body();
  }

  said(): Said[] | null {
    const whole = this.fault() === null ? this.#recording?.assembled() : null;
    return whole == null ? null : saidIn(whole);
  }

  model(): string | null {
    return this.#model;
  }

  id(): string | null {
    return this.#id;
  }

  serviceTier(): string | null {
    this.#relay.readUnended();
    return this.#tier;
  }

  outputText(): string | null {
    this.#relay.readUnended();
    return this.#written.text;
  }

  /** It began as an answer. */
  refusedFor(): null {
    return null;
  }

  outputTokensMax(): number | null {
    if (this.fault() !== null || this.#usage.said) return null;
    return outputTokensMax(this.#written, this.#asked, this.#limits);
  }

  read(data: string): EventVerdict | 'part' {
    if (isDone(data)) {
      this.#isDone = true;
      this.#recording?.end();
      return 'hold';
    }
    const chunk: Chunk | null = this.#json.parse(data);
    if (chunk === null) return 'part';
    const { model, id, choices, usage, service_tier: tier } = chunk;
    if (typeof tier === 'string') this.#tier = tier;
    if (typeof model === 'string') this.#model ??= model;
    if (typeof id === 'string') this.#id ??= id;
    const isError = statesError(chunk);
    if (isError) this.#fault = 'error';
    const isAlone = Array.isArray(choices) && choices.length === 0 && !isError;
    const before = this.#written.pieces;
    this.#written.read(chunk);
    this.#recording?.read(chunk);
    const wrote = this.#written.pieces !== before;
    this.#readUsage(chunk, isAlone, wrote);
    const isOurs = isAlone && typeof usage === 'object' && usage !== null;
    return isOurs && this.#asked.stripsUsageChunk ? 'drop' : 'pass';
  }

  onUnread(): void {
    this.#written.unreadable();
    this.#recording?.spoil();
    this.#usageStale = true;
  }

  #readUsage(chunk: Chunk, isAlone: boolean, wrote: boolean): void {
    const { completion } = this.#usage;
    const behindText = wrote || this.#usageStale;
    if (!this.#usage.readAll(chunk)) {
      if (wrote) this.#usageStale = true;
      return;
    }
    this.#usageStays ||= behindText && completion > 0 && completion === this.#usage.completion;
    this.#usageFinal = isAlone && this.#written.finished;
    this.#usageStale = false;
  }

  #note(): UsageNote | null {
    if (this.#written.severalChoices) this.#usage.ofSeveralChoices();
    const { quantities, doubt, completion } = this.#usage;
    if (doubt !== null || quantities === null) return doubt;
    if (this.#usageStale) return 'usage_not_final';
    if (this.#usageStays && this.#written.length > completion * TOKEN_LENGTH_MAX) {
      return 'usage_contradictory';
    }
    const wrote = () => this.#written.pieces > 0;
    return saysTooLittle(quantities, this.#asked, wrote) ? 'usage_below_visible' : null;
  }
}

function isDone(data: string): boolean {
  return data.trim() === DONE;
}
