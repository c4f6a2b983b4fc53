/** A message, whole or event by event, as events of no dialect. */
import type { AnswerEvent, StatedError, StopReason } from '../answer-events.ts';
import type { StreamReader } from '../codec.ts';
import type { Fields } from '../conversation.ts';
import { exactJson, isObject } from '../exact-json.ts';
import { objectsOf, said, textOf } from '../values.ts';

const REASONS: ReadonlyMap<unknown, StopReason> = new Map<unknown, StopReason>([
  ['end_turn', 'end'],
  ['max_tokens', 'length'],
  ['stop_sequence', 'stop_sequence'],
  ['tool_use', 'calls'],
  ['refusal', 'refusal'],
  ['pause_turn', 'pause'],
  ['model_context_window_exceeded', 'context'],
]);

export function readError(answer: Fields): StatedError | null {
  const { error } = answer;
  if (error == null) return null;
  const { message, type } = isObject(error) ? error : {};
  return { message: textOf(message) ?? JSON.stringify(error), code: textOf(type) };
}

export function readWhole(answer: Fields): AnswerEvent[] {
  const reader = new EventReader();
  const events = reader.event({ type: 'message_start', message: answer });
  for (const [index, block] of objectsOf(answer['content']).entries()) {
    events.push(...reader.event({ type: 'content_block_start', index, content_block: block }));
    events.push(...reader.event({ type: 'content_block_stop', index }));
  }
  const { stop_reason, stop_sequence } = answer;
  events.push(...reader.event({ type: 'message_delta', delta: { stop_reason, stop_sequence } }));
  return events;
}

export function openReader(): StreamReader {
  const reader = new EventReader();
  return {
    read(data: string): AnswerEvent[] | null {
      let event: unknown;
      try {
        event = exactJson(data);
      } catch {
        return null;
      }
      return isObject(event) ? reader.event(event) : null;
    },
  };
}

class EventReader {
  #calls = 0;
  /** The input of the call that is open, as its start states it; null: it comes in pieces, or none is open. */
  #input: Fields | null = null;
  #hasCall = false;

  event(event: Fields): AnswerEvent[] {
    switch (event['type']) {
      case 'message_start': {
        const { id, model } = isObject(event['message']) ? event['message'] : {};
        return [{ kind: 'start', id: textOf(id), model: textOf(model) }];
      }
      case 'content_block_start':
        return this.#block(isObject(event['content_block']) ? event['content_block'] : {});
      case 'content_block_delta':
        return this.#delta(isObject(event['delta']) ? event['delta'] : {});
      case 'content_block_stop':
        return this.#endBlock();
      case 'message_delta': {
        const { stop_reason: reason, stop_sequence: sequence } = isObject(event['delta'])
          ? event['delta']
          : {};
        if (reason == null) return [];
        const stop = REASONS.get(reason) ?? 'end';
        return [{ kind: 'stop', reason: stop, sequence: textOf(sequence) }];
      }
      default: {
        const error = readError(event);
        return error === null ? [] : [{ kind: 'error', error }];
      }
    }
  }

  #block(block: Fields): AnswerEvent[] {
    const { type } = block;
    switch (type) {
      case 'text': {
        const { text, citations } = block;
        const events: AnswerEvent[] = [];
        if (typeof text === 'string' && text !== '') events.push({ kind: 'text', text });
        if (objectsOf(citations).length > 0) events.push({ kind: 'unknown', what: 'citations' });
        return events;
      }
      case 'thinking': {
        const { thinking, signature } = block;
        const events: AnswerEvent[] = [];
        if (typeof thinking === 'string' && thinking !== '') {
          events.push({ kind: 'thinking', text: thinking });
        }
        if (typeof signature === 'string' && signature !== '') {
          events.push({ kind: 'signature', signature, isRedacted: false });
        }
        return events;
      }
      case 'redacted_thinking':
        return [{ kind: 'signature', signature: said(block['data']), isRedacted: true }];
      case 'tool_use': {
        const { id, name, input } = block;
        this.#calls++;
        this.#hasCall = true;
        this.#input = isObject(input) && Object.keys(input).length > 0 ? input : null;
        const call = { id: said(id), name: said(name), signature: null };
        return [{ kind: 'call', key: this.#calls, ...call }];
      }
      default:
        return [{ kind: 'unknown', what: `content block ${said(type)}` }];
    }
  }

  #delta(delta: Fields): AnswerEvent[] {
    const { type } = delta;
    switch (type) {
      case 'text_delta':
        return [{ kind: 'text', text: said(delta['text']) }];
      case 'thinking_delta':
        return [{ kind: 'thinking', text: said(delta['thinking']) }];
      case 'signature_delta': {
        const signature = said(delta['signature']);
        return signature === '' ? [] : [{ kind: 'signature', signature, isRedacted: false }];
      }
      case 'input_json_delta': {
        const json = said(delta['partial_json']);
        this.#input = null;
        return json === '' ? [] : [{ kind: 'input', key: this.#calls, json }];
      }
      default:
        return [{ kind: 'unknown', what: `content delta ${said(type)}` }];
    }
  }

  /** The input of a whole answer, and of servers that state it at the start of a block. */
  #endBlock(): AnswerEvent[] {
    const input = this.#hasCall ? this.#input : null;
    [this.#hasCall, this.#input] = [false, null];
    return input === null ? [] : [{ kind: 'input', key: this.#calls, json: JSON.stringify(input) }];
  }
}
