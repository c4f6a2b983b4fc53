/**
 * What a dialect is: a provider's language on the wire, which clients speak to this gateway. The
 * gateway's other parts route, price, hold, record and relay a call by the facts below; only the
 * files under `dialects/` know how a body of a provider is built.
 *
 * Credentials are no part of a dialect: each provider's `Upstream` adds its own.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { MoreUse } from '@tollgate/domain/pricing/cost.ts';
import type { OpenParts } from '@tollgate/domain/pricing/open-bounds.ts';
import type { PricedUnit } from '@tollgate/domain/pricing/price.ts';
import type { Said, Wanted } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import type { RefusedFor } from '@tollgate/domain/routing/failure.ts';
import type { Capability } from '@tollgate/domain/routing/route.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { AuthStyle, DialectName } from '@tollgate/schemas/config/provider-dialects.ts';
import type { Refusal } from '../errors.ts';
import type { ProxyLimits } from '../limits.ts';
import type { Edit, Member, Range } from '../relay/json-scan.ts';
import type { Passing } from './pass/passing.ts';

export type Dialect = {
  name: DialectName;
  /** Its paths are served below them too, where several interfaces are told apart by them: `/openai`. */
  prefixes?: readonly string[];
  /** The calls that it has, each of them metered. What is not listed is refused. */
  endpoints: readonly Endpoint[];
  /** Some of them once more, at paths that name the model: Azure's. Names of endpoints are the same. */
  atDeployments?: readonly Endpoint[];
  /** Requests that no provider bills. */
  free?: readonly FreeEndpoint[];
  /** What is asked of objects that a provider has stored. */
  stored?: readonly StoredEndpoint[];
  /** Where clients ask which models they may use, and the answer's JSON. */
  models: {
    path: string;
    /** Other paths of it, for the list and for one of them. */
    aliases?: readonly string[];
    list(models: readonly ServedModel[]): object;
    /** The answer about one of them, which is asked for below `path`. */
    entry(model: ServedModel): object;
    /** Whether who asks speaks this dialect, where several have the same path. */
    isAskedBy(headers: IncomingHttpHeaders): boolean;
  };
  /** Of the query, where clients may show their key. It is taken out of the URL before anything else (I12). */
  keyParameter?: string;
  /** JSON of an error that the gateway answers itself. */
  errorBody(refusal: Refusal): string;
};

/** A path of a dialect that takes metered calls. */
export type Endpoint = {
  method: 'POST';
  /** As Fastify writes it. */
  path: string;
  /** Other paths of it: with the prefixes that SDKs and other gateways have. */
  aliases?: readonly string[];
  /** As on the usage event, for example `chat.completions`. */
  name: string;
  /** Of a path that ends in a star: what is behind the last colon of those that are this endpoint's. */
  action?: string;
  /** Which bodies it takes: JSON alone, if it says nothing. */
  takes?: 'form' | 'form or json';
  /**
   * What the path, or the head, says of the call, if it is not the same in all of them.
   *
   * @param url without a key
   */
  target?(url: string, contentType?: string): CallTarget | Refusal;
  /**
   * Pure: a request in, a value out; a refusal is a value too. Its time grows with the body, so
   * another thread may run it.
   */
  read(incoming: IncomingCall, depthMax: number): FactsRead;
  /**
   * The call whose facts `read` found.
   *
   * @param headers of the client's request: some go on to the provider
   */
  open(facts: RequestFacts, headers?: IncomingHttpHeaders): CallRequest;
  /**
   * Texts of a request that was read, each of which a model reads word for word and by itself. Its time
   * grows with the body, so another thread may run it.
   *
   * @param request the body's JSON
   */
  plainTexts(request: unknown): readonly string[];
  guarded: GuardedMembers;
  errorBody: Dialect['errorBody'];
};

/** A path of a dialect that takes requests which no provider bills: they are answered, and not metered. */
export type FreeEndpoint = Pick<
  Endpoint,
  'method' | 'path' | 'aliases' | 'action' | 'target' | 'name' | 'errorBody'
> & {
  dialect: DialectName;
  read(incoming: IncomingCall, depthMax: number): FreeRead;
};

/**
 * A path below which a dialect's clients ask for an object that a provider has stored, by its id: it is
 * passed on for the object's owner alone (I10), and not metered.
 */
