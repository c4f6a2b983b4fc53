/**
 * What a model wrote, as far as an answer shows it: what an estimate of the output is made of. A member
 * that may hold text, and that nobody here knows, makes the whole unread: it is not zero. Whether it is
 * all that was generated, as it was written, is another question: `shown` is the answer.
 */
import { holdsText, isDeep, isFields, saysNothing, textOf } from './answer-text.ts';
import { LISTED_TIERS } from './listed-tiers.ts';

type Fields = Record<string, unknown>;

/** Characters of a token of plain text, on average. */
const TOKEN_LENGTH = 4;

export class WrittenOutput {
  readonly #textBytesMax: number;
  #texts: string[] = [];
  #length = 0;
  #pieces = 0;
  #tokens = 0;
  #choices = 0;
  #finished = false;
  #severalChoices = false;
  #readable = true;
  /** By the model's own decision, so that nothing was cut off or taken away. */
  #ended = false;
  /** Nothing tells of more than is shown. */
  #isAll = true;
  /** Calls of tools. */
  #calls = 0;

  /** @param textBytesMax beyond it nothing is kept, and the text is not known */
  constructor(textBytesMax: number) {
    this.#textBytesMax = textBytesMax;
  }

  /** All of it; null if a part of it could not be read or kept. */
  get text(): string | null {
    return this.#readable ? this.#texts.join('') : null;
  }

  /**
   * What was generated as far as it is shown, in bytes of text and calls of tools; null if there may be
   * more of it: reasoning, several answers, an end that the model has not chosen, a text that was put
   * together again, a figure that nobody here knows.
   */
  get shown(): { bytes: number; calls: number } | null {
    const { text } = this;
    // seam: answer-shows-all
    if (text === null || !this.#isAll || !this.#ended || this.#severalChoices) return null;
    return { bytes: Buffer.byteLength(text), calls: this.#calls };
  }

  /** Characters of what was read. */
  get length(): number {
    return this.#length;
  }

  /** About how many tokens were read: a piece is one at least, and some servers gather many in one. */
  get tokens(): number {
    return this.#tokens;
  }

  /** How many pieces were written, whether or not they could be read. */
  get pieces(): number {
    return this.#pieces;
  }

  /** Choices were answered, with text or without. */
  get answered(): boolean {
    return this.#choices > 0;
  }

  /** A choice says why it has ended. */
  get finished(): boolean {
    return this.#finished;
  }

  /** More than one answer to the one question. */
  get severalChoices(): boolean {
    return this.#severalChoices;
  }

  /** Something is there that nobody can read. */
  unreadable(): void {
    this.#pieces++;
    this.#readable = false;
    this.#texts.length = 0;
  }

  /** @param fields a whole answer, or a chunk of a stream */
  read(fields: Fields): void {
    for (const name in fields) {
      switch (name) {
        case 'choices':
          this.#readChoices(fields[name]);
          break;
        case 'id':
        case 'object':
        case 'created':
        case 'model':
        case 'system_fingerprint':
          break;
        case 'service_tier':
          // At another tier it costs more than what was held by.
          if (!LISTED_TIERS.has(fields[name])) this.#isAll = false;
          break;
        case 'timings':
        case 'time_info':
          this.#mayBeMore(fields[name]);
          break;
        default:
          if (!NO_TEXT_IN_ANSWER.has(name)) this.#skip(fields[name]);
      }
    }
  }

  /** A member that nobody here knows. */
  #skip(value: unknown): void {
    if (holdsText(value)) this.unreadable();
    else this.#mayBeMore(value);
  }

  /** What says anything in such a place may tell of tokens that nobody sees. */
  #mayBeMore(value: unknown): void {
    if (!saysNothing(value)) this.#isAll = false;
  }

