/** Generated content, whole or in parts, as events. */

import type { AnswerEvent, StatedError, StopReason } from '../answer-events.ts';
import { GEMINI_MARK } from '../anthropic/thinking-proof.ts';
import type { StreamReader } from '../codec.ts';
import type { Fields } from '../conversation.ts';
import { exactJson, isObject } from '../exact-json.ts';
import { objectsOf, said, textOf } from '../values.ts';

const REASONS: ReadonlyMap<unknown, StopReason> = new Map<unknown, StopReason>([
  ['STOP', 'end'],
  ['MAX_TOKENS', 'length'],
  ...(
    [
      ...['SAFETY', 'RECITATION', 'LANGUAGE', 'BLOCKLIST', 'PROHIBITED_CONTENT', 'SPII'],
      ...['IMAGE_SAFETY', 'IMAGE_PROHIBITED_CONTENT', 'IMAGE_RECITATION'],
    ] as const
  ).map((name): [string, StopReason] => [name, 'refusal']),
]);
const ID_LENGTH_MAX = 40;

export function readError(answer: Fields): StatedError | null {
  const { error } = answer;
  if (error == null) return null;
  const { message, status } = isObject(error) ? error : {};
  return { message: textOf(message) ?? JSON.stringify(error), code: textOf(status) };
}

export function readWhole(answer: Fields): AnswerEvent[] {
  return new PartReader().part(answer);
}

export function openReader(): StreamReader {
  const reader = new PartReader();
  return {
    read(data: string): AnswerEvent[] | null {
      let part: unknown;
      try {
        part = exactJson(data);
      } catch {
        return null;
      }
      return isObject(part) ? reader.part(part) : null;
    },
  };
}

class PartReader {
  #hasStarted = false;
  #id: string | null = null;
  #calls = 0;

  part(answer: Fields): AnswerEvent[] {
    const error = readError(answer);
    if (error !== null) return [{ kind: 'error', error }];
    const events: AnswerEvent[] = [];
    if (!this.#hasStarted) {
      this.#hasStarted = true;
      this.#id = textOf(answer['responseId']);
      events.push({ kind: 'start', id: this.#id, model: textOf(answer['modelVersion']) });
    }
    const { promptFeedback } = answer;
    if (isObject(promptFeedback) && promptFeedback['blockReason'] != null) {
      events.push({ kind: 'stop', reason: 'refusal', sequence: null });
      return events;
    }
    const [candidate] = objectsOf(answer['candidates']);
    if (candidate === undefined) return events;
    const { content, finishReason: reason } = candidate;
    if (isObject(content)) for (const part of objectsOf(content['parts'])) this.#said(part, events);
    if (typeof reason === 'string' && reason !== '') events.push(this.#stop(reason));
    return events;
  }

  #stop(name: string): AnswerEvent {
    const reason = REASONS.get(name);
    if (reason === undefined) return { kind: 'unknown', what: `finish reason ${name}` };
    const calls = reason === 'end' && this.#calls > 0;
    return { kind: 'stop', reason: calls ? 'calls' : reason, sequence: null };
  }

  #said(part: Fields, events: AnswerEvent[]): void {
    const { text, thought, functionCall, thoughtSignature } = part;
    if (isObject(functionCall)) return this.#call(functionCall, textOf(thoughtSignature), events);
    if (typeof text === 'string') {
      if (text === '') return;
      if (thought !== true) return void events.push({ kind: 'text', text });
      events.push({ kind: 'thinking', text });
      if (typeof thoughtSignature === 'string') {
        const signature = GEMINI_MARK + thoughtSignature;
        events.push({ kind: 'signature', signature, isRedacted: false });
      }
      return;
    }
    const what = Object.keys(part).find((name) => !name.startsWith('thought'));
    if (what !== undefined) events.push({ kind: 'unknown', what: `content part ${what}` });
  }

  /** It comes whole. Who gives it no id gets one that is its own in the whole conversation. */
  #call(call: Fields, signature: string | null, events: AnswerEvent[]): void {
    const { id, name, args } = call;
    this.#calls++;
    const own = `call_${this.#calls}_${this.#id ?? ''}`.replace(/[^\w-]/g, '');
    const given = typeof id === 'string' && id !== '' ? id : own.slice(0, ID_LENGTH_MAX);
    events.push({ kind: 'call', key: this.#calls, id: given, name: said(name), signature });
    if (isObject(args) && Object.keys(args).length > 0) {
      events.push({ kind: 'input', key: this.#calls, json: JSON.stringify(args) });
    }
  }
}
