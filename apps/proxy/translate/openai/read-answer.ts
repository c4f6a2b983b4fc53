/** A chat completion, whole or chunk by chunk, as events. */
import type { AnswerEvent, StatedError, StopReason } from '../answer-events.ts';
import type { StreamReader } from '../codec.ts';
import type { Fields } from '../conversation.ts';
import { exactJson, isObject } from '../exact-json.ts';
import { objectsOf, textOf } from '../values.ts';
import { TEXT_MARK } from './thinking-text.ts';

const REASONS: ReadonlyMap<unknown, StopReason> = new Map<unknown, StopReason>([
  ['stop', 'end'],
  ['length', 'length'],
  ['tool_calls', 'calls'],
  ['function_call', 'calls'],
  ['content_filter', 'refusal'],
]);
const DONE = '[DONE]';

export function readError(answer: Fields): StatedError | null {
  const { error } = answer;
  if (error == null) return null;
  if (typeof error === 'string') return { message: error, code: null };
  const { message, code, type } = isObject(error) ? error : {};
  const text = textOf(message) ?? JSON.stringify(error);
  return { message: text, code: textOf(code) ?? textOf(type) };
}

export function readWhole(answer: Fields): AnswerEvent[] {
  const [choice = {}] = objectsOf(answer['choices']);
  const message = isObject(choice['message']) ? choice['message'] : {};
  const reader = new ChunkReader();
  const { finish_reason } = choice;
  const { id, model } = answer;
  return reader.chunk({ id, model, choices: [{ delta: message, finish_reason }] });
}

export function openReader(): StreamReader {
  const reader = new ChunkReader();
  return {
    read(data: string): AnswerEvent[] | null {
      if (data.trim() === DONE) return [];
      let chunk: unknown;
      try {
        chunk = exactJson(data);
      } catch {
        return null;
      }
      return isObject(chunk) ? reader.chunk(chunk) : null;
    },
  };
}

type Open = { index: unknown; id: unknown };

class ChunkReader {
  #hasStarted = false;
  /** Thinking has begun, and what it is followed by has not. */
  #thinks = false;
  #calls = 0;
  readonly #ids = new Set<string>();
  /** The call whose input comes. */
  #open: Open | null = null;

  chunk(chunk: Fields): AnswerEvent[] {
    const events: AnswerEvent[] = [];
    const error = readError(chunk);
    if (error !== null) return [{ kind: 'error', error }];
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      events.push({ kind: 'start', id: textOf(chunk['id']), model: textOf(chunk['model']) });
    }
    const [choice] = objectsOf(chunk['choices']);
    if (choice === undefined) return events;
    if (isObject(choice['delta'])) this.#delta(choice['delta'], events);
    const reason = choice['finish_reason'];
    if (reason != null) {
      this.#endThinking(events);
      // Some servers call a tool and say that they have just stopped.
      const stated = REASONS.get(reason) ?? 'end';
      // seam: calls-are-why-it-stopped
      const stop = stated === 'end' && this.#calls > 0 ? 'calls' : stated;
      events.push({ kind: 'stop', reason: stop, sequence: null });
    }
    return events;
  }

  #delta(delta: Fields, events: AnswerEvent[]): void {
    const { content, refusal, audio, tool_calls: calls, function_call: old } = delta;
    const thought = textOf(delta['reasoning_content']) ?? textOf(delta['reasoning']);
    if (thought !== null && thought !== '') {
      this.#thinks = true;
      events.push({ kind: 'thinking', text: thought });
    }
    const sources = objectsOf(delta['annotations']);
    if (sources.length > 0) events.push({ kind: 'unknown', what: 'annotations' });
    if (audio != null) events.push({ kind: 'unknown', what: 'audio' });
    if (old != null) events.push({ kind: 'unknown', what: 'function_call' });
    const text = textIn(content);
    if (text !== '') {
      this.#endThinking(events);
      events.push({ kind: 'text', text });
    }
    if (typeof refusal === 'string' && refusal !== '') {
      this.#endThinking(events);
      events.push({ kind: 'refusal', text: refusal });
    }
    for (const call of objectsOf(calls)) this.#call(call, events);
  }

  #endThinking(events: AnswerEvent[]): void {
    if (!this.#thinks) return;
    this.#thinks = false;
    events.push({ kind: 'signature', signature: TEXT_MARK, isRedacted: false });
  }

  /**
   * A call begins where its name comes, and goes on where its index does. Some servers give several calls
   * one index, or none, and each an id.
   */
  #call(call: Fields, events: AnswerEvent[]): void {
    const { index, id, function: called, type, extra_content: extra } = call;
    if (type != null && type !== 'function')
      events.push({ kind: 'unknown', what: `tool call ${type}` });
    const { name, arguments: json } = isObject(called) ? called : {};
    const isNext =
      this.#open === null ||
      (index !== undefined && index !== this.#open.index) ||
      (typeof id === 'string' && id !== '' && id !== this.#open.id);
    if (isNext) {
      this.#endThinking(events);
      if (typeof name !== 'string' || name === '') {
        // More of a call that another one has followed: whose it is, no other dialect can say by now.
        events.push({ kind: 'unknown', what: 'interleaved tool calls' });
        return;
      }
      this.#calls++;
      const given = this.#ownId(id);
      this.#open = { index, id };
      const google = isObject(extra) ? extra['google'] : null;
      const signature = isObject(google) ? textOf(google['thought_signature']) : null;
      events.push({ kind: 'call', key: this.#calls, id: given, name, signature });
    }
    if (typeof json === 'string' && json !== '') {
      events.push({ kind: 'input', key: this.#calls, json });
    } else if (isObject(json)) {
      events.push({ kind: 'input', key: this.#calls, json: JSON.stringify(json) });
    }
  }

  /** Some servers give calls of one answer the same id, or none: their results could not be told apart. */
  #ownId(id: unknown): string {
    const stated = typeof id === 'string' && id !== '' ? id : `call_${this.#calls}`;
    // seam: calls-have-ids-of-their-own
    const own = this.#ids.has(stated) ? `${stated}_${this.#calls}` : stated;
    this.#ids.add(own);
    return own;
  }
}

/** A text, or its parts. */
function textIn(content: unknown): string {
  if (typeof content === 'string') return content;
  return objectsOf(content)
    .map(({ text }) => textOf(text) ?? '')
    .join('');
}
