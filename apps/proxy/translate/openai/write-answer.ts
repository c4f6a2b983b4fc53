/** Events, as a chat completion or as its chunks. */
import type { AnswerEvent, AnswerUsage, StatedError, StopReason } from '../answer-events.ts';
import { isOfMessages } from '../anthropic/thinking-proof.ts';
import type { AnswerAsked, StreamWriter } from '../codec.ts';
import type { Fields } from '../conversation.ts';

const REASONS: Readonly<Record<StopReason, string>> = {
  end: 'stop',
  stop_sequence: 'stop',
  pause: 'stop',
  length: 'length',
  context: 'length',
  calls: 'tool_calls',
  refusal: 'content_filter',
};

function writeUsage(usage: AnswerUsage): Fields {
  const { input, cacheRead, cacheWrite, output, thinking } = usage;
  const prompt = input + cacheRead + cacheWrite;
  return {
    prompt_tokens: prompt,
    completion_tokens: output,
    total_tokens: prompt + output,
    prompt_tokens_details: { cached_tokens: cacheRead, audio_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: thinking, audio_tokens: 0 },
  };
}

/** As OpenAI's SDKs read it: the type says what kind of error it is. */
export function writeError({ message, code }: StatedError, status: number | null): Fields {
  return { error: { message, type: typeOf(status), param: null, code } };
}

function typeOf(status: number | null): string {
  switch (status) {
    case 401:
      return 'authentication_error';
    case 402:
      return 'insufficient_quota';
    case 403:
      return 'permission_error';
    case 429:
      return 'rate_limit_error';
    default:
      return status !== null && status < 500 ? 'invalid_request_error' : 'api_error';
  }
}

export function writeWhole(
  events: readonly AnswerEvent[],
  usage: AnswerUsage | null,
  { atSeconds }: AnswerAsked,
): Fields {
  const message = new MessageParts();
  let head: { id: string | null; model: string | null } = { id: null, model: null };
  let reason: string | null = null;
  for (const event of events) {
    if (event.kind === 'start') head = event;
    else if (event.kind === 'stop') reason = REASONS[event.reason];
    else message.take(event);
  }
  return {
    ...{
      id: head.id ?? '',
      object: 'chat.completion',
      created: atSeconds,
      model: head.model ?? '',
    },
    choices: [{ index: 0, message: message.fields(), logprobs: null, finish_reason: reason }],
    ...(usage === null ? {} : { usage: writeUsage(usage) }),
  };
}

type Call = { id: string; type: 'function'; function: { name: string; arguments: string } };

class MessageParts {
  #text = '';
  #thought = '';
  #refusal: string | null = null;
  readonly #calls: Call[] = [];
  readonly #thinking = new ThinkingBlocks();

  take(event: AnswerEvent): void {
    switch (event.kind) {
      case 'text':
        this.#text += event.text;
        break;
      case 'thinking':
        this.#thought += event.text;
        this.#thinking.text(event.text);
        break;
      case 'signature':
        this.#thinking.end(event.signature, event.isRedacted);
        break;
      case 'refusal':
        this.#refusal = (this.#refusal ?? '') + event.text;
        break;
      case 'call':
        this.#calls.push({ ...callOf(event), function: { name: event.name, arguments: '' } });
        break;
      case 'input': {
        const last = this.#calls.at(-1);
        if (last !== undefined) last.function.arguments += event.json;
        break;
      }
      default:
    }
  }

  fields(): Fields {
    const calls = this.#calls.map((call) => ({
      ...call,
      function: { ...call.function, arguments: call.function.arguments || '{}' },
    }));
    return {
      role: 'assistant',
      content: this.#text === '' ? null : this.#text,
      refusal: this.#refusal,
      ...(this.#thought === '' ? {} : { reasoning_content: this.#thought }),
      ...(this.#thinking.all.length === 0 ? {} : { thinking_blocks: this.#thinking.all }),
      ...(calls.length === 0 ? {} : { tool_calls: calls }),
    };
  }
}

