/** A call whose request is one JSON object: how it goes to a provider. */
import type { OpenParts } from '@tollgate/domain/pricing/open-bounds.ts';
import type { Wanted } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import type { Capability } from '@tollgate/domain/routing/route.ts';
import { saysEvents } from '../../relay/body-kind.ts';
import { type Edit, type Member, withEdits } from '../../relay/json-scan.ts';
import type {
  Answer,
  AnswerHeaders,
  AnswerLimits,
  CallRequest,
  ImposedLimit,
  InputTokens,
  Question,
  Replay,
  RequestFacts,
  UpstreamRequest,
} from '../dialect.ts';
import { type AnswerReaders, openAnswer } from '../shared/open-answer.ts';
import type { Asked } from './asked.ts';
import { cacheText } from './cached/cache-text.ts';
import { streamOf } from './cached/chat-replay.ts';
import { clampEdits } from './clamp-edits.ts';
import { JsonAnswer } from './json-answer.ts';
import { SEARCHES_ALONE } from './open-parts.ts';
import { promptOf } from './prompt.ts';
import { wantedIn } from './said.ts';
import { searches } from './searching-models.ts';
import { StreamAnswer } from './stream-answer.ts';

const STREAM_HEADERS = { accept: 'text/event-stream' };
const JSON_HEADERS = { accept: 'application/json' };
const NO_EDITS: readonly Edit[] = [];
const NO_BYTES = Buffer.alloc(0);

/** A larger body is not read again for an estimate or a bound: that would stop all other calls, 30 ms here. */
const ESTIMATED_BODY_BYTES_MAX = 4 * 1024 * 1024;

/** What differs from one endpoint to the other. */
export type JsonEndpoint = {
  /** Below the provider's base URL. */
  path: string;
  /** What is read of a request's body for an estimate of its input. */
  input: (body: unknown) => InputTokens | null;
  /** What of an answer's output a request lets nobody see (`Asked.unshownTokensMax`). */
  unshown: (body: Buffer) => number | null;
  /** Members of a request that change nothing of what is answered; null: nothing is answered again. */
  leftOut: ReadonlySet<string> | null;
  question: (body: Buffer, members: readonly Member[], hasEndUser: boolean) => Question | null;
  /** Whether an answer may be given again. */
  mayRepeat: NonNullable<Asked['mayRepeat']>;
  /** Where it takes an output limit, whatever the provider. Default: where the provider takes it. */
  limitField?: string;
  /** The member with what its user asks. Default: `messages`. */
  promptIn?: string;
  /** What reads its answers. Default: what reads those of chat completions and embeddings. */
  readers?: (limits: AnswerLimits, asked: Asked) => AnswerReaders;
};

export class JsonCall implements CallRequest, Asked {
  readonly dialect = 'openai';
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
  readonly more: CallRequest['more'];
  readonly serviceTier: CallRequest['serviceTier'];
  readonly stored: CallRequest['stored'];
  readonly #facts: RequestFacts;
  readonly #of: JsonEndpoint;
  mayRepeat: Asked['mayRepeat'] = null;
  isJudged = false;

  constructor(endpoint: JsonEndpoint, facts: RequestFacts) {
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
    this.serviceTier = facts.serviceTier;
    this.stored = facts.stored;
    this.#facts = facts;
    this.#of = endpoint;
  }

  get body(): Buffer {
    return this.#facts.body;
  }

  get generates(): boolean {
    return this.outputTokensMax !== 0;
  }

  /** The one edit there is asks for that chunk. */
  get stripsUsageChunk(): boolean {
    return this.#facts.edits.length > 0;
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
    return { path: this.#of.path, headers, body: this.#bodyFor(model, limit, edits) };
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
    const { tokens } = limit;
    const field = this.#of.limitField ?? limit.field;
    const { limitAt, body, members } = this.#facts;
    if (limitAt === null) return clampEdits(body, members, { ...limit, field });
    const { name, start, end } = limitAt;
    // The body has a model behind it, so there is always a next member.
    const text = name === null ? `${JSON.stringify(field)}:${tokens},` : String(tokens);
    return [{ start, end, text }];
  }

  streams(headers: AnswerHeaders): boolean {
    return saysEvents(headers['content-type']);
  }

  answer(
    headers: AnswerHeaders,
    limits: AnswerLimits,
    first = NO_BYTES,
    asksForUsage = true,
  ): Answer {
    const asked = asksForUsage ? this : this.#unaskedForUsage();
    const readers = this.#of.readers?.(limits, asked) ?? {
      stream: () => new StreamAnswer(limits, asked),
      whole: () => new JsonAnswer(limits, asked),
    };
    return openAnswer(headers, limits, readers, first);
  }

  /** The same to a provider that was not asked for its usage: what it states is its answer's own. */
  #unaskedForUsage(): Asked {
    const { generates, mayRepeat, isJudged } = this;
    return {
      ...{ generates, mayRepeat, isJudged, stripsUsageChunk: false },
      unshownTokensMax: () => this.unshownTokensMax(),
      hasInput: () => this.hasInput(),
    };
  }

  cacheText(hasEndUser: boolean): string | null {
    const { body, members } = this.#facts;
    const { leftOut } = this.#of;
    if (leftOut === null || this.unboundedBy !== null || this.otherModels !== null) return null;
    return cacheText(body, members, leftOut, hasEndUser);
  }

  question(hasEndUser: boolean): Question | null {
    const { body, members } = this.#facts;
    if (this.unboundedBy !== null || this.otherModels !== null) return null;
    return this.#of.question(body, members, hasEndUser);
  }

  record(): void {
    this.mayRepeat = this.#of.mayRepeat;
  }

  replay(recorded: Buffer): Replay {
    if (!this.stream) return { contentType: 'application/json', body: recorded };
    const body = streamOf(recorded, this.#facts.edits.length === 0);
    return { contentType: 'text/event-stream; charset=utf-8', body };
  }

  judge(): void {
    this.isJudged = true;
  }

  wanted(): Omit<Wanted, 'cutByLimit'> {
    return wantedIn(this.#facts.body, this.#facts.members);
  }

  prompt(): Prompt {
    return promptOf(this.#facts.body, this.#facts.members, this.#of.promptIn);
  }

  hasInput(): boolean {
    const input = this.input();
    return input === null || input.ids > 0 || input.text !== '';
  }

  unshownTokensMax(): number | null {
    const { body } = this.#facts;
    if (this.unboundedBy !== null || body.length > ESTIMATED_BODY_BYTES_MAX) return null;
    return this.#of.unshown(body);
  }

  /** What has no bound has no figure either: pictures, audio, files, searches, more expensive tiers. */
  input(): InputTokens | null {
    const { body } = this.#facts;
    if (this.unboundedBy !== null || body.length > ESTIMATED_BODY_BYTES_MAX) return null;
    return this.#of.input(JSON.parse(body.toString()));
  }
}
