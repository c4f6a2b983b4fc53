/** The events of a streamed response. Usage is in the last one alone. */
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
  answerItem,
  endStatus,
  idOf,
  reasoningItem,
  responseObject,
  responseUsage,
  type Status,
  searchItem,
  searchItems,
} from './response-json.ts';
import type { ResponseRequest } from './response-request.ts';

export class ResponseWriter implements EventWriter {
  readonly contentType = 'text/event-stream; charset=utf-8';
  readonly #attempt: Attempt;
  readonly #plan: ChatPlan;
  readonly #request: ResponseRequest;
  readonly #padChars: number;
  readonly #onEnd: () => void;
  /** All that is over. */
  readonly #items: object[] = [];
  #sequence = 0;
  #open: 'reasoning' | 'answer' | null = null;
  #text = '';
  #answerId = '';

  /** @param onEnd called when all of it was generated */
  constructor(attempt: Attempt, plan: ChatPlan, request: ResponseRequest, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#attempt = attempt;
    this.#plan = plan;
    this.#request = request;
    this.#padChars = paddingPerChunk(attempt, plan);
  }

  opening(): string {
    const begun = { response: this.#object('in_progress', null) };
    const searches = searchItems(this.#attempt, this.#plan.usage.searches);
    return [
      this.#event('response.created', begun),
      this.#event('response.in_progress', begun),
      ...searches.map((search) => this.#search(search)),
    ].join('');
  }

  reasoning({ from, tokens }: Step): string {
    let events = '';
    if (this.#open === null) {
      this.#open = 'reasoning';
      events += this.#added(
        reasoningItem(this.#attempt, { ...this.#request, summarises: false }, 0),
      );
      if (this.#request.summarises)
        events += this.#summary('part.added', { part: summaryPart('') });
    }
    if (!this.#request.summarises) return events;
    const delta = words(from, tokens);
    this.#text += delta;
    return events + this.#summary('text.delta', { delta });
  }

  output({ from, tokens }: Step): string {
    const delta = this.#plan.reply.text(from, tokens, this.#padChars);
    const opened = this.#open === 'answer' ? '' : this.#closed() + this.#openAnswer();
    this.#text += delta;
    const kind = this.#answerKind();
    if (kind !== 'output_text') return opened + this.#part(`response.${kind}.delta`, { delta });
    return (
      opened + this.#part('response.output_text.delta', { content_index: 0, delta, logprobs: [] })
    );
  }

  broken(): string {
    const type = 'response.output_text.delta';
    return `event: ${type}\ndata: {"type":"${type}","delta":\n\n`;
  }

  /** OpenAI states none; some that are compatible do, in the event that says it goes on. */
  runningTotal({ reasoning: reasoningTokens, output: outputTokens }: Generated): string {
    const usage = responseUsage({ ...this.#plan.usage, reasoningTokens, outputTokens });
    return this.#event('response.in_progress', { response: this.#object('in_progress', usage) });
  }

  failure({ reasoning: reasoningTokens, output: outputTokens }: Generated): string {
    const usage = responseUsage({ ...this.#plan.usage, reasoningTokens, outputTokens });
    return this.#event('response.failed', { response: this.#object('failed', usage) });
  }

  closing(): string {
    this.#onEnd();
    const closed = this.#closed();
    const status = endStatus(this.#plan);
    const stated = this.#attempt.knobs.fault?.kind !== 'usage_missing';
    const usage = stated ? responseUsage(this.#plan.usage) : undefined;
    return closed + this.#event(`response.${status}`, { response: this.#object(status, usage) });
  }

  #search(search: { id: string; query: string }): string {
    const done = searchItem(search);
    const at = { item_id: search.id };
    const added = this.#added({ ...done, status: 'in_progress' });
    const steps = ['in_progress', 'searching', 'completed'].map((step) =>
      this.#event(`response.web_search_call.${step}`, { ...at, output_index: this.#items.length }),
    );
    return added + steps.join('') + this.#done(done);
  }

  #openAnswer(): string {
    this.#open = 'answer';
    const item = answerItem(this.#attempt, this.#plan, 'in_progress', '');
    this.#answerId = item.id;
    if (this.#answerKind() !== 'output_text') return this.#added(item);
    const part = { type: 'output_text', text: '', annotations: [], logprobs: [] };
    const added = this.#added({ ...item, content: [] });
    return added + this.#part('response.content_part.added', { content_index: 0, part });
  }

  /** Ends the item that is open, if there is one. */
  #closed(): string {
    const open = this.#open;
    const text = this.#text;
    this.#text = '';
    this.#open = null;
    if (open === null) return '';
    if (open === 'reasoning') return this.#closeReasoning(text);
    const item = answerItem(this.#attempt, this.#plan, endStatus(this.#plan), text);
    const kind = this.#answerKind();
    if (kind !== 'output_text') {
      const member = kind === 'function_call_arguments' ? { arguments: text } : { input: text };
      const { toolName: name } = this.#plan.reply;
      return this.#part(`response.${kind}.done`, { ...member, name }) + this.#done(item);
    }
    const part = { type: 'output_text', text, annotations: [], logprobs: [] };
    const at = { content_index: 0 };
    const over = this.#part('response.output_text.done', { ...at, text, logprobs: [] });
    return over + this.#part('response.content_part.done', { ...at, part }) + this.#done(item);
  }

  #closeReasoning(text: string): string {
    const tokens = this.#plan.usage.reasoningTokens;
    const done = this.#done.bind(this, reasoningItem(this.#attempt, this.#request, tokens));
    if (!this.#request.summarises) return done();
    const over = this.#summary('text.done', { text });
    return over + this.#summary('part.done', { part: summaryPart(text) }) + done();
  }

  #answerKind(): 'output_text' | 'function_call_arguments' | 'custom_tool_call_input' {
    const { toolKind } = this.#plan.reply;
    if (toolKind === null) return 'output_text';
    return toolKind === 'custom' ? 'custom_tool_call_input' : 'function_call_arguments';
  }

  #added(item: object): string {
    const at = { output_index: this.#items.length };
    return this.#event('response.output_item.added', { ...at, item });
  }

  #done(item: object): string {
    const at = { output_index: this.#items.length };
    this.#items.push(item);
    return this.#event('response.output_item.done', { ...at, item });
  }

  #summary(what: string, more: object): string {
    const item_id = idOf(this.#attempt, 'rs');
    const at = { item_id, output_index: this.#items.length, summary_index: 0 };
    return this.#event(`response.reasoning_summary_${what}`, { ...at, ...more });
  }

  #part(type: string, more: object): string {
    return this.#event(type, {
      item_id: this.#answerId,
      output_index: this.#items.length,
      ...more,
    });
  }

  #object(status: Status, usage: object | null | undefined): object {
    return { ...responseObject(this.#attempt, this.#request, status, this.#items), usage };
  }

  #event(type: string, more: object): string {
    const data = { type, sequence_number: this.#sequence, ...more };
    this.#sequence += 1;
    return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
  }
}

function summaryPart(text: string): object {
  return { type: 'summary_text', text };
}
