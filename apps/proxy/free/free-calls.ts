/**
 * Requests that a provider answers without billing anything, such as counting the tokens of a prompt: agents
 * ask before each call, and a 404 would break them. They go to the deployment that the call would go to, and
 * come back whole. Nothing of them is held, counted against budgets or recorded: there is nothing to bill, so
 * an exhausted budget is no reason to refuse them. What they may take is a place among the calls in flight,
 * and a bounded time and answer. Keys that guardrails apply to have none: nothing would look at what is sent.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type {
  UpstreamControl,
  UpstreamFailure,
  UpstreamHandler,
  UpstreamHeaders,
} from '@tollgate/adapters/provider/upstream.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CallDeps } from '../call/call-deps.ts';
import type { Calls } from '../call/call-gate.ts';
import type { Place } from '../call/in-flight.ts';
import { modelRefusal } from '../call/model-access.ts';
import { sendRefusal } from '../call/refusal.ts';
import type {
  Endpoint,
  FreeEndpoint,
  FreeRequest,
  IncomingCall,
  StoredName,
} from '../dialects/dialect.ts';
import type { ErrorCode, Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { Deployment } from '../routing/deployments.ts';
import { isOfKey, type KeyUse } from '../routing/key-ring.ts';
import { retryAfterMs } from '../routing/retry-after.ts';

/** What an answer says of itself that clients read. */
const PASSED = ['content-type', 'request-id', 'x-request-id', 'retry-after', 'retry-after-ms'];

const FAILURES: Readonly<Record<UpstreamFailure['kind'], ErrorCode>> = {
  unreachable: 'upstream_unreachable',
  timeout: 'upstream_timeout',
  broken: 'upstream_failed',
  aborted: 'upstream_failed',
  closed: 'upstream_closed',
};

type FreeDeps = Pick<
  CallDeps,
  'limits' | 'deployments' | 'directory' | 'router' | 'guardrails' | 'onRefused' | 'owned'
>;

const GUARDED: Refusal = {
  code: 'request_blocked',
  message:
    'Guardrails apply to the calls of this key, and they do not look at requests that no provider bills. It was not sent.',
};

const NOBODY_KNOWS: Refusal = { code: 'stored_objects_unavailable' };
const ELSEWHERE: Refusal = {
  code: 'invalid_request',
  param: 'model',
  message: 'The model is not served by the provider that has stored what the request names.',
};

export class FreeCalls implements Calls {
  readonly #endpoint: FreeEndpoint;
  readonly #deps: FreeDeps;
  readonly #calls: Pick<Calls, 'enter'>;

  constructor(endpoint: FreeEndpoint, deps: FreeDeps, calls: Pick<Calls, 'enter'>) {
    this.#endpoint = endpoint;
    this.#deps = deps;
    this.#calls = calls;
  }

  enter(key: KeyView): Place | Refusal {
    return this.#calls.enter(key);
  }

  refuse(_endpoint: Endpoint, _key: KeyView, refusal: Refusal, reply: FastifyReply): void {
    this.#refuse(reply, refusal);
  }

  handle(
    _endpoint: Endpoint,
    key: KeyView,
    _place: Place,
    incoming: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> | void {
    const { limits, guardrails } = this.#deps;
    // Its text would go where the text of a call of this key may not go unseen.
    // seam: free-is-no-way-around-a-guardrail
    if (guardrails !== undefined && guardrails.guardOf(key) !== null) {
      return this.#refuse(reply, GUARDED);
    }
    const { body } = incoming as IncomingCall;
    if (body.length > limits.freeRequestBytesMax) {
      return this.#refuse(reply, { code: 'request_too_large' });
    }
    const target = this.#endpoint.target?.(incoming.url);
    if (target !== undefined && 'code' in target) return this.#refuse(reply, target);
    const read = this.#endpoint.read({ body, target }, limits.requestDepthMax);
    if (!read.ok) return this.#refuse(reply, read.refusal);
    const found = this.#deploymentOf(read.request, key);
    if ('code' in found) return this.#refuse(reply, found);
    const { names = [] } = read.request;
    if (names.length > 0) return this.#askWhose(names, key, read.request, found, incoming, reply);
    this.#send(read.request, found, incoming.headers, reply);
  }

  /** How long a stored object is tells something of it: it must be its own customer's. */
  async #askWhose(
    names: readonly StoredName[],
    key: KeyView,
    request: FreeRequest,
    deployment: Deployment,
    { headers }: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const at = (await this.#deps.owned?.providerOf(names, key)) ?? NOBODY_KNOWS;
    if (reply.raw.destroyed) return;
    if ('code' in at) return this.#refuse(reply, at);
    if (at.provider !== deployment.provider.name) return this.#refuse(reply, ELSEWHERE);
    this.#send(request, deployment, headers, reply);
  }

  #refuse(reply: FastifyReply, refusal: Refusal): void {
    this.#deps.onRefused(refusal.code);
    sendRefusal(this.#deps, reply, this.#endpoint.errorBody, refusal);
  }

  /** Where a call of the model would go first: behind a route, its first candidate that can be asked. */
  #deploymentOf({ model }: FreeRequest, key: KeyView): Deployment | Refusal {
    const { deployments, directory, router } = this.#deps;
    const { dialect } = this.#endpoint;
    const nowMs = Date.now();
    const access = directory.modelAccessOf(key);
    const candidates = router?.find(model, nowMs)?.terms.candidates ?? [{ model, provider: null }];
    let refusal: Refusal | undefined;
    for (const [index, candidate] of candidates.entries()) {
      const found = deployments.candidate(candidate.model, candidate.provider, nowMs, dialect);
      const denied =
        'code' in found ? null : access?.refusal(model, found.model, index > 0, candidate.model);
      if (!('code' in found) && (denied === null || denied === undefined)) return found;
      refusal ??= 'code' in found ? found : modelRefusal(denied as never, model, found.model);
    }
    return refusal as Refusal;
  }

