/** A call whose request is one JSON object: how it goes to a provider. */
import { saysEvents } from '../../relay/body-kind.ts';
import { type Edit, withEdits } from '../../relay/json-scan.ts';
import type {
  Answer,
  AnswerHeaders,
  AnswerLimits,
  CallRequest,
  RequestFacts,
  UpstreamRequest,
} from '../dialect.ts';
import { openAnswer } from './answer.ts';
import { searches } from './searching-models.ts';

const STREAM_HEADERS = { accept: 'text/event-stream' };
const JSON_HEADERS = { accept: 'application/json' };
const NO_BYTES = Buffer.alloc(0);

export class JsonCall implements CallRequest {
  readonly endpoint: string;
  readonly model: string;
  readonly stream: boolean;
  readonly endUser: string | null;
  readonly inputTokensMax: number;
  readonly outputTokensMax: number | null;
  readonly answerCount: number;
  readonly unboundedBy: string | null;
  readonly #facts: RequestFacts;
  readonly #path: string;

  /** @param path below the provider's base URL */
  constructor(path: string, facts: RequestFacts) {
    this.endpoint = facts.endpoint;
    this.model = facts.model;
    this.stream = facts.stream;
    this.endUser = facts.endUser;
    this.inputTokensMax = facts.inputTokensMax;
    this.outputTokensMax = facts.outputTokensMax;
    this.answerCount = facts.answerCount;
    this.unboundedBy = facts.unboundedBy;
    this.#facts = facts;
    this.#path = path;
  }

  unboundedModel(model: string): string | null {
    return searches(model);
  }

  upstream(model: string): UpstreamRequest {
    const headers = this.stream ? STREAM_HEADERS : JSON_HEADERS;
    return { path: this.#path, headers, body: this.#bodyFor(model) };
  }

  #bodyFor(model: string): Buffer {
    const { body, modelAt, edits } = this.#facts;
    if (model === this.model) return edits.length === 0 ? body : withEdits(body, edits);
    const renamed: Edit = { ...modelAt, text: JSON.stringify(model) };
    return withEdits(body, [...edits, renamed]);
  }

  streams(headers: AnswerHeaders): boolean {
    return saysEvents(headers['content-type']);
  }

  answer(headers: AnswerHeaders, limits: AnswerLimits, first = NO_BYTES): Answer {
    // The one edit there is asks for the chunk that states the usage: the client did not.
    return openAnswer(headers, limits, this.#facts.edits.length > 0, first);
  }

  inputText(): string {
    const { body, inputAt } = this.#facts;
    return body.toString('utf8', inputAt.start, inputAt.end);
  }
}
