/**
 * The content of an answer, token by token, as a message and as the deltas of a stream: both say the
 * same. Words have one token each, other text has one for four characters.
 */
import { invalid } from '../http/openai-error.ts';
import { fillSchema } from '../schema/fill.ts';
import { Unsatisfiable } from '../schema/json-schema.ts';
import { CHARS_PER_TOKEN, padding, words } from './chat-text.ts';
import type { ReplyForm, Tool } from './reply-form.ts';

export interface Reply {
  /** What all of it takes; null: as many as one likes. */
  readonly tokens: number | null;
  readonly finishReason: 'stop' | 'tool_calls';
  /** Of a call of a tool; null: the answer is text. */
  readonly toolName: string | null;
  readonly toolKind: Tool['kind'] | null;
  /** The delta that begins a choice. */
  readonly opening: object;
  /** The message with the first `tokens`; `extraChars` of no meaning make it huge. */
  message(callId: string, tokens: number, extraChars: number): object;
  /** The delta with `tokens` from `from` on. */
  delta(callId: string, from: number, tokens: number, extraChars: number): object;
  /** The text, or the text of a call's arguments, in `tokens` from `from` on: for any dialect. */
  text(from: number, tokens: number, extraChars: number): string;
}

/** @param seed what decides, with the schema, what is filled in. @throws OpenAI's 400 */
export function replyTo(form: ReplyForm, seed: string): Reply {
  switch (form.kind) {
    case 'words':
      return new TextReply(new Tokens('', 'words'), null);
    case 'result':
      return new TextReply(new Tokens(`The tool answered: ${form.result}`, 'words'));
    case 'json':
      return new TextReply(new Tokens(filled(form.schema, seed, form.place), 'blanks'));
    case 'call':
      return new CallReply(form.tool, argumentsOf(form.tool, seed), form.isForced);
  }
}

function argumentsOf(tool: Tool, seed: string): string {
  if (tool.kind === 'custom') return filled({ type: 'string' }, seed, tool.place).slice(1, -1);
  return filled(tool.parameters ?? { type: 'object' }, seed, tool.place);
}

function filled(schema: unknown, seed: string, place: string): string {
  try {
    return fillSchema(schema, seed);
  } catch (cause) {
    if (!(cause instanceof Unsatisfiable)) throw cause;
    const code =
      place === 'response_format' ? 'invalid_json_schema' : 'invalid_function_parameters';
    throw invalid(place, `Invalid schema for '${place}': ${cause.message}.`, code);
  }
}

/** A text in pieces of a token; beyond its end come words, or blanks, which JSON may end with. */
class Tokens {
  readonly count: number;
  readonly #characters: readonly string[];
  readonly #beyond: 'words' | 'blanks';

  constructor(text: string, beyond: 'words' | 'blanks') {
    // Whole characters: half of a pair in a chunk could not be read by its own.
    this.#characters = [...text];
    this.count = Math.ceil(this.#characters.length / CHARS_PER_TOKEN);
    this.#beyond = beyond;
  }

  slice(from: number, count: number, extraChars: number): string {
    const end = from + count;
    const own = this.#characters.slice(from * CHARS_PER_TOKEN, end * CHARS_PER_TOKEN).join('');
    const first = Math.max(from, this.count);
    const more = Math.max(0, end - first);
    if (this.#beyond === 'words') return own + words(first, more) + padding(extraChars);
    return own + ' '.repeat(more * CHARS_PER_TOKEN + Math.max(0, extraChars));
  }
}

class TextReply implements Reply {
  readonly tokens: number | null;
  readonly finishReason = 'stop';
  readonly toolName = null;
  readonly toolKind = null;
  readonly opening = { role: 'assistant', content: '', refusal: null };
  readonly #text: Tokens;

  constructor(text: Tokens, tokens: number | null = text.count) {
    this.#text = text;
    this.tokens = tokens;
  }

  message(_callId: string, tokens: number, extraChars: number): object {
    const content = this.#text.slice(0, tokens, extraChars);
    return { role: 'assistant', content, refusal: null, annotations: [] };
  }

  delta(_callId: string, from: number, tokens: number, extraChars: number): object {
    return { content: this.text(from, tokens, extraChars) };
  }

  text(from: number, tokens: number, extraChars: number): string {
    return this.#text.slice(from, tokens, extraChars);
  }
}

/** The name's tokens come first, then those of the arguments. */
class CallReply implements Reply {
  readonly tokens: number;
  readonly finishReason: 'stop' | 'tool_calls';
  readonly toolName: string;
  readonly toolKind: Tool['kind'];
  readonly opening = { role: 'assistant', content: null, refusal: null };
  readonly #tool: Tool;
  readonly #nameTokens: number;
  readonly #written: Tokens;

  constructor(tool: Tool, written: string, isForced: boolean) {
    this.#tool = tool;
    this.toolName = tool.name;
    this.toolKind = tool.kind;
    this.#nameTokens = new Tokens(tool.name, 'blanks').count;
    this.#written = new Tokens(written, 'blanks');
    this.tokens = this.#nameTokens + this.#written.count;
    // OpenAI says `stop` where the request itself names the tool.
    this.finishReason = isForced ? 'stop' : 'tool_calls';
  }

  message(callId: string, tokens: number, extraChars: number): object {
    const { kind } = this.#tool;
    const call = { id: callId, type: kind, [kind]: this.#part(0, tokens, extraChars) };
    const calls = tokens === 0 ? {} : { tool_calls: [call] };
    return { role: 'assistant', content: null, refusal: null, annotations: [], ...calls };
  }

  delta(callId: string, from: number, tokens: number, extraChars: number): object {
    const { kind } = this.#tool;
    const begin = from === 0 ? { id: callId, type: kind } : {};
    const call = { index: 0, ...begin, [kind]: this.#part(from, tokens, extraChars) };
    return { tool_calls: [call] };
  }

  text(from: number, tokens: number, extraChars: number): string {
    const first = Math.max(0, from - this.#nameTokens);
    const end = Math.max(0, from + tokens - this.#nameTokens);
    return this.#written.slice(first, end - first, extraChars);
  }

  #part(from: number, tokens: number, extraChars: number): object {
    const text = this.text(from, tokens, extraChars);
    const member = this.#tool.kind === 'custom' ? 'input' : 'arguments';
    return { ...(from === 0 ? { name: this.#tool.name } : {}), [member]: text };
  }
}
