/**
 * What a model wrote, as far as an answer shows it: what an estimate of the output is made of. A member
 * that may hold text, and that nobody here knows, makes the whole unread: it is not zero.
 */

type Fields = Record<string, unknown>;

export class WrittenOutput {
  readonly #textBytesMax: number;
  #texts: string[] = [];
  #length = 0;
  #pieces = 0;
  #choices = 0;
  #finished = false;
  #severalChoices = false;
  #readable = true;

  /** @param textBytesMax beyond it nothing is kept, and the text is not known */
  constructor(textBytesMax: number) {
    this.#textBytesMax = textBytesMax;
  }

  /** All of it; null if a part of it could not be read or kept. */
  get text(): string | null {
    return this.#readable ? this.#texts.join('') : null;
  }

  /** Characters of what was read. */
  get length(): number {
    return this.#length;
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
        case 'service_tier':
          break;
        default:
          if (!NO_TEXT_IN_ANSWER.has(name) && holdsText(fields[name])) this.unreadable();
      }
    }
  }

  #readChoices(choices: unknown): void {
    if (choices === null) return;
    if (!Array.isArray(choices)) {
      if (holdsText(choices)) this.unreadable();
      return;
    }
    if (choices.length > 1) this.#severalChoices = true;
    for (const choice of choices as unknown[]) {
      if (isFields(choice)) this.#readChoice(choice);
      else if (holdsText(choice)) this.unreadable();
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
          else if (holdsText(value)) this.unreadable();
          break;
        case 'text':
          this.#addText(value);
          break;
        case 'index':
          if (value !== 0 && value !== null) this.#severalChoices = true;
          break;
        case 'finish_reason':
          if (typeof value === 'string') this.#finished = true;
          break;
        case 'logprobs':
          break;
        default:
          if (!NO_TEXT_IN_CHOICE.has(name) && holdsText(value)) this.unreadable();
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
        case 'annotations':
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
          break;
        default:
          if (!NO_TEXT_IN_PART.has(name) && holdsText(value)) this.unreadable();
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
    if (!Array.isArray(calls)) {
      if (holdsText(calls)) this.unreadable();
      return;
    }
    for (const call of calls as unknown[]) {
      if (!isFields(call)) {
        if (holdsText(call)) this.unreadable();
        continue;
      }
      for (const name in call) {
        if (name === 'function' || name === 'custom') this.#addCall(call[name]);
        else if (!NO_TEXT_IN_CALL.has(name) && holdsText(call[name])) this.unreadable();
      }
    }
  }

  /** In a stream the name comes with the first piece of the arguments. */
  #addCall(called: unknown): void {
    if (!isFields(called)) {
      if (holdsText(called)) this.unreadable();
      return;
    }
    for (const name in called) {
      const value = called[name];
      if (!CALLED.has(name)) {
        if (holdsText(value)) this.unreadable();
      } else if (typeof value === 'string') {
        this.#add(value);
      } else if (typeof value === 'object' && value !== null) {
        if (isDeep(value)) this.unreadable();
        else this.#add(JSON.stringify(value));
      }
    }
  }

  #addText(value: unknown): void {
    const text = textOf(value);
    if (text === null) this.unreadable();
    else this.#add(text);
  }

  #add(text: string): void {
    if (text === '') return;
    this.#pieces++;
    this.#length += text.length;
    if (!this.#readable) return;
    if (this.#length > this.#textBytesMax) this.unreadable();
    else this.#texts.push(text);
  }
}

const CALLED: ReadonlySet<string> = new Set(['name', 'arguments', 'input']);
const NO_TEXT_IN_CALL: ReadonlySet<string> = new Set(['id', 'index', 'type']);
/** Ids, counts and verdicts: the model has not written them. */
const NO_TEXT_IN_PART: ReadonlySet<string> = new Set([
  ...['id', 'index', 'name', 'tool_call_id', 'usage'],
]);
const NO_TEXT_IN_CHOICE: ReadonlySet<string> = new Set([
  ...['native_finish_reason', 'stop_reason', 'matched_stop', 'seed', 'usage', 'error'],
  ...['content_filter_results', 'content_filter_result', 'content_filter_offsets'],
  ...['token_ids', 'prompt_token_ids', 'prompt_logprobs'],
]);
const NO_TEXT_IN_ANSWER: ReadonlySet<string> = new Set([
  // What OpenAI pads chunks with, against listeners who measure them.
  'obfuscation',
  ...['provider', 'request_id', 'created_at', 'error', 'nonce', 'timings', 'time_info'],
  ...['usage', 'usageMetadata', 'usage_metadata', 'x_groq'],
  ...['prompt_filter_results', 'prompt_logprobs', 'prompt_token_ids', 'kv_transfer_params'],
]);

/** Members of a content part, or of a thought, that hold its text. */
const TEXT_MEMBERS: ReadonlySet<string> = new Set([
  ...['text', 'content', 'refusal', 'thinking', 'reasoning', 'summary', 'transcript'],
]);
const NO_TEXT_IN_MEMBER: ReadonlySet<string> = new Set([
  ...['type', 'id', 'index', 'format', 'signature', 'annotations', 'expires_at', 'cache_control'],
]);

/**
 * Levels of an answer that are looked through; no provider nests what a model writes so deeply. A value
 * of twenty thousand levels ends a recursion by an exception, and the call would never end.
 */
const LEVELS_MAX = 64;

/** The text of a part or of a list of parts; null if there is more in it than text. */
function textOf(value: unknown, level = 0): string | null {
  if (typeof value === 'string') return value;
  if (level >= LEVELS_MAX) return holdsText(value, level) ? null : '';
  if (Array.isArray(value)) return joined(value.map((part) => textOf(part, level + 1)));
  if (!isFields(value)) return '';
  const texts: (string | null)[] = [];
  for (const name in value) {
    if (TEXT_MEMBERS.has(name)) texts.push(textOf(value[name], level + 1));
    else if (!NO_TEXT_IN_MEMBER.has(name) && holdsText(value[name], level + 1)) return null;
  }
  return joined(texts);
}

function joined(texts: readonly (string | null)[]): string | null {
  return texts.includes(null) ? null : texts.join('');
}

/** Whether there may be text in a value: in numbers and flags there is none. */
function holdsText(value: unknown, level = 0): boolean {
  if (typeof value === 'string') return value !== '';
  if (Array.isArray(value)) return value.length > 0;
  if (!isFields(value)) return false;
  // What is not looked at may hold some.
  if (level >= LEVELS_MAX) return true;
  for (const name in value) if (holdsText(value[name], level + 1)) return true;
  return false;
}

function isDeep(value: unknown, level = 0): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (level >= LEVELS_MAX) return true;
  return Object.values(value).some((member) => isDeep(member, level + 1));
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
