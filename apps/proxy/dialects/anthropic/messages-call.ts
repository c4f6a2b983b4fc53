/** A call of the Messages API: how it goes to a provider, and what reads its answer. */
import type { IncomingHttpHeaders } from 'node:http';
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import { saysEvents } from '../../relay/body-kind.ts';
import { type Edit, withEdits } from '../../relay/json-scan.ts';
import type {
  Answer,
  AnswerHeaders,
  AnswerLimits,
  CallRequest,
  ImposedLimit,
  RequestFacts,
  UpstreamRequest,
} from '../dialect.ts';
import { promptOf } from '../openai/prompt.ts';
import { openAnswer } from '../shared/open-answer.ts';
import { UnkeptCall } from '../shared/unkept-call.ts';
import { MessageAnswer } from './message-answer.ts';
import { MessageStream } from './message-stream.ts';

/** The version that this gateway was built for, of clients that name none. */
const VERSION = '2023-06-01';
/** Headers of the client that change what is asked. */
const PASSED = ['anthropic-version', 'anthropic-beta'] as const;
const NO_BYTES = Buffer.alloc(0);

/** Of a request's head, for the provider. */
export function passedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const passed: Record<string, string> = { 'anthropic-version': VERSION };
  for (const name of PASSED) {
    const value = headers[name];
    if (value !== undefined) passed[name] = String(value);
  }
  return passed;
}

export class MessagesCall extends UnkeptCall implements CallRequest {
  readonly dialect = 'anthropic';
  readonly #headers: IncomingHttpHeaders;

  constructor(facts: RequestFacts, headers: IncomingHttpHeaders) {
    super(facts);
    this.#headers = headers;
  }

  upstream(model: string, limit: ImposedLimit | null): UpstreamRequest {
    const accept = this.stream ? 'text/event-stream' : 'application/json';
    const headers = { ...passedHeaders(this.#headers), accept };
    return { path: '/messages', headers, body: this.#bodyFor(model, limit), auth: 'x-api-key' };
  }

  #bodyFor(model: string, limit: ImposedLimit | null): Buffer {
    const { body, modelAt, members } = this.facts;
    const edits: Edit[] = [];
    if (model !== this.model) edits.push({ ...modelAt, text: JSON.stringify(model) });
    const stated = members.find(({ name }) => name === 'max_tokens');
    if (limit !== null && stated !== undefined) {
      const { start, end } = stated;
      // seam: clamp-is-below-the-stated-limit
      const tokens = Math.min(limit.tokens, this.outputTokensMax ?? limit.tokens);
      edits.push({ start, end, text: String(tokens) });
    }
    return edits.length === 0 ? body : withEdits(body, edits);
  }

  streams(headers: AnswerHeaders): boolean {
    return saysEvents(headers['content-type']);
  }

  answer(headers: AnswerHeaders, limits: AnswerLimits, first = NO_BYTES): Answer {
    const asksForHours = this.more?.cacheWrites1h === true;
    const readers = {
      stream: () => new MessageStream(limits, asksForHours),
      whole: () => new MessageAnswer(limits, asksForHours),
    };
    return openAnswer(headers, limits, readers, first);
  }

  prompt(): Prompt {
    return promptOf(this.facts.body, this.facts.members);
  }

  /** Its providers state what they bill; what they do not is unknown, and not estimated (I8). */
  input(): null {
    return null;
  }
}