export type StoredEndpoint = Pick<Endpoint, 'errorBody' | 'name'> & {
  method: 'GET' | 'POST' | 'DELETE';
  /** With `:id`, as Fastify writes it. */
  path: string;
  /** The object is gone once the provider has said yes. */
  forgets?: true;
  /** Members of the query that go on to the provider; others are left out. */
  query: readonly string[];
};

export type FreeRead = { ok: true; request: FreeRequest } | { ok: false; refusal: Refusal };

export type FreeRequest = {
  /** As the client wrote it. */
  model: string;
  /** What it names that a provider has stored. Absent: nothing. */
  names?: readonly StoredName[];
  /** What a provider is sent. @param model its name there @param headers of the client's request */
  upstream(model: string, headers: IncomingHttpHeaders): UpstreamRequest;
};

/** What guardrails have to know of a request's JSON. */
export type GuardedMembers = {
  /** Members, wherever they are, whose values name a thing or are data: no pattern is about them. */
  identifiers: ReadonlySet<string>;
  /** The member at the top in which clients state what the call is for. */
  metadata: string;
};

export type ServedModel = { name: string; provider: string };

/** What a client sent, as far as an endpoint reads it. Fastify's request is one. */
export type IncomingCall = {
  readonly body: Buffer;
  /** Of an endpoint whose path says something of its calls. */
  readonly target?: CallTarget | undefined;
};

/** What a path or a head says of a call: plain data, which crosses threads. */
export type CallTarget = {
  /** Empty where the body says it. */
  readonly model: string;
  /** A stream is asked for as server-sent events. */
  readonly asEvents: boolean;
  /** Between the parts of a form. Absent: the body is JSON. */
  readonly boundary?: string;
  /** Of a call that is passed on by a rule of the configuration. */
  readonly passing?: Passing;
};

export type FactsRead = { ok: true; facts: RequestFacts } | { ok: false; refusal: Refusal };

/** What routing, pricing and holding need to know of a call, in whatever dialect it came. */
export type CallFigures = {
  /** Name of its endpoint. */
  readonly endpoint: string;
  /** As the client wrote it. */
  readonly model: string;
  readonly stream: boolean;
  readonly endUser: string | null;
  /** A token holds at least one byte of what is sent. */
  readonly inputTokensMax: number;
  /** Over all answers; null: the client set no limit. 0: there is no output. */
  readonly outputTokensMax: number | null;
  /** How many answers the client asks for in one call. */
  readonly answerCount: number;
  /** The part that lets nobody say what the call may cost: remote media, searches, other models. */
  readonly unboundedBy: string | null;
  /** All such parts, if the operator may give each of them a bound; null: there are none, or others. */
  readonly openParts: OpenParts | null;
  /** What it needs of a model, beyond room for its tokens. */
  readonly needs: readonly Capability[];
  /** The part that lets the provider choose another model than `model`; null: none does. */
  readonly otherModels: string | null;
  /** What it may cause that few calls do. Absent: nothing. */
  readonly more?: MoreUse | undefined;
  /** The provider that it is for. Absent: any that has the model. */
  readonly at?: string | undefined;
  /** The tier of service that it asks for, by its name. Absent: one that costs what price lists say. */
  readonly serviceTier?: string | undefined;
  /** Of a call that takes no output limit, and may be billed by something else than tokens. */
  readonly measure?: Measure | undefined;
  /** What it has to do with objects that a provider stores. Absent: nothing. */
  readonly stored?: StoredParts | undefined;
};

/** What a call may be billed by in place of tokens, where its model's price says so. */
export type Measure = {
  readonly unit: Extract<PricedUnit, 'image' | 'audio_second' | 'character' | 'request'>;
  /** The most of it; null: the request does not bound it. */
  readonly max: number | null;
  /** Quality and size of its pictures, by which some lists have their prices. */
  readonly picture?: string;
};

/** Plain data, which crosses threads. */
export type StoredParts = {
  /** Those that it names. */
  readonly names: readonly StoredName[];
  /** Which of those that its answer names can be asked for later. */
  readonly keeps: 'all' | 'of tools';
  /** Its provider goes on with it after the call. */
  readonly inBackground: boolean;
};

export type StoredName = {
  readonly id: string;
  /** Where it is named. */
  readonly param: string;
};

/** What was read of a request: plain data, which crosses threads. */
export type RequestFacts = CallFigures & {
  /** The body as a provider gets it, but for the edits. */
  body: Buffer;
  modelAt: Range;
  /** What the meter needs written otherwise. */
  edits: readonly Edit[];
  /** Where an output limit goes that the client did not set; null: it set one, or there is no output. */
  limitAt: LimitPlace | null;
  /** At the top of the body: where a limit is that the client did set. */
  members: readonly Member[];
  /** What its own dialect knows of it besides. */
  own?: unknown;
  /** JSON of a request that is none: what webhooks of guardrails are told. Absent: the body. */
  told?: string;
};

