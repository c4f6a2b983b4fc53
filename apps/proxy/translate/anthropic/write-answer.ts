/** Events of no dialect, as a message or as the events of one. */
import type { AnswerEvent, AnswerUsage, StatedError, StopReason } from '../answer-events.ts';
import type { StreamWriter } from '../codec.ts';
import type { Fields } from '../conversation.ts';
import { objectOf } from '../exact-json.ts';
import { GEMINI_MARK } from './thinking-proof.ts';

const REASONS: Readonly<Record<StopReason, string>> = {
  end: 'end_turn',
  length: 'max_tokens',
  stop_sequence: 'stop_sequence',
  calls: 'tool_use',
  refusal: 'refusal',
  pause: 'pause_turn',
  context: 'model_context_window_exceeded',
};
/** As in https://docs.claude.com/en/api/errors. */
const ERROR_TYPES: ReadonlyMap<number, string> = new Map([
  [401, 'authentication_error'],
  [402, 'billing_error'],
  [403, 'permission_error'],
  [404, 'not_found_error'],
  [413, 'request_too_large'],
  [429, 'rate_limit_error'],
  [503, 'overloaded_error'],
  [504, 'timeout_error'],
  [529, 'overloaded_error'],
]);

/** @param usage null: the provider states none that can be read, so no figure is (I8) */
function writeUsage(usage: AnswerUsage | null): Fields {
  return {
    input_tokens: usage?.input ?? null,
    cache_creation_input_tokens: usage?.cacheWrite ?? null,
    cache_read_input_tokens: usage?.cacheRead ?? null,
    output_tokens: usage?.output ?? null,
  };
}

export function writeError({ message }: StatedError, status: number | null): Fields {
  const isWrong = status !== null && status < 500;
  const type = ERROR_TYPES.get(status ?? 0) ?? (isWrong ? 'invalid_request_error' : 'api_error');
  return { type: 'error', error: { type, message } };
}

export function writeWhole(events: readonly AnswerEvent[], usage: AnswerUsage | null): Fields {
  const blocks = new Blocks();
  let stop: Fields = { stop_reason: null, stop_sequence: null };
  let head: Fields = {};
  for (const event of events) {
    if (event.kind === 'start') head = headOf(event);
    else if (event.kind === 'stop') stop = stopOf(event, blocks.refused);
    else blocks.take(event);
  }
  return { ...head, content: blocks.all(), ...stop, usage: writeUsage(usage) };
}

function headOf({ id, model }: Extract<AnswerEvent, { kind: 'start' }>): Fields {
  return { id: id ?? '', type: 'message', role: 'assistant', model: model ?? '' };
}

/** A model that says why it does not answer has refused, whatever its dialect calls that. */
function stopOf(
  { reason, sequence }: Extract<AnswerEvent, { kind: 'stop' }>,
  refused: boolean,
): Fields {
  const stop = refused && reason === 'end' ? 'refusal' : reason;
  return { stop_reason: REASONS[stop], stop_sequence: sequence };
}

type Block = { fields: Record<string, unknown>; json: string };

/** The blocks of a message. */
class Blocks {
  refused = false;
  readonly #found: Block[] = [];
  /** The last one goes on. */
  #isOpen = false;

  take(event: AnswerEvent): void {
    switch (event.kind) {
      case 'text':
        this.#add('text', event.text);
        break;
      case 'refusal':
        this.refused = true;
        this.#add('text', event.text);
        break;
      case 'thinking':
        this.#add('thinking', event.text);
        break;
      case 'signature':
        this.#sign(event.signature, event.isRedacted);
        break;
      case 'call':
        if (event.signature !== null) this.#sign(GEMINI_MARK + event.signature, false);
        this.#push({ type: 'tool_use', id: event.id, name: event.name, input: {} });
        break;
      case 'input': {
        const last = this.#found.at(-1);
        if (last !== undefined) last.json += event.json;
        break;
      }
      default:
    }
  }