  #readChoices(choices: unknown): void {
    if (choices === null) return;
    if (!Array.isArray(choices)) return this.#skip(choices);
    if (choices.length > 1) this.#severalChoices = true;
    for (const choice of choices as unknown[]) {
      if (isFields(choice)) this.#readChoice(choice);
      else this.#skip(choice);
    }
  }

  #readChoice(choice: Fields): void {
    this.#choices++;
    for (const name in choice) {
      const value = choice[name];
      switch (name) {
        case 'delta':
        case 'message':
          if (name === 'message' && this.#length > 0) this.#add('\n');
          if (isFields(value)) this.#readPart(value);
          else this.#skip(value);
          break;
        case 'text':
          this.#addText(value);
          break;
        case 'index':
          if (value !== 0 && value !== null) this.#severalChoices = true;
          break;
        case 'finish_reason':
          if (typeof value === 'string') this.#finished = true;
          if (CHOSEN_ENDS.has(value)) this.#ended = true;
          else this.#mayBeMore(value);
          break;
        case 'logprobs':
          break;
        case 'token_ids':
          this.#mayBeMore(value);
          break;
        default:
          if (!NO_TEXT_IN_CHOICE.has(name)) this.#skip(value);
      }
    }
  }

  /** @param part a choice's `message`, or its `delta` in a stream */
  #readPart(part: Fields): void {
    let thoughts: string | null = null;
    for (const name in part) {
      const value = part[name];
      switch (name) {
        case 'content':
        case 'refusal':
          this.#addText(value);
          break;
        case 'role':
          break;
        case 'annotations':
          // Of a search, whose finds were read too.
          this.#mayBeMore(value);
          break;
        case 'tool_calls':
          this.#addCalls(value);
          break;
        case 'function_call':
          this.#addCall(value);
          break;
        case 'audio':
          this.#addText(value);
          break;
        case 'reasoning_content':
        case 'reasoning':
        case 'reasoning_details':
        case 'thinking':
        case 'thinking_blocks':
          // Many servers state the same thought under two names.
          thoughts = this.#addThoughts(value, thoughts);
          this.#mayBeMore(value);
          break;
        default:
          if (!NO_TEXT_IN_PART.has(name)) this.#skip(value);
      }
    }
  }

  #addThoughts(value: unknown, before: string | null): string | null {
    const text = textOf(value);
    if (text === null) this.unreadable();
    else if (text !== before) this.#add(text);
    return text ?? before;
  }

  #addCalls(calls: unknown): void {
    if (!Array.isArray(calls)) return this.#skip(calls);
    for (const call of calls as unknown[]) {
      if (!isFields(call)) {
        this.#skip(call);
        continue;
      }
      for (const name in call) {
        if (name === 'function' || name === 'custom') this.#addCall(call[name]);
        else if (!NO_TEXT_IN_CALL.has(name)) this.#skip(call[name]);
      }
    }
  }

  /** In a stream the name comes with the first piece of the arguments. */
  #addCall(called: unknown): void {
    if (!isFields(called)) return this.#skip(called);
    for (const name in called) {
      const value = called[name];
      if (!CALLED.has(name)) {
        this.#skip(value);
      } else if (typeof value === 'string') {
        if (name === 'name' && value !== '') this.#calls++;
        this.#add(value);
      } else if (typeof value === 'object' && value !== null) {
        // The model has written it with other spaces.
        this.#isAll = false;
        if (isDeep(value)) this.unreadable();
        else this.#add(JSON.stringify(value));
      }
    }
    // The first piece of a call has its name.
    if (this.#calls === 0) this.#isAll = false;
  }

  #addText(value: unknown): void {
    // There are several kinds of parts, and some are thoughts.
    if (typeof value !== 'string') this.#mayBeMore(value);
    const text = textOf(value);
    if (text === null) this.unreadable();
    else this.#add(text);
  }

  #add(text: string): void {
    if (text === '') return;
    this.#pieces++;
    this.#length += text.length;
    this.#tokens += Math.max(1, text.length / TOKEN_LENGTH);
    if (!this.#readable) return;
    if (this.#length > this.#textBytesMax) this.unreadable();
    else this.#texts.push(text);
  }
}

/** Ends that a model chooses. Not a limit: then that limit is what was generated; nor a filter. */
const CHOSEN_ENDS: ReadonlySet<unknown> = new Set(['stop', 'tool_calls', 'function_call']);

const CALLED: ReadonlySet<string> = new Set(['name', 'arguments', 'input']);
const NO_TEXT_IN_CALL: ReadonlySet<string> = new Set(['id', 'index', 'type']);
/** Ids, counts and verdicts: the model has not written them. */
const NO_TEXT_IN_PART: ReadonlySet<string> = new Set([
  ...['id', 'index', 'name', 'tool_call_id', 'usage'],
]);
const NO_TEXT_IN_CHOICE: ReadonlySet<string> = new Set([
  ...['native_finish_reason', 'stop_reason', 'matched_stop', 'seed', 'usage', 'error'],
  ...['content_filter_results', 'content_filter_result', 'content_filter_offsets'],
  ...['prompt_token_ids', 'prompt_logprobs'],
]);
const NO_TEXT_IN_ANSWER: ReadonlySet<string> = new Set([
  // What OpenAI pads chunks with, against listeners who measure them.
  'obfuscation',
  ...['provider', 'request_id', 'created_at', 'error', 'nonce'],
  ...['usage', 'usageMetadata', 'usage_metadata', 'x_groq'],
  ...['prompt_filter_results', 'prompt_logprobs', 'prompt_token_ids', 'kv_transfer_params'],
]);