/** A place in the body. @param name of the member whose value it is; null: a member is to be added */
export type LimitPlace = Range & { name: string | null };

/**
 * An output limit, per answer, that this gateway sets: the call states none, or a budget cannot pay for
 * the one that it states.
 */
export type ImposedLimit = {
  tokens: number;
  /** The field that this provider takes it in. */
  field: string;
  /** A budget has made it smaller than what the call would have got. */
  clamped?: true;
};

/** Of a call to a provider that speaks another dialect. */
export type Translation = {
  to: DialectName;
  /** Hints that the provider does not get, by the client's names. */
  leftOut: readonly string[];
};

/** A call that was understood: facts that hold in every dialect, and its way to a provider. */
export type CallRequest = CallFigures & {
  readonly dialect: DialectName;
  /** Why calls of a model of this name have no bound, whatever they ask for; null if they have. */
  unboundedModel(model: string): string | null;
  /** `openParts` of a call of this model, of one that has no bound. */
  openPartsAt(model: string): OpenParts | null;
  /** The most that a model of this name writes for it, of a call that takes no limit; null: nobody knows. */
  outputTokensAt?(model: string): number | null;
  /** As the client sent it, in UTF-8. */
  readonly body: Buffer;
  /**
   * What a provider is sent.
   *
   * @param model its name at the provider
   * @param asksForUsage whether a stream's usage may be asked for; default: it may
   */
  upstream(model: string, limit: ImposedLimit | null, asksForUsage?: boolean): UpstreamRequest;
  /** What each answer to it uses, if it states none. Absent or null: that is not known. */
  readonly fixedUse?: KnownQuantities | null;
  /** Whether the head of an answer says that it is a stream: the head then leaves as it comes. */
  streams(headers: AnswerHeaders): boolean;
  /**
   * A reader for what a provider answers to this request.
   *
   * @param first the bytes that its body begins with, blank space left out; they are pushed next
   * @param asksForUsage as in what this provider was sent: another one may be asked at the same time
   * @param status of the answer; null or absent: nobody says
   */
  answer(
    headers: AnswerHeaders,
    limits: AnswerLimits,
    first?: Buffer,
    asksForUsage?: boolean,
    status?: number | null,
  ): Answer;
  /** What the provider gets, of a call that is translated. Absent: this. */
  readonly sentAs?: CallRequest;
  /** Absent: it goes as it came. */
  readonly translation?: Translation;
  /** What of an answer's head is the client's. Absent: all that may be. */
  shownHeaders?(headers: AnswerHeaders): AnswerHeaders;
  /**
   * What of it may change its answer, in canonical form; null: it must not be answered from the cache.
   * Its time grows with the body.
   *
   * @param hasEndUser whom it is for is in it, as the provider is told
   */
  cacheText(hasEndUser: boolean): string | null;
  /**
   * What it asks with a text that other texts may mean the same as; null: it asks in another way, or for
   * something to be done.
   */
  question(hasEndUser: boolean): Question | null;
  /** What answers it is kept from now on, for `whole` of an answer. */
  record(): void;
  /** What was recorded of such a request, as this one asks for it. */
  replay(recorded: Buffer): Replay;
  /** What its complexity is worked out from. Its time is bounded. */
  prompt(): Prompt;
  /** What answers it is put together, if it is a stream, for `said`. Before it is sent. */
  judge(): void;
  /** What its answers are judged by. */
  wanted(): Omit<Wanted, 'cutByLimit'>;
  /** For an estimate; null: there is something in it whose tokens nobody here can count. */
  input(): InputTokens | null;
};

/** How an object that goes on without its call is asked for, and what is said of it. */
export type Background = {
  /** Below the provider's base URL. */
  path(id: string): string;
  answer(headers: AnswerHeaders, limits: AnswerLimits): Answer;
};

export type Question = {
  text: string;
  /** All else that may change its answer, as of `cacheText`. */
  rest: string;
  /** There is a conversation before it. */
  hasTurns: boolean;
};

export type Replay = { contentType: string; body: Buffer };

/** What the input's tokens are counted in when the provider does not state them. */
export type InputTokens = {
  text: string;
  /** Tokens that the client had counted out already: it sent their ids. */
  ids: number;
};

