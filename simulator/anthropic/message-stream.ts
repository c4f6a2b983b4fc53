/**
 * The events of a streamed message. Usage is a running total: its start has the input as it is known
 * then, without what searches add, and its last delta has all of it.
 */
import type { Attempt } from '../calls/attempt.ts';
import {
  type EventWriter,
  type Generated,
  paddingPerChunk,
  type Step,
} from '../calls/stream-answer.ts';
import type { ChatPlan } from '../chat/chat-plan.ts';
import { words } from '../chat/chat-text.ts';
import {
  deltaUsage,
  messageHead,
  messageUsage,
  searchBlocks,
  signatureOf,
  stopReason,
  toolUseId,
} from './message-json.ts';
import type { MessageRequest } from './message-request.ts';

export class MessageWriter implements EventWriter {
  readonly contentType = 'text/event-stream; charset=utf-8';
  readonly #attempt: Attempt;
  readonly #plan: ChatPlan;
  readonly #request: MessageRequest;
  readonly #padChars: number;
  #index = 0;
  #open: 'thinking' | 'answer' | null = null;

  constructor(attempt: Attempt, plan: ChatPlan, request: MessageRequest) {
    this.#attempt = attempt;
    this.#plan = plan;
    this.#request = request;
    this.#padChars = paddingPerChunk(attempt, plan);
  }

  opening(): string {
    const { usage } = this.#plan;
    const known = usage.searches === 0 ? usage.inputTokens : Math.ceil(usage.inputTokens / 2);
    // A first token is counted at once, as at Anthropic.
    const first = Math.min(1, usage.outputTokens + usage.reasoningTokens);
    const generated = { outputTokens: first, reasoningTokens: 0, searches: 0 };
    const begun = { ...usage, inputTokens: known, ...generated };
    const message = {
      ...{ ...messageHead(this.#attempt), content: [], stop_reason: null, stop_sequence: null },
      usage: messageUsage(this.#attempt, begun),
    };
    const searches = searchBlocks(this.#attempt, usage.searches).map((block) => this.#whole(block));
    return event({ type: 'message_start', message }) + event({ type: 'ping' }) + searches.join('');
  }

  reasoning({ from, tokens }: Step): string {
    const opened = this.#begin('thinking', { type: 'thinking', thinking: '', signature: '' });
    if (!this.#request.showsThinking) return opened;
    return opened + this.#delta({ type: 'thinking_delta', thinking: words(from, tokens) });
  }

  output({ from, tokens }: Step): string {
    const { reply } = this.#plan;
    const text = reply.text(from, tokens, this.#padChars);
    if (reply.toolName === null) {
      const opened = this.#begin('answer', { type: 'text', text: '', citations: null });
      return opened + this.#delta({ type: 'text_delta', text });
    }
    const call = { type: 'tool_use', id: toolUseId(this.#attempt), name: reply.toolName };
    const opened = this.#begin('answer', { ...call, input: {}, caller: { type: 'direct' } });
    return opened + this.#delta({ type: 'input_json_delta', partial_json: text });
  }

  broken(): string {
    return 'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,"delta":\n\n';
  }

  runningTotal({ reasoning: reasoningTokens, output: outputTokens }: Generated): string {
    const delta = { stop_reason: null, stop_sequence: null };
    const usage = deltaUsage({ ...this.#plan.usage, reasoningTokens, outputTokens });
    return event({ type: 'message_delta', delta, usage });
  }

  failure(): string {
    const error = { type: 'overloaded_error', message: 'Overloaded' };
    return event({ type: 'error', error, request_id: this.#attempt.facts.requestId });
  }

  closing(): string {
    const closed = this.#close();
    const delta = { stop_reason: stopReason(this.#plan), stop_sequence: null };
    const stated = this.#attempt.knobs.fault?.kind !== 'usage_missing';
    const usage = stated ? { usage: deltaUsage(this.#plan.usage) } : {};
    const last = event({ type: 'message_delta', delta, ...usage });
    return closed + last + event({ type: 'message_stop' });
  }

  /** Ends the block before and starts one of this kind, unless it is open. */
  #begin(kind: 'thinking' | 'answer', block: object): string {
    if (this.#open === kind) return '';
    const closed = this.#close();
    this.#open = kind;
    return closed + this.#start(block);
  }

  #close(): string {
    if (this.#open === null) return '';
    const signature = { type: 'signature_delta', signature: signatureOf(this.#attempt) };
    const signed = this.#open === 'thinking' ? this.#delta(signature) : '';
    this.#open = null;
    return signed + this.#stop();
  }

  /** A search's input is generated and streamed; what it found comes whole. */
  #whole(block: object): string {
    if (!('input' in block)) return this.#start(block) + this.#stop();
    const partial = { type: 'input_json_delta', partial_json: JSON.stringify(block.input) };
    return this.#start({ ...block, input: {} }) + this.#delta(partial) + this.#stop();
  }

  #start(block: object): string {
    return event({ type: 'content_block_start', index: this.#index, content_block: block });
  }

  #delta(delta: object): string {
    return event({ type: 'content_block_delta', index: this.#index, delta });
  }

  #stop(): string {
    const stopped = event({ type: 'content_block_stop', index: this.#index });
    this.#index += 1;
    return stopped;
  }
}

function event<Data extends { readonly type: string }>(data: Data): string {
  return `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`;
}