/** Thinking with its proof: a client that hands it back lets its provider take the thought up again. */
class ThinkingBlocks {
  readonly all: Fields[] = [];
  #text = '';

  text(text: string): void {
    this.#text += text;
  }

  /** @returns whether there is one more */
  end(signature: string, isRedacted: boolean): boolean {
    const thinking = this.#text;
    this.#text = '';
    if (!isOfMessages({ kind: 'thinking', text: thinking, signature, isRedacted, at: '' })) {
      return false;
    }
    this.all.push(
      isRedacted
        ? { type: 'redacted_thinking', data: signature }
        : { type: 'thinking', thinking, signature },
    );
    return true;
  }
}

function callOf({ id, signature }: Extract<AnswerEvent, { kind: 'call' }>) {
  const google = { thought_signature: signature };
  const extra = signature === null ? {} : { extra_content: { google } };
  return { id, type: 'function' as const, ...extra };
}

export function openWriter({ wantsUsage, atSeconds }: AnswerAsked): StreamWriter {
  return new ChunkWriter(wantsUsage, atSeconds);
}

class ChunkWriter implements StreamWriter {
  readonly #wantsUsage: boolean;
  readonly #atSeconds: number;
  readonly #thinking = new ThinkingBlocks();
  #head: Fields = {};
  #calls = 0;
  /** A call has begun, and none of its input has come. */
  #isEmpty = false;
  #stop: string | null = null;

  constructor(wantsUsage: boolean, atSeconds: number) {
    this.#wantsUsage = wantsUsage;
    this.#atSeconds = atSeconds;
  }

  write(event: AnswerEvent): string {
    switch (event.kind) {
      case 'start': {
        const { id, model } = event;
        const created = this.#atSeconds;
        this.#head = { id: id ?? '', object: 'chat.completion.chunk', created, model: model ?? '' };
        return this.#chunk({ role: 'assistant', content: '', refusal: null });
      }
      case 'text':
        return this.#emptyInput() + this.#chunk({ content: event.text });
      case 'thinking':
        this.#thinking.text(event.text);
        return this.#chunk({ reasoning_content: event.text });
      case 'signature':
        return this.#thinking.end(event.signature, event.isRedacted)
          ? this.#chunk({ thinking_blocks: this.#thinking.all })
          : '';
      case 'refusal':
        return this.#chunk({ refusal: event.text });
      case 'call': {
        const before = this.#emptyInput();
        this.#isEmpty = true;
        const call = { ...callOf(event), function: { name: event.name, arguments: '' } };
        return before + this.#chunk({ tool_calls: [{ index: this.#calls++, ...call }] });
      }
      case 'input':
        this.#isEmpty = false;
        return this.#input(event.json);
      case 'stop':
        this.#stop = REASONS[event.reason];
        return this.#emptyInput();
      case 'error':
        return data(writeError(event.error, null));
      case 'unknown':
        return '';
      default:
        return event satisfies never;
    }
  }

  end(usage: AnswerUsage | null): string {
    if (this.#stop === null) return '';
    const last = this.#chunk({}, this.#stop);
    const stated = usage === null ? null : writeUsage(usage);
    const total = this.#wantsUsage ? data({ ...this.#head, choices: [], usage: stated }) : '';
    return `${last}${total}data: [DONE]\n\n`;
  }

  #input(json: string): string {
    const call = { index: this.#calls - 1, function: { arguments: json } };
    return this.#chunk({ tool_calls: [call] });
  }

  /** A tool without input is called with an empty object: clients parse what they are given. */
  #emptyInput(): string {
    if (!this.#isEmpty) return '';
    this.#isEmpty = false;
    return this.#input('{}');
  }

  #chunk(delta: Fields, finish_reason: string | null = null): string {
    const choices = [{ index: 0, delta, logprobs: null, finish_reason }];
    const usage = this.#wantsUsage ? { usage: null } : {};
    return data({ ...this.#head, choices, ...usage });
  }
}

function data(fields: Fields): string {
  return `data: ${JSON.stringify(fields)}\n\n`;
}
