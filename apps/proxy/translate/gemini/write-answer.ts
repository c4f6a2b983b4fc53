/** Events, as generated content: whole, as server-sent events, or as one array. */

import type { AnswerEvent, AnswerUsage, StatedError, StopReason } from '../answer-events.ts';
import { GEMINI_MARK } from '../anthropic/thinking-proof.ts';
import type { AnswerAsked, StreamWriter } from '../codec.ts';
import type { Fields } from '../conversation.ts';
import { objectOf } from '../exact-json.ts';
import { HIDDEN_MARK, OTHERS_MARK } from './proof.ts';

const REASONS: Readonly<Record<StopReason, string>> = {
  ...{ end: 'STOP', stop_sequence: 'STOP', calls: 'STOP', pause: 'OTHER' },
  ...{ length: 'MAX_TOKENS', context: 'MAX_TOKENS', refusal: 'SAFETY' },
};
/** google.rpc.Code, as Google maps them to HTTP. */
const STATUSES: ReadonlyMap<number, string> = new Map([
  ...([
    [401, 'UNAUTHENTICATED'],
    [402, 'RESOURCE_EXHAUSTED'],
    [403, 'PERMISSION_DENIED'],
  ] as const),
  ...([
    [404, 'NOT_FOUND'],
    [429, 'RESOURCE_EXHAUSTED'],
    [503, 'UNAVAILABLE'],
  ] as const),
  ...([
    [504, 'DEADLINE_EXCEEDED'],
    [529, 'UNAVAILABLE'],
  ] as const),
]);
export function writeError({ message }: StatedError, status: number | null): Fields {
  const code = status ?? 500;
  const name = STATUSES.get(code) ?? (code < 500 ? 'INVALID_ARGUMENT' : 'INTERNAL');
  return { error: { code, message, status: name } };
}

function usageFields(usage: AnswerUsage | null): Fields {
  if (usage === null) return {};
  const { input, cacheRead, cacheWrite, output, thinking } = usage;
  const prompt = input + cacheRead + cacheWrite;
  return {
    usageMetadata: {
      promptTokenCount: prompt,
      candidatesTokenCount: output - thinking,
      totalTokenCount: prompt + output,
      ...(cacheRead > 0 ? { cachedContentTokenCount: cacheRead } : {}),
      ...(thinking > 0 ? { thoughtsTokenCount: thinking } : {}),
    },
  };
}

export function writeWhole(events: readonly AnswerEvent[], usage: AnswerUsage | null): Fields {
  const parts = new Parts();
  const said: Fields[] = [];
  let reason: StopReason | null = null;
  for (const event of events) {
    if (event.kind === 'stop') reason = event.reason;
    said.push(...parts.take(event));
  }
  said.push(...parts.end());
  const finish = reason === null ? {} : { finishReason: REASONS[reason] };
  const content = { role: 'model', parts: merged(said) };
  const candidate = { content, ...finish, index: 0 };
  return { candidates: [candidate], ...usageFields(usage), ...parts.head };
}

/** Pieces of one text are one part of a whole answer. */
function merged(parts: readonly Fields[]): Fields[] {
  const found: Record<string, unknown>[] = [];
  for (const part of parts) {
    const last = found.at(-1);
    const isMore =
      last !== undefined &&
      typeof part['text'] === 'string' &&
      typeof last['text'] === 'string' &&
      last['thought'] === part['thought'] &&
      last['thoughtSignature'] === undefined;
    if (!isMore) found.push({ ...part });
    else Object.assign(last, part, { text: String(last['text']) + String(part['text']) });
  }
  return found;
}

type Call = { id: string; name: string; signature: string | null; json: string };

/** Parts of a candidate, as far as they are whole. */
class Parts {
  head: Fields = {};
  #call: Call | null = null;

  take(event: AnswerEvent): Fields[] {
    switch (event.kind) {
      case 'start': {
        const { id, model } = event;
        this.head = {
          ...(model === null ? {} : { modelVersion: model }),
          ...(id === null ? {} : { responseId: id }),
        };
        return [];
      }
      case 'text':
      case 'refusal':
        return [...this.end(), { text: event.text }];
      case 'thinking':
        return [...this.end(), { text: event.text, thought: true }];
      case 'signature': {
        const { signature, isRedacted } = event;
        const others = OTHERS_MARK + (isRedacted ? HIDDEN_MARK : '') + signature;
        const isOwn = signature.startsWith(GEMINI_MARK);
        const thoughtSignature = isOwn ? signature.slice(GEMINI_MARK.length) : others;
        return [{ text: '', thought: true, thoughtSignature }];
      }
      case 'call': {
        const { id, name, signature } = event;
        const before = this.end();
        this.#call = { id, name, signature, json: '' };
        return before;
      }
      case 'input': {
        if (this.#call !== null) this.#call.json += event.json;
        return [];
      }
      case 'stop':
        return this.end();
      default:
        return [];
    }
  }

  /** A call is whole when something else comes. */
  end(): Fields[] {
    const call = this.#call;
    this.#call = null;
    if (call === null) return [];
    const { id, name, signature, json } = call;
    const proof = signature === null ? {} : { thoughtSignature: signature };
    return [{ functionCall: { id, name, args: objectOf(json) ?? {} }, ...proof }];
  }
}

export function openWriter({ asEvents }: AnswerAsked): StreamWriter {
  return new PartWriter(asEvents);
}

class PartWriter implements StreamWriter {
  readonly #asEvents: boolean;
  readonly #parts = new Parts();
  #stop: StopReason | null = null;
  #hasBegun = false;

  constructor(asEvents: boolean) {
    this.#asEvents = asEvents;
  }

  write(event: AnswerEvent): string {
    if (event.kind === 'error') return this.#element(writeError(event.error, null));
    if (event.kind === 'stop') this.#stop = event.reason;
    return this.#parts
      .take(event)
      .map((part) => this.#said([part]))
      .join('');
  }

  end(usage: AnswerUsage | null): string {
    if (this.#stop === null) return '';
    const last = this.#said(
      [{ text: '' }],
      { finishReason: REASONS[this.#stop] },
      usageFields(usage),
    );
    return this.#asEvents ? last : `${last}]`;
  }

  #said(parts: readonly Fields[], more: Fields = {}, besides: Fields = {}): string {
    const candidate = { content: { role: 'model', parts }, ...more, index: 0 };
    return this.#element({ candidates: [candidate], ...besides, ...this.#parts.head });
  }

  #element(fields: Fields): string {
    const json = JSON.stringify(fields);
    if (this.#asEvents) return `data: ${json}\r\n\r\n`;
    const before = this.#hasBegun ? ',\r\n' : '[';
    this.#hasBegun = true;
    return before + json;
  }
}
