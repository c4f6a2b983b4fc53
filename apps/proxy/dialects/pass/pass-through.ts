/**
 * Endpoints that no dialect has and the configuration opens: `POST /pass/{provider}{path}`. The bytes go as
 * they came, to that path of that provider and nowhere else; what they use is one request, or what the answer
 * states where the rule says. A call that neither has a price for is refused.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Prompt } from '@tollgate/domain/routing/complexity/prompt.ts';
import { type KnownQuantities, noQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { Refusal } from '../../errors.ts';
import { saysEvents } from '../../relay/body-kind.ts';
import type {
  Answer,
  AnswerHeaders,
  AnswerLimits,
  CallRequest,
  CallTarget,
  Endpoint,
  FactsRead,
  IncomingCall,
  RequestFacts,
  UpstreamRequest,
} from '../dialect.ts';
import { errorBody } from '../openai/error-body.ts';
import { guardedMembers } from '../openai/guarded-members.ts';
import { billedFields, memberRange, readJsonBody } from '../openai/json-body.ts';
import { openAnswer } from '../shared/open-answer.ts';
import { UnkeptCall } from '../shared/unkept-call.ts';
import { PassedAnswer, PassedStream } from './passed-answer.ts';
import type { Passing } from './passing.ts';

export const PASS_PREFIX = '/pass';
const NAME = 'pass_through';
const BILLED = billedFields(['model']);
const MODEL_LENGTH_MAX = 256;
const ACCEPT = /^[\x20-\x7e]{1,200}$/;
const NO_QUERY: Refusal = {
  code: 'invalid_request',
  message: 'This endpoint is passed on without a query: leave it out.',
};
const NO_BYTES = Buffer.alloc(0);
const NO_PROMPT: Prompt = { text: '', turns: 0, tools: 0 };

/** As threads know it: what it is about comes with the target of each call. */
export const passThrough: Endpoint = {
  method: 'POST',
  path: `${PASS_PREFIX}/:provider`,
  name: NAME,
  read: readPassed,
  open: (facts, headers) => new PassedCall(facts, headers),
  plainTexts: () => [],
  guarded: guardedMembers,
  errorBody,
};

export function passEndpoint(passing: Passing): Endpoint {
  const { provider, path, model } = passing;
  const target: CallTarget = { model: model ?? '', asEvents: false, passing };
  return {
    ...passThrough,
    path: `${PASS_PREFIX}/${provider}${path}`,
    target: (url) => (url.includes('?') ? NO_QUERY : target),
  };
}

function readPassed({ body: bytes, target }: IncomingCall, depthMax: number): FactsRead {
  const passing = target?.passing;
  if (passing === undefined) throw new Error('a call is passed on without a rule');
  const read = readJsonBody(bytes, depthMax, BILLED);
  if (!read.ok) return read;
  const { json, body } = read;
  const { model: named } = (json ?? {}) as { model?: unknown };
  const model = passing.model ?? named;
  // seam: passed-call-is-priced-as-what-it-asks-for
  if (named !== undefined && named !== model) {
    const message = `This endpoint is priced as \`${passing.model}\`, and takes no other model.`;
    return { ok: false, refusal: { code: 'invalid_request', param: 'model', message } };
  }
  if (typeof model !== 'string' || model === '' || model.length > MODEL_LENGTH_MAX) {
    const message = 'This endpoint is priced by `model`: name one.';
    return { ok: false, refusal: { code: 'invalid_request', param: 'model', message } };
  }
  return { ok: true, facts: factsOf(passing, model, body) };
}

function factsOf(
  passing: Passing,
  model: string,
  body: Parameters<typeof memberRange>[0],
): RequestFacts {
  const { path, inputTokensMax, outputTokensMax, more, provider } = passing;
  return {
    endpoint: `${NAME}${path}`,
    model,
    at: provider,
    stream: false,
    endUser: null,
    inputTokensMax,
    outputTokensMax,
    answerCount: 1,
    unboundedBy: null,
    openParts: null,
    needs: [],
    // A body that nobody here understands may name others: only a rule's own name binds.
    otherModels: null,
    more,
    body: body.bytes,
    modelAt: memberRange(body, 'model'),
    edits: [],
    limitAt: null,
    members: body.scan.members,
    own: passing,
  };
}

const ONE_REQUEST: KnownQuantities = { ...noQuantities(), requests: 1 };

class PassedCall extends UnkeptCall implements CallRequest {
  readonly dialect = 'openai';
  readonly at: string | undefined;
  readonly #accept: string;
  readonly #passing: Passing;

  constructor(facts: RequestFacts, headers: IncomingHttpHeaders = {}) {
    super(facts);
    this.at = facts.at;
    this.#passing = facts.own as Passing;
    const { accept = '' } = headers;
    this.#accept = ACCEPT.test(accept) ? accept : 'application/json';
  }

  /** Of each of its answers, where none states any. */
  get fixedUse(): KnownQuantities | null {
    return this.#passing.usage === null ? ONE_REQUEST : null;
  }

  upstream(): UpstreamRequest {
    const { path, auth } = this.#passing;
    return { path, headers: { accept: this.#accept }, body: this.facts.body, auth };
  }

  streams(headers: AnswerHeaders): boolean {
    return saysEvents(headers['content-type']);
  }

  answer(headers: AnswerHeaders, limits: AnswerLimits, first = NO_BYTES): Answer {
    const readers = {
      stream: () => new PassedStream(limits, this.#passing),
      whole: () => new PassedAnswer(limits, this.#passing),
    };
    return openAnswer(headers, limits, readers, first);
  }

  prompt(): Prompt {
    return NO_PROMPT;
  }

  /** What its tokens are nobody here can count. */
  input(): null {
    return null;
  }
}
