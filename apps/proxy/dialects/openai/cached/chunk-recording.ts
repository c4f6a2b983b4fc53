/**
 * A stream of chat chunks put together as the JSON answer that the same call would have got. What is not
 * understood, or cannot be put together, spoils it: then there is no recording, and never a part of one.
 */
import { saysNothing } from '../answer-text.ts';
import { isWholeChat } from './whole-answer.ts';

type Fields = Record<string, unknown>;
type Call = { id?: string; type?: string; function: { name: string; arguments: string } };
type Choice = { rest: Fields; texts: Map<string, string>; calls: Map<number, Call> };

/** Of a chunk: what only chunks have. */
const OF_CHUNKS = new Set(['choices', 'usage', 'object', 'obfuscation']);

export class ChunkRecording {
  readonly #lengthMax: number;
  readonly #rest: Fields = {};
  readonly #choices = new Map<number, Choice>();
  #usage: Fields | null = null;
  #length = 0;
  #spoiled = false;
  #isDone = false;

  /** @param lengthMax characters that are kept */
  constructor(lengthMax: number) {
    this.#lengthMax = lengthMax;
  }

  /** Something of it was not read. */
  spoil(): void {
    this.#spoiled = true;
    this.#choices.clear();
  }

  /** `[DONE]` has come. */
  end(): void {
    this.#isDone = true;
  }

  read(chunk: Fields): void {
    if (this.#spoiled) return;
    for (const name in chunk) {
      const value = chunk[name];
      if (OF_CHUNKS.has(name) || saysNothing(value)) continue;
      if (typeof value === 'object') return this.spoil();
      this.#rest[name] = value;
    }
    const { choices, usage } = chunk;
    if (statesSomething(usage)) this.#usage = usage;
    if (choices === undefined || choices === null) return;
    if (!Array.isArray(choices)) return this.spoil();
    for (const choice of choices as unknown[]) if (!this.#readChoice(choice)) return this.spoil();
    if (this.#length > this.#lengthMax) this.spoil();
  }

  /** @returns null: it is not whole, or cannot be put together */
  body(): Buffer | null {
    const answer = this.#usage === null ? null : this.assembled();
    return answer !== null && isWholeChat(answer) ? Buffer.from(JSON.stringify(answer)) : null;
  }

  /** The same of any answer, however it ended. */
  assembled(): Fields | null {
    if (this.#spoiled || !this.#isDone) return null;
    const choices = [...this.#choices]
      .sort(([a], [b]) => a - b)
      .map(([index, { rest, texts, calls }]) => ({
        index,
        message: messageOf(texts, calls),
        logprobs: null,
        ...rest,
      }));
    return { ...this.#rest, object: 'chat.completion', choices, usage: this.#usage };
  }

  #readChoice(choice: unknown): boolean {
    if (!isFields(choice)) return false;
    const { index = 0, delta, ...others } = choice;
    if (typeof index !== 'number' || !Number.isSafeInteger(index)) return false;
    let known = this.#choices.get(index);
    if (known === undefined) {
      known = { rest: {}, texts: new Map(), calls: new Map() };
      this.#choices.set(index, known);
    }
    for (const name in others) {
      const value = others[name];
      if (saysNothing(value)) continue;
      if (typeof value === 'object') return false;
      known.rest[name] = value;
    }
    if (delta === undefined || delta === null) return true;
    return isFields(delta) && this.#readDelta(delta, known);
  }

  #readDelta(delta: Fields, { texts, calls }: Choice): boolean {
    for (const name in delta) {
      const value = delta[name];
      if (name === 'tool_calls' && Array.isArray(value)) {
        if (!value.every((call) => this.#readCall(call, calls))) return false;
      } else if (typeof value === 'string') {
        this.#length += value.length;
        texts.set(name, name === 'role' ? value : (texts.get(name) ?? '') + value);
      } else if (!saysNothing(value)) {
        return false;
      }
    }
    return true;
  }

  #readCall(piece: unknown, calls: Map<number, Call>): boolean {
    if (!isFields(piece)) return false;
    const { index, id, type, function: called, ...others } = piece;
    if (typeof index !== 'number' || !Object.values(others).every(saysNothing)) return false;
    const call = calls.get(index) ?? { function: { name: '', arguments: '' } };
    calls.set(index, call);
    if (typeof id === 'string' && id !== '') call.id = id;
    if (typeof type === 'string') call.type = type;
    if (called === undefined || called === null) return true;
    if (!isFields(called)) return false;
    const { name = '', arguments: given = '', ...rest } = called;
    if (!Object.values(rest).every(saysNothing)) return false;
    if (typeof (name ?? '') !== 'string' || typeof (given ?? '') !== 'string') return false;
    // Some servers repeat the name with every piece.
    if (name !== call.function.name) call.function.name += (name as string | null) ?? '';
    call.function.arguments += (given as string | null) ?? '';
    this.#length += String(given ?? '').length;
    return true;
  }
}

function messageOf(texts: Map<string, string>, calls: Map<number, Call>): Fields {
  const message: Fields = { role: 'assistant', content: null, ...Object.fromEntries(texts) };
  if (calls.size === 0) return message;
  const inOrder = [...calls].sort(([a], [b]) => a - b).map(([, call]) => call);
  // With calls, an empty text is how servers write that there is none.
  const content = message['content'] === '' ? null : message['content'];
  return { ...message, content, tool_calls: inOrder };
}

function statesSomething(usage: unknown): usage is Fields {
  return (
    isFields(usage) && Object.values(usage).some((value) => typeof value === 'number' && value > 0)
  );
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