/**
 * Of an answer that came with a status of success. `error`: it is, or has, an error. `nothing`: nothing
 * was answered, and nothing said of usage.
 */
export type AnswerFault = 'error' | 'nothing';

export type UpstreamRequest = {
  /** Below the provider's base URL; starts with a slash. */
  path: string;
  headers: Readonly<Record<string, string>>;
  /** Byte for byte the client's, but for what the provider or the meter needs. */
  body: Buffer;
  /** How the dialect's own clients show a key; default: as a bearer token. */
  auth?: AuthStyle;
};

export type AnswerHeaders = Readonly<Record<string, string | string[] | undefined>>;

export type AnswerLimits = Pick<
  ProxyLimits,
  | 'heldAnswerBytesMax'
  | 'answerTailBytes'
  | 'parsedAnswerBytesMax'
  | 'sseEventBytesMax'
  | 'sseEventValuesMax'
  | 'estimateTextBytesMax'
  | 'packedAnswerBytesMax'
  | 'unpackedAnswerBytesMax'
  | 'structureTokensPerAnswer'
  | 'structureTokensPerToolCall'
  | 'cachedAnswerBytesMax'
>;

/**
 * An answer on its way through: what may leave at once, what waits until the usage event is durable
 * (I9), and what is read on the side.
 */
export type Answer = {
  /**
   * How far it has come, by what it says itself: `done` is at its end, whatever the connection does;
   * `perhaps` is worth a look with `isWhole` if nothing more comes.
   */
  readonly progress: 'open' | 'perhaps' | 'done';
  /** Something that the model generated has come in a stream. */
  readonly hasToken: boolean;
  /** About how many tokens can be seen of a stream so far; 0 of what is no stream. */
  readonly tokensSeen: number;
  /** Bytes that may leave now. */
  push(chunk: Buffer): Buffer[];
  /**
   * Reads a part of what it has not read yet, before it is settled.
   *
   * @returns true: there is more, for the next turn of the event loop
   */
  readOn(): boolean;
  /** Bytes that may leave once the usage event is durable. */
  end(): Buffer[];
  /** Nothing is missing from it, although the connection does not say so. */
  isWhole(): boolean;
  /** What the provider says was used; null if it says nothing that can be read (I8). */
  quantities(): KnownQuantities | null;
  /** Whether that is the whole attempt's, even if the answer does not end as it should. */
  isUsageFinal(): boolean;
  /**
   * Why what it says of usage is not taken; null: it is taken, or nothing is said. A code of ours, which
   * goes into the event.
   */
  usageNote(): string | null;
  fault(): AnswerFault | null;
  /** The whole of it as JSON, if its request is recorded and it may be given again; else null. */
  whole(): Buffer | null;
  /** Why the provider refuses the request, of an answer with the status of an error. */
  refusedFor(): RefusedFor | null;
  /** What each choice of a whole answer says, if its request is judged; null: nobody can tell. */
  said(): readonly Said[] | null;
  /** The provider's names for the model and for this answer. */
  model(): string | null;
  id(): string | null;
  /** What was generated, for an estimate; null if it cannot be known. */
  outputText(): string | null;
  /**
   * The most tokens that can have been generated for it, by a model that hides none; null: none is
   * proven, because it is not whole, was not read whole, says something of its usage, or shows that
   * more may have been generated. Asked for once it has ended.
   */
  outputTokensMax(): number | null;
  /** The tier of service that it was served at; null: nothing is said of it. Absent: nothing can be. */
  serviceTier?(): string | null;
  /**
   * Its usage says what else was used than tokens of text and audio. Absent: it says nothing of it, so what
   * an attempt cost that may have used some is not known. `tokens: false`: of tokens it says nothing.
   */
  states?: Readonly<{ imageTokens?: boolean; searches?: boolean; tokens?: false }>;
  /** Quality and size of its pictures, as it says; null: it does not. Absent: nothing can be said. */
  picture?(): string | null;
  /** Whole as it is, it says that its provider goes on with it. Absent: none does. */
  goesOn?(): boolean;
  /** Ids of the objects that its provider keeps, as far as it has come. Absent: it keeps none. */
  storedIds?(keeps: StoredParts['keeps']): readonly string[];
  /** Why nobody knows what it cost although its usage is stated, as a code; null: nothing is in the way. */
  unpricedBy?(): string | null;
  /** Why its client cannot be given it, once it has ended; null or absent: it can. */
  untold?(): Refusal | null;
};
