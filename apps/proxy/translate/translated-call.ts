/**
 * A call of one dialect on its way to a provider of another. To the client's side it is what the client
 * asked; to the provider's side it is a call of the provider's own dialect, whose reader finds its usage, so
 * it is held, metered and priced exactly as if it had been made there.
 */
import type { OpenParts } from '@tollgate/domain/pricing/open-bounds.ts';
import type { Wanted } from '@tollgate/domain/routing/cascade/cascade.ts';
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import type { Capability } from '@tollgate/domain/routing/route.ts';
import type { CallDeps } from '../call/call-deps.ts';
import type { CallFacts } from '../call/refusal.ts';
import type {
  Answer,
  AnswerHeaders,
  AnswerLimits,
  CallRequest,
  ImposedLimit,
  InputTokens,
  Translation,
  UpstreamRequest,
} from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { Deployment } from '../routing/deployments.ts';
import { shownHeaders } from './answer-headers.ts';
import type { AnswerAsked, Codec } from './codec.ts';
import { codecOfDialect, codecOfEndpoint } from './codecs.ts';
import { endpointOf, type TranslationOrder, translateRequest } from './translate-request.ts';
import { TranslatedAnswer } from './translated-answer.ts';

const NO_BYTES = Buffer.alloc(0);
const NOT_KEPT = 'answers that are translated are not kept';

/** @param deployment whose provider speaks another dialect than the call's */
export async function translatedCall(
  { bodies, limits }: Pick<CallDeps, 'bodies' | 'limits'>,
  { endpoint, target, key, request: outer }: CallFacts & { request: CallRequest },
  deployment: Deployment,
): Promise<CallRequest | Refusal> {
  const { translatedTo: to, provider, model, outputTokensMax } = deployment;
  const from = codecOfEndpoint(endpoint.name);
  const there = to === undefined ? undefined : codecOfDialect(to);
  if (to === undefined || from === undefined || there === undefined) {
    return { code: 'dialect_not_served', param: 'model' };
  }
  const { stream, body } = outer;
  const { outputLimitField } = provider;
  const order: TranslationOrder = {
    ...{ endpoint: endpoint.name, model: outer.model, stream, body, target, to },
    goal: { model, outputTokensMax, outputLimitField },
    depthMax: limits.requestDepthMax,
  };
  const isLarge = body.length > limits.bodyInlineBytesMax;
  const read = isLarge ? await bodies.translate(order, key.customerId) : translateRequest(order);
  if (!read.ok) return read.refusal;
  const inner = endpointOf(there, stream).open(read.facts, {});
  const asked = { ...read.asked, atSeconds: Math.floor(Date.now() / 1000) };
  const translation = { to, leftOut: read.leftOut };
  return new TranslatedCall(outer, inner, { from, to: there, asked }, translation);
}

type Pair = { from: Codec; to: Codec; asked: AnswerAsked };

class TranslatedCall implements CallRequest {
  readonly dialect: CallRequest['dialect'];
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
  readonly sentAs: CallRequest;
  readonly translation: Translation;
  readonly #outer: CallRequest;
  readonly #pair: Pair;

  constructor(outer: CallRequest, inner: CallRequest, pair: Pair, translation: Translation) {
    this.dialect = outer.dialect;
    this.endpoint = outer.endpoint;
    this.model = outer.model;
    this.stream = outer.stream;
    this.endUser = outer.endUser;
    // seam: hold-is-of-what-is-sent
    this.inputTokensMax = inner.inputTokensMax;
    // What the client left open is open: some dialects must say a limit.
    this.outputTokensMax = outer.outputTokensMax === null ? null : inner.outputTokensMax;
    this.answerCount = inner.answerCount;
    this.unboundedBy = inner.unboundedBy;
    this.openParts = inner.openParts;
    this.needs = inner.needs;
    this.otherModels = inner.otherModels;
    this.more = inner.more;
    this.serviceTier = inner.serviceTier;
    this.sentAs = inner;
    this.translation = translation;
    this.#outer = outer;
    this.#pair = pair;
  }

  get body(): Buffer {
    return this.sentAs.body;
  }

  unboundedModel(model: string): string | null {
    return this.sentAs.unboundedModel(model);
  }

  openPartsAt(model: string): OpenParts | null {
    return this.sentAs.openPartsAt(model);
  }

  upstream(model: string, limit: ImposedLimit | null, asksForUsage?: boolean): UpstreamRequest {
    return this.sentAs.upstream(model, limit, asksForUsage);
  }

  streams(headers: AnswerHeaders): boolean {
    return this.sentAs.streams(headers);
  }

  shownHeaders(headers: AnswerHeaders): AnswerHeaders {
    return shownHeaders(headers, this.streams(headers) && this.stream, this.#pair.asked);
  }

  answer(
    headers: AnswerHeaders,
    limits: AnswerLimits,
    first = NO_BYTES,
    asksForUsage?: boolean,
    status: number | null = null,
  ): Answer {
    const inner = this.sentAs.answer(headers, limits, first, asksForUsage);
    return new TranslatedAnswer(inner, this.#pair, { headers, limits, first, status });
  }

  cacheText(): null {
    return null;
  }

  question(): null {
    return null;
  }

  record(): never {
    throw new Error(NOT_KEPT);
  }

  replay(): never {
    throw new Error(NOT_KEPT);
  }

  prompt(): Prompt {
    return this.#outer.prompt();
  }

  judge(): void {
    // What nobody puts together is judged by nobody: `said` of its answers is null.
  }

  wanted(): Omit<Wanted, 'cutByLimit'> {
    return this.#outer.wanted();
  }

  input(): InputTokens | null {
    return this.sentAs.input();
  }
}
