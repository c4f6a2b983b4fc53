/** A call of the Messages API: how it goes to a provider, and what reads its answer. */
import type { IncomingHttpHeaders } from 'node:http';
import type { OpenParts } from '@tollgate/domain/pricing/open-bounds.ts';
import type { Wanted } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import type { Capability } from '@tollgate/domain/routing/route.ts';
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
import { MessageAnswer } from './message-answer.ts';
import { MessageStream } from './message-stream.ts';

/** The version that this gateway was built for, of clients that name none. */
const VERSION = '2023-06-01';
/** Headers of the client that change what is asked. */
const PASSED = ['anthropic-version', 'anthropic-beta'] as const;
const NO_BYTES = Buffer.alloc(0);
const NOTHING_WANTED: Omit<Wanted, 'cutByLimit'> = { json: null, tools: null };

/** Of a request's head, for the provider. */
export function passedHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const passed: Record<string, string> = { 'anthropic-version': VERSION };
  for (const name of PASSED) {
    const value = headers[name];
    if (value !== undefined) passed[name] = String(value);
  }
  return passed;
}

export class MessagesCall implements CallRequest {
  readonly dialect = 'anthropic';
  readonly endpoint: string;
  readonly model: string;
  readonly stream: boolean;
  readonly endUser: string | null;
  readonly inputTokensMax: number;
  readonly outputTokensMax: number | null;
  readonly answerCount: number;
  readonly unboundedBy: string | null;
  readonly openParts: OpenParts | null;
  readonly needs: readonly Capability[];
  readonly otherModels: string | null;
  readonly more: RequestFacts['more'];
  readonly #facts: RequestFacts;
  readonly #headers: IncomingHttpHeaders;

  constructor(facts: RequestFacts, headers: IncomingHttpHeaders) {
    this.endpoint = facts.endpoint;
    this.model = facts.model;
    this.stream = facts.stream;
    this.endUser = facts.endUser;
    this.inputTokensMax = facts.inputTokensMax;
    this.outputTokensMax = facts.outputTokensMax;
    this.answerCount = facts.answerCount;
    this.unboundedBy = facts.unboundedBy;
    this.openParts = facts.openParts;
    this.needs = facts.needs;
    this.otherModels = facts.otherModels;
    this.more = facts.more;
    this.#facts = facts;
    this.#headers = headers;
  }

  get body(): Buffer {
    return this.#facts.body;
  }

  unboundedModel(): null {
    return null;
  }

  openPartsAt(): OpenParts | null {
    return this.openParts;
  }

  upstream(model: string, limit: ImposedLimit | null): UpstreamRequest {
    const accept = this.stream ? 'text/event-stream' : 'application/json';
    const headers = { ...passedHeaders(this.#headers), accept };
    return { path: '/messages', headers, body: this.#bodyFor(model, limit), auth: 'x-api-key' };
  }

  #bodyFor(model: string, limit: ImposedLimit | null): Buffer {
    const { body, modelAt, members } = this.#facts;
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

  /** Answers of this dialect are not kept. */
  cacheText(): null {
    return null;
  }

  question(): null {
    return null;
  }

  record(): void {
    throw new Error('answers of the Messages API are not kept');
  }

  replay(): never {
    throw new Error('answers of the Messages API are not kept');
  }

  prompt(): Prompt {
    return promptOf(this.#facts.body, this.#facts.members);
  }

  judge(): void {
    // What nobody puts together is judged by nobody: `said` of its answers is null.
  }

  wanted(): Omit<Wanted, 'cutByLimit'> {
    return NOTHING_WANTED;
  }

  /** Its providers state what they bill; what they do not is unknown, and not estimated (I8). */
  input(): null {
    return null;
  }
}
