/** A call whose request is one JSON object: how it goes to a provider. */
import type { OpenParts } from '@tollgate/domain/pricing/open-bounds.ts';
import { saysEvents } from '../../relay/body-kind.ts';
import { type Edit, withEdits } from '../../relay/json-scan.ts';
import type {
  Answer,
  AnswerHeaders,
  AnswerLimits,
  CallRequest,
  ImposedLimit,
  InputTokens,
  RequestFacts,
  UpstreamRequest,
} from '../dialect.ts';
import { openAnswer } from './answer.ts';
import type { Asked } from './asked.ts';
import { clampEdits } from './clamp-edits.ts';
import { SEARCHES_ALONE } from './open-parts.ts';
import { searches } from './searching-models.ts';

const STREAM_HEADERS = { accept: 'text/event-stream' };
const JSON_HEADERS = { accept: 'application/json' };
const NO_EDITS: readonly Edit[] = [];
const NO_BYTES = Buffer.alloc(0);

/** A larger body is not read again for an estimate or a bound: that would stop all other calls, 30 ms here. */
const ESTIMATED_BODY_BYTES_MAX = 4 * 1024 * 1024;

/** What is read of a request's body for an estimate of its input. */
export type InputReader = (body: unknown) => InputTokens | null;
/** What of an answer's output a request lets nobody see (`Asked.unshownTokensMax`). */
export type UnshownReader = (body: Buffer) => number | null;

export class JsonCall implements CallRequest, Asked {
  readonly endpoint: string;
  readonly model: string;
  readonly stream: boolean;
  readonly endUser: string | null;
  readonly inputTokensMax: number;
  readonly outputTokensMax: number | null;
  readonly answerCount: number;
  readonly unboundedBy: string | null;
  readonly openParts: OpenParts | null;
  readonly otherModels: string | null;
  readonly #facts: RequestFacts;
  readonly #path: string;
  readonly #readInput: InputReader;
  readonly #readUnshown: UnshownReader;
  /** A provider is asked for the chunk that states the usage, by us alone. */
  #asksForUsage: boolean;

  /** @param path below the provider's base URL */
  constructor(
    path: string,
    facts: RequestFacts,
    readInput: InputReader,
    readUnshown: UnshownReader,
  ) {
    this.endpoint = facts.endpoint;
    this.model = facts.model;
    this.stream = facts.stream;
    this.endUser = facts.endUser;
    this.inputTokensMax = facts.inputTokensMax;
    this.outputTokensMax = facts.outputTokensMax;
    this.answerCount = facts.answerCount;
    this.unboundedBy = facts.unboundedBy;
    this.openParts = facts.openParts;
    this.otherModels = facts.otherModels;
    this.#facts = facts;
    this.#path = path;
    this.#readInput = readInput;
    this.#readUnshown = readUnshown;
    this.#asksForUsage = facts.edits.length > 0;
  }

  get body(): Buffer {
    return this.#facts.body;
  }

  get generates(): boolean {
    return this.outputTokensMax !== 0;
  }

  get stripsUsageChunk(): boolean {
    return this.#asksForUsage;
  }

  unboundedModel(model: string): string | null {
    return searches(model);
  }

  openPartsAt(model: string): OpenParts | null {
    const { openParts } = this;
    if (searches(model) === null) return openParts;
    if (this.unboundedBy === null) return SEARCHES_ALONE;
    return openParts === null ? null : { ...openParts, searches: true };
  }

  upstream(model: string, limit: ImposedLimit | null, asksForUsage = true): UpstreamRequest {
    const headers = this.stream ? STREAM_HEADERS : JSON_HEADERS;
    const edits = asksForUsage ? this.#facts.edits : NO_EDITS;
    // The one edit there is asks for that chunk.
    this.#asksForUsage = edits.length > 0;
    return { path: this.#path, headers, body: this.#bodyFor(model, limit, edits) };
  }

  #bodyFor(model: string, limit: ImposedLimit | null, edits: readonly Edit[]): Buffer {
    const { body, modelAt } = this.#facts;
    if (model === this.model && limit === null) {
      return edits.length === 0 ? body : withEdits(body, edits);
    }
    const made = [...edits];
    if (model !== this.model) made.push({ ...modelAt, text: JSON.stringify(model) });
    if (limit !== null) made.push(...this.#limitEdit(limit));
    return withEdits(body, made);
  }

  #limitEdit(limit: ImposedLimit): Edit[] {
    const { field, tokens } = limit;
    const { limitAt, body, members } = this.#facts;
    if (limitAt === null) return clampEdits(body, members, limit);
    const { name, start, end } = limitAt;
    // The body has a model behind it, so there is always a next member.
    const text = name === null ? `${JSON.stringify(field)}:${tokens},` : String(tokens);
    return [{ start, end, text }];
  }

  streams(headers: AnswerHeaders): boolean {
    return saysEvents(headers['content-type']);
  }

  answer(headers: AnswerHeaders, limits: AnswerLimits, first = NO_BYTES): Answer {
    return openAnswer(headers, limits, this, first);
  }

  hasInput(): boolean {
    const input = this.input();
    return input === null || input.ids > 0 || input.text !== '';
  }

  unshownTokensMax(): number | null {
    const { body } = this.#facts;
    if (this.unboundedBy !== null || body.length > ESTIMATED_BODY_BYTES_MAX) return null;
    return this.#readUnshown(body);
  }

  /** What has no bound has no figure either: pictures, audio, files, searches, more expensive tiers. */
  input(): InputTokens | null {
    const { body } = this.#facts;
    if (this.unboundedBy !== null || body.length > ESTIMATED_BODY_BYTES_MAX) return null;
    return this.#readInput(JSON.parse(body.toString()));
  }
}