  #send(
    request: FreeRequest,
    deployment: Deployment,
    headers: IncomingHttpHeaders,
    reply: FastifyReply,
    keysLeft = (deployment.provider.keys?.size ?? 1) - 1,
  ): void {
    const { model, provider } = deployment;
    const { limits } = this.#deps;
    const sent = request.upstream(model, headers);
    const path = provider.pathOf?.(sent.path, model) ?? sent.path;
    const key = provider.keys?.take(performance.now());
    const gathered = new Gathered(limits.freeAnswerBytesMax, (result) => {
      clearTimeout(timer);
      if (key !== undefined && usesUp(key, gathered) && keysLeft > 0 && !reply.raw.destroyed) {
        return this.#send(request, deployment, headers, reply, keysLeft - 1);
      }
      if ('code' in result) return this.#refuse(reply, result);
      for (const name of PASSED) {
        const value = result.headers[name];
        if (value !== undefined) reply.header(name, value);
      }
      reply.code(result.status).send(result.body);
    });
    const timer = setTimeout(
      () => gathered.abort('it took too long', 'upstream_timeout'),
      limits.freeTimeoutMs,
    );
    reply.raw.once('close', () => gathered.abort('its client has gone'));
    gathered.control = provider.upstream.post(
      ...([path, sent.body, { ...sent.headers }, gathered, sent.auth, key?.index] as const),
    );
  }
}

/** @returns true: the provider refuses the key, and has another one that may be used now */
function usesUp(key: KeyUse, { status, headers }: Gathered): boolean {
  const nowMs = performance.now();
  const answer = { status, isAboutRequest: false };
  key.ended({ ...answer, retryAfterMs: retryAfterMs(headers, Date.now()) }, nowMs);
  return isOfKey(answer) && key.hasOther(nowMs);
}

type Result = { status: number; headers: UpstreamHeaders; body: Buffer } | Refusal;

/** One answer, whole. */
class Gathered implements UpstreamHandler {
  control: UpstreamControl | undefined;
  readonly #bytesMax: number;
  readonly #onResult: (result: Result) => void;
  /** Null: no answer has come. */
  status: number | null = null;
  headers: UpstreamHeaders = {};
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #aborted: ErrorCode | undefined;
  #isOver = false;

  constructor(bytesMax: number, onResult: (result: Result) => void) {
    this.#bytesMax = bytesMax;
    this.#onResult = onResult;
  }

  /** @param code what the client is told, if it is still there */
  abort(why: string, code?: ErrorCode): void {
    if (this.#isOver) return;
    this.#aborted = code;
    this.control?.abort(new Error(why));
  }

  onHeaders(status: number, headers: UpstreamHeaders): void {
    this.status = status;
    this.headers = headers;
  }

  onData(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#bytesMax) return this.abort('it is too long for what was asked');
    this.#chunks.push(chunk);
  }

  onEnd(): void {
    const [status, headers] = [this.status ?? 502, this.headers];
    // What a provider says of our account there is for the operator.
    const isOurs = status === 401 || status === 403;
    this.#end(
      isOurs
        ? { code: 'provider_auth_failed' }
        : { status, headers, body: Buffer.concat(this.#chunks) },
    );
  }

  onFailure({ kind }: UpstreamFailure): void {
    this.#end({ code: this.#aborted ?? FAILURES[kind] });
  }

  #end(result: Result): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onResult(result);
  }
}