  all(): Fields[] {
    return this.#found.map(({ fields, json }) =>
      fields['type'] === 'tool_use' ? { ...fields, input: objectOf(json) ?? {} } : fields,
    );
  }

  #push(fields: Record<string, unknown>): void {
    this.#found.push({ fields, json: '' });
    this.#isOpen = true;
  }

  #add(type: 'text' | 'thinking', text: string): void {
    const last = this.#found.at(-1);
    if (this.#isOpen && last?.fields['type'] === type) {
      last.fields[type] = String(last.fields[type]) + text;
    } else this.#push(type === 'text' ? { type, text } : { type, thinking: text, signature: '' });
  }

  #sign(signature: string, isRedacted: boolean): void {
    if (isRedacted) return this.#push({ type: 'redacted_thinking', data: signature });
    const last = this.#found.at(-1);
    const isThinking = this.#isOpen && last?.fields['type'] === 'thinking';
    if (isThinking && last?.fields['signature'] === '') last.fields['signature'] = signature;
    else this.#push({ type: 'thinking', thinking: '', signature });
    this.#isOpen = false;
  }
}

export function openWriter(): StreamWriter {
  return new EventWriter();
}

class EventWriter implements StreamWriter {
  /** Of the block that is open; null: none is. */
  #open: 'text' | 'thinking' | 'tool_use' | null = null;
  #index = -1;
  #refused = false;
  #stop: Fields | null = null;

  write(event: AnswerEvent): string {
    switch (event.kind) {
      case 'start': {
        // What was used is known at the end: a running total of nothing, so far.
        const usage = { input_tokens: 0, output_tokens: 0 };
        const none = { content: [], stop_reason: null, stop_sequence: null };
        return sse('message_start', { message: { ...headOf(event), ...none, usage } });
      }
      case 'text':
        return this.#text(event.text);
      case 'refusal':
        this.#refused = true;
        return this.#text(event.text);
      case 'thinking': {
        const start = this.#openAs('thinking', { type: 'thinking', thinking: '', signature: '' });
        return start + this.#delta({ type: 'thinking_delta', thinking: event.text });
      }
      case 'signature':
        return this.#sign(event.signature, event.isRedacted);
      case 'call': {
        const { id, name, signature } = event;
        const signed = signature === null ? '' : this.#sign(GEMINI_MARK + signature, false);
        return signed + this.#begin('tool_use', { type: 'tool_use', id, name, input: {} });
      }
      case 'input':
        return this.#delta({ type: 'input_json_delta', partial_json: event.json });
      case 'stop':
        this.#stop = stopOf(event, this.#refused);
        return this.#close();
      case 'error':
        return sse('error', writeError(event.error, null));
      case 'unknown':
        return '';
      default:
        return event satisfies never;
    }
  }

  end(usage: AnswerUsage | null): string {
    if (this.#stop === null) return '';
    const total = sse('message_delta', { delta: this.#stop, usage: writeUsage(usage) });
    return `${total}${sse('message_stop', {})}`;
  }

  #text(text: string): string {
    return (
      this.#openAs('text', { type: 'text', text: '' }) + this.#delta({ type: 'text_delta', text })
    );
  }

  #sign(signature: string, isRedacted: boolean): string {
    if (isRedacted) {
      return this.#begin('text', { type: 'redacted_thinking', data: signature }) + this.#close();
    }
    const start = this.#openAs('thinking', { type: 'thinking', thinking: '', signature: '' });
    return start + this.#delta({ type: 'signature_delta', signature }) + this.#close();
  }

  /** What is open ends, unless it is of this kind and goes on. */
  #openAs(kind: 'text' | 'thinking', block: Fields): string {
    return this.#open === kind ? '' : this.#begin(kind, block);
  }

  #begin(kind: 'text' | 'thinking' | 'tool_use', block: Fields): string {
    const before = this.#close();
    this.#open = kind;
    this.#index++;
    return before + sse('content_block_start', { index: this.#index, content_block: block });
  }

  #delta(delta: Fields): string {
    return sse('content_block_delta', { index: this.#index, delta });
  }

  #close(): string {
    if (this.#open === null) return '';
    this.#open = null;
    return sse('content_block_stop', { index: this.#index });
  }
}

function sse(type: string, fields: Fields): string {
  return `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
}
