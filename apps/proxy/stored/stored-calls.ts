/**
 * What is asked of an object that a provider has stored, by its id: a response is retrieved, cancelled or
 * deleted. It goes to the provider that has it, for its owner alone (I10), and comes back byte for byte
 * (I11). No provider bills it: what the response used is metered by the call that made it, so however often
 * it is asked for, it is billed once. It takes a place among the calls in flight, and a bounded time.
 */
import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';
import { ANSWER_HEADERS } from '@tollgate/adapters/http/manners.ts';
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
import { sendRefusal } from '../call/refusal.ts';
import type { Endpoint, StoredEndpoint } from '../dialects/dialect.ts';
import type { ErrorCode, Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { saysEvents } from '../relay/body-kind.ts';
import type { Provider } from '../routing/deployments.ts';
import { notFound } from './owned-objects.ts';

/** What an answer says of itself that clients read. */
const PASSED = ['content-type', 'x-request-id', 'retry-after', 'retry-after-ms'];

const FAILURES: Readonly<Record<UpstreamFailure['kind'], ErrorCode>> = {
  unreachable: 'upstream_unreachable',
  timeout: 'upstream_timeout',
  broken: 'upstream_failed',
  aborted: 'upstream_timeout',
  closed: 'upstream_closed',
};

const GUARDED: Refusal = {
  code: 'request_blocked',
  message:
    'Guardrails apply to the calls of this key, and they do not look at what a provider has stored. It was not asked for.',
};

type StoredDeps = Pick<
  CallDeps,
  'limits' | 'deployments' | 'guardrails' | 'onRefused' | 'owned' | 'background'
>;

export class StoredCalls implements Calls {
  readonly #endpoint: StoredEndpoint;
  readonly #deps: StoredDeps;
  readonly #calls: Pick<Calls, 'enter'>;

  constructor(endpoint: StoredEndpoint, deps: StoredDeps, calls: Pick<Calls, 'enter'>) {
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

  async handle(
    _endpoint: Endpoint,
    key: KeyView,
    _place: Place,
    incoming: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> {
    const { guardrails, owned, deployments } = this.#deps;
    // seam: stored-is-no-way-around-a-guardrail
    if (guardrails !== undefined && guardrails.guardOf(key) !== null) {
      return this.#refuse(reply, GUARDED);
    }
    const { id = '' } = incoming.params as { id?: string };
    const name = { id, param: 'id' };
    const found = await owned?.providerOf([name], key);
    if (reply.raw.destroyed) return;
    if (found === undefined || 'code' in found) return this.#refuse(reply, found ?? notFound(name));
    const provider = deployments.providers.find(({ name }) => name === found.provider);
    // It is configured no more.
    if (provider === undefined) return this.#refuse(reply, notFound(name));
    if (this.#endpoint.forgets === true && !(await this.#mayGo(id))) {
      return this.#refuse(reply, { code: 'stored_object_running' });
    }
    this.#send(provider, id, incoming, reply);
  }

  /** What it used must be known before its provider forgets it. */
  async #mayGo(id: string): Promise<boolean> {
    const { owned, background } = this.#deps;
    const running = await owned?.running(id);
    if (running === null || running === undefined) return running === null;
    // seam: deleted-when-it-is-billed
    return (await background?.look(running)) === 'done';
  }

  #refuse(reply: FastifyReply, refusal: Refusal): void {
    this.#deps.onRefused(refusal.code);
    sendRefusal(this.#deps, reply, this.#endpoint.errorBody, refusal);
  }

  #send(provider: Provider, id: string, incoming: FastifyRequest, reply: FastifyReply): void {
    const { method, forgets } = this.#endpoint;
    const { owned, limits } = this.#deps;
    const { upstream, keys } = provider;
    const key = keys?.take(performance.now());
    const passing = new Passing(reply, limits, async (end) => {
      const status = typeof end === 'string' ? passing.refusal : end;
      key?.ended({ status, isAboutRequest: false, retryAfterMs: null }, performance.now());
      if (typeof end === 'string') return this.#refuse(reply, { code: end });
      if (forgets === true && end < 300) await owned?.forget(id);
    });
    const asked = pathOf(this.#endpoint, id, incoming.url);
    const path = provider.pathOf?.(asked, '') ?? asked;
    const headers = { accept: acceptOf(incoming.url) };
    passing.control = upstream.ask(
      ...([method, path, headers, passing, undefined, key?.index] as const),
    );
    reply.raw.once('close', () => passing.clientLeft());
  }
}

/** Below the provider's base URL, which has the version. */
function pathOf({ path, query }: StoredEndpoint, id: string, url: string): string {
  const asked = new URLSearchParams(url.split('?')[1] ?? '');
  for (const name of [...asked.keys()]) if (!query.includes(name)) asked.delete(name);
  const below = path.slice('/v1'.length).replace(':id', () => encodeURIComponent(id));
  return asked.size === 0 ? below : `${below}?${asked}`;
}

function acceptOf(url: string): string {
  return /[?&]stream=true(&|$)/.test(url) ? 'text/event-stream' : 'application/json';
}

/** An answer on its way through, at the pace at which its client reads. */
class Passing implements UpstreamHandler {
  control: UpstreamControl | undefined;
  readonly #reply: FastifyReply;
  readonly #response: ServerResponse;
  readonly #limits: StoredDeps['limits'];
  /** Before the last byte leaves. A code: nothing has left, and this is what its client is told. */
  readonly #onEnd: (status: number | ErrorCode) => Promise<void>;
  #timer: NodeJS.Timeout;
  #stall: NodeJS.Timeout | undefined;
  #status = 502;
  /** Status of a provider that refuses our key: what it says of our account is for the operator. */
  refusal: number | null = null;
  #isOver = false;

  constructor(
    reply: FastifyReply,
    limits: StoredDeps['limits'],
    onEnd: (status: number | ErrorCode) => Promise<void>,
  ) {
    this.#reply = reply;
    this.#response = reply.raw;
    this.#limits = limits;
    this.#onEnd = onEnd;
    this.#timer = this.#abortAfter(limits.freeTimeoutMs);
  }

  #abortAfter(ms: number): NodeJS.Timeout {
    return setTimeout(() => this.control?.abort(new Error('it took too long')), ms);
  }

  clientLeft(): void {
    if (!this.#isOver) this.control?.abort(new Error('its client has gone'));
  }

  onHeaders(status: number, headers: UpstreamHeaders): void {
    this.#status = status;
    if (status === 401 || status === 403) this.refusal = status;
    if (this.refusal !== null || this.#response.destroyed) return;
    // A stream lasts as long as what it shows; anything else has come, but for its bytes.
    clearTimeout(this.#timer);
    const isStream = saysEvents(headers['content-type']);
    this.#timer = this.#abortAfter(
      isStream ? this.#limits.attemptTimeoutMs : this.#limits.freeTimeoutMs,
    );
    this.#reply.hijack();
    const passed: OutgoingHttpHeaders = {};
    // Its length is not told: who knows it has the whole answer before it is the last word here.
    for (const name of PASSED) if (headers[name] !== undefined) passed[name] = headers[name];
    this.#response.writeHead(status, { ...ANSWER_HEADERS, ...passed });
    if (isStream) this.#response.flushHeaders();
  }

  onData(chunk: Buffer): void {
    const response = this.#response;
    if (this.refusal !== null || response.destroyed) return;
    response.write(chunk);
    if (response.writableLength <= this.#limits.clientBufferBytesMax || this.#stall) return;
    this.control?.pause();
    this.#stall = setTimeout(() => response.destroy(), this.#limits.clientStallTimeoutMs);
    response.once('drain', () => {
      clearTimeout(this.#stall);
      this.#stall = undefined;
      this.control?.resume();
    });
  }

  onEnd(): void {
    void this.#end(this.refusal === null ? this.#status : 'provider_auth_failed');
  }

  onFailure({ kind }: UpstreamFailure): void {
    void this.#end(FAILURES[kind]);
  }

  async #end(end: number | ErrorCode): Promise<void> {
    this.#isOver = true;
    clearTimeout(this.#timer);
    clearTimeout(this.#stall);
    const response = this.#response;
    if (response.destroyed) return;
    if (typeof end === 'string' && response.headersSent) return void response.destroy();
    await this.#onEnd(end);
    if (typeof end === 'number') response.end();
  }
}
