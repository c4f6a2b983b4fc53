/**
 * The gate of a call (docs/design.md, Authenticate, Route): whether it is admitted, what it asks
 * for, and where it may go. Each step either goes on or refuses.
 */
import type { IncomingHttpHeaders } from 'node:http';
import type { Shortfall } from '@tollgate/domain/routing/route.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { CachedCalls } from '../cache/cached-calls.ts';
import type {
  CallRequest,
  Endpoint,
  FactsRead,
  IncomingCall,
  RequestFacts,
  StoredName,
} from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import { FairRoom } from '../guardrails/fair-room.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { Deployment } from '../routing/deployments.ts';
import { Itinerary } from '../routing/itinerary.ts';
import type { Router } from '../routing/router.ts';
import type { Route } from '../routing/routes.ts';
import { type Aim, RoutedAim } from './aim.ts';
import type { Attempt } from './attempt.ts';
import { Call } from './call.ts';
import type { CallDeps } from './call-deps.ts';
import { Cascade } from './cascade.ts';
import { END_USER_REQUIRED, withEndUser } from './end-user.ts';
import { guardedCall, readBody, type UnreadCall } from './guarded-call.ts';
import { idempotentCall } from './idempotent-call.ts';
import { InFlight, Place } from './in-flight.ts';
import { gatheredReply, type InnerCalls } from './inner-call.ts';
import { allowedRoute, otherModelsRefusal } from './model-access.ts';
import { type CallFacts, refuseCall } from './refusal.ts';

const SHORTFALLS: readonly Shortfall[] = [
  ...(['refusal', 'truncated', 'invalid_json', 'failed_schema'] as const),
];

const NOBODY_KNOWS: Refusal = { code: 'stored_objects_unavailable' };
const UNSEEN: Refusal = {
  code: 'request_blocked',
  param: 'background',
  message:
    'Guardrails apply to the calls of this key, and nothing would look at an answer that comes after its call. It was not sent.',
};

export class CallHandler implements InnerCalls {
  readonly #deps: CallDeps;
  readonly #cache: CachedCalls | undefined;
  readonly #inFlight: InFlight;
  readonly #cascadeRoom: FairRoom;
  #draining = false;
  #idle: (() => void) | undefined;

  /** @param cache of answers; undefined: there is none */
  constructor(deps: CallDeps, cache?: CachedCalls) {
    this.#deps = deps;
    this.#cache = cache;
    this.#cascadeRoom = new FairRoom(deps.limits.cascadeBytesMax);
    this.#inFlight = new InFlight(deps.limits, () => this.#idle?.());
  }

  get inFlight(): number {
    return this.#inFlight.total;
  }

  /** New calls get 503; resolves when no call runs any more. */
  drain(): Promise<void> {
    this.#draining = true;
    if (this.inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle = resolve;
    });
  }

  /** Whether a call may be admitted at all, before anything of it is read; a promise only if stale. */
  admit(): Refusal | null | Promise<Refusal | null> {
    const { follower, journal, limits } = this.#deps;
    if (this.#draining) return { code: 'draining' };
    if (this.inFlight >= limits.callsInFlightMax) return { code: 'overloaded' };
    if (journal.outboxRecords() >= limits.outboxRecordsMax) return { code: 'journal_full' };
    if (journal.queuedWrites() >= limits.journalWritesMax) return { code: 'journal_full' };
    if (follower.isFresh()) return null;
    return follower.catchUp().then((caught) => (caught ? null : { code: 'ledger_unavailable' }));
  }

  /** A place among the calls in flight, for a call of this key. */
  enter(key: KeyView): Place | Refusal {
    return this.#inFlight.enter(key);
  }

  /** Says no to a call of an authenticated key before it was read. */
  refuse(endpoint: Endpoint, key: KeyView, refusal: Refusal, reply: FastifyReply): void {
    refuseCall(this.#deps, reply, refusal, this.#unread(endpoint, key, reply.request));
  }

  /** Takes a call of an authenticated key. Ends the reply itself, now or later. */
  handle(
    endpoint: Endpoint,
    key: KeyView,
    place: Place,
    incoming: FastifyRequest,
    reply: FastifyReply,
  ): Promise<void> | void {
    const { idempotency } = this.#deps;
    const { headers } = incoming;
    const { body } = incoming as IncomingCall;
    const facts = this.#unread(endpoint, key, incoming);
    facts.requestBytes = body.length;
    if (endpoint.target !== undefined) {
      const target = endpoint.target(incoming.url, headers['content-type']);
      if ('code' in target) {
        place.leave();
        return refuseCall(this.#deps, reply, target, facts);
      }
      facts.target = target;
    }
    const call = { facts, headers, place, reply };
    const stated = headers['idempotency-key'];
    return stated === undefined || idempotency === undefined
      ? this.#take(body, call)
      : idempotentCall(this.#deps, idempotency, String(stated), body, call, () =>
          this.#take(body, call),
        );
  }

  async ask(endpoint: Endpoint, body: Buffer, of: CallFacts): Promise<Buffer | null> {
    const { key, request: outer, requestBytes: _, ...rest } = of;
    const read = endpoint.read({ body }, this.#deps.limits.requestDepthMax);
    const place = read.ok ? this.#inFlight.enter(key) : null;
    if (!read.ok || !(place instanceof Place)) return null;
    const request = endpoint.open({ ...read.facts, endUser: outer?.endUser ?? null });
    const nowMs = Date.now();
    const facts = {
      ...{ ...rest, endpoint, key, request, nowMs, requestBytes: body.length },
      ...{ callId: this.#deps.newUuid(nowMs), arrivedAtMs: performance.now() },
      ...{ guard: null, recording: null, trace: undefined, payload: undefined },
    };
    const { reply, body: answer } = gatheredReply();
    const aim = this.#aim(facts, { facts, headers: {}, place, reply });
    if ('code' in aim) {
      place.leave();
      refuseCall(this.#deps, reply, aim, facts);
    } else {
      aim.send().catch((error) => {
        this.#deps.onDefect(error);
        place.leave();
        reply.send(error);
      });
    }
    return answer;
  }

  #take(body: Buffer, call: UnreadCall): Promise<void> | void {
    const { guardrails } = this.#deps;
    const { facts } = call;
    if (guardrails !== undefined) facts.guard = guardrails.guardOf(facts.key);
    return facts.guard === null
      ? this.#read(body, call)
      : guardedCall(this.#deps, facts.guard, body, call, (found) => this.#open(found, call));
  }

  #read(body: Buffer, call: UnreadCall): Promise<void> | void {
    const read = readBody(this.#deps, body, call.facts);
    if (read instanceof Promise) return read.then((late) => this.#start(late, call));
    return this.#start(read, call);
  }

  #unread(endpoint: Endpoint, key: KeyView, incoming: FastifyRequest): CallFacts {
    const nowMs = Date.now();
    const callId = this.#deps.newUuid(nowMs);
    const { arrivedAtMs, headers } = incoming;
    const trace = this.#deps.tracing?.open(headers);
    // One literal: this is on the path of every call.
    return {
      endpoint,
      target: undefined,
      key,
      callId,
      nowMs,
      arrivedAtMs,
      requestBytes: 0,
      request: null,
      guard: null,
      recording: null,
      trace,
    };
  }

  #start(read: FactsRead, call: UnreadCall): Promise<void> | void {
    const named = read.ok ? withEndUser(read.facts, call.headers) : read.refusal;
    return this.#open(named, call);
  }

  /** A call that was read, or why it goes no further. */
  #open(named: RequestFacts | Refusal, call: UnreadCall): Promise<void> | void {
    const deps = this.#deps;
    const { facts, place, reply } = call;
    if ('code' in named) {
      place.leave();
      return refuseCall(deps, reply, named, facts);
    }
    const request = facts.endpoint.open(named, call.headers);
    facts.request = request;
    // seam: payloads-are-kept-of-keys-that-opted-in
    if (facts.key.payloadLog) facts.payload = this.#deps.payloads?.open();
    const known = facts as CallFacts & { request: CallRequest };
    const names = request.stored?.names ?? [];
    return names.length === 0 ? this.#goOn(known, call) : this.#askWhose(names, known, call);
  }

  /** What it names that a provider has stored must be its own. */
  async #askWhose(
    names: readonly StoredName[],
    facts: CallFacts & { request: CallRequest },
    call: UnreadCall,
  ): Promise<void> {
    const { owned } = this.#deps;
    const found =
      facts.guard !== null
        ? unseen(names)
        : owned === undefined
          ? NOBODY_KNOWS
          : await owned.providerOf(names, facts.key);
    if ('code' in found) {
      call.place.leave();
      return refuseCall(this.#deps, call.reply, found, facts);
    }
    facts.storedAt = found.provider;
    await this.#goOn(facts, call);
  }

  #goOn(known: CallFacts & { request: CallRequest }, call: UnreadCall): Promise<void> | void {
    const deps = this.#deps;
    const { facts, place, reply } = call;
    const { request } = known;
    const isNamed = !facts.key.endUserRequired || request.endUser !== null;
    const aim = isNamed
      ? (backgroundRefusal(deps, known) ?? this.#aim(known, call))
      : END_USER_REQUIRED;
    if ('code' in aim) {
      place.leave();
      return refuseCall(deps, reply, aim, facts);
    }
    if (this.#cache === undefined || aim.isUncached === true) return aim.send();
    const again = () => this.#aim(known, call);
    return this.#cache.serve(deps, { ...call, facts: known, aim, again, inner: this });
  }

  /** Where it goes as of `facts.nowMs`. */
  #aim(facts: CallFacts & { request: CallRequest }, call: UnreadCall): Aim | Refusal {
    const deps = this.#deps;
    const { place, reply } = call;
    const { request } = facts;
    const route =
      request.at === undefined ? deps.router?.find(request.model, facts.nowMs) : undefined;
    if (route !== undefined) return this.#aimRouted(route, facts, call);
    const found = this.#routeOf(request, facts);
    if ('code' in found) return found;
    const send = () => new Call(deps, facts, found, reply, place).start();
    return { answerers: found, part: null, send };
  }

  #aimRouted(
    route: Route,
    facts: CallFacts & { request: CallRequest },
    { headers, place, reply }: UnreadCall,
  ): Aim | Refusal {
    const deps = this.#deps;
    const { request, key, nowMs, arrivedAtMs } = facts;
    const header = (name: string) => headerOf(headers, name);
    const isLimited = deps.directory.modelAccessOf(key) !== null;
    const plan =
      isLimited && request.otherModels !== null
        ? otherModelsRefusal(request.otherModels)
        : (deps.router as Router).plan(route, { request, key, header, nowMs });
    if ('code' in plan) return plan;
    const { complexity, shadow } = plan;
    const stops = atProvider(plan.stops, facts.storedAt);
    if (stops.length === 0) return notThere(request.model);
    const cascades = plan.terms.strategy === 'cascade' && stops.length > 1;
    return new RoutedAim(plan, () => {
      const { name } = route;
      if (complexity !== null || cascades) {
        facts.routed = { route: name, complexity: complexity?.score ?? null, shadow };
        deps.onRouted(plan);
      }
      const itinerary = new Itinerary(stops, route.terms, deps.limits, arrivedAtMs);
      const deployments = stops.map(({ deployment }) => deployment);
      const cascade = cascades ? this.#cascade(request, key, route) : null;
      return new Call(deps, facts, deployments, reply, place, itinerary, cascade).start();
    });
  }

  #cascade(request: CallRequest, { customerId }: KeyView, { terms }: Route): Cascade<Attempt> {
    const { cascadeAnswerBytesMax } = this.#deps.limits;
    const { escalate_on = SHORTFALLS } = terms;
    const room = this.#cascadeRoom;
    return new Cascade(request, escalate_on, room, customerId, cascadeAnswerBytesMax);
  }

  #routeOf(
    request: CallRequest,
    { key, nowMs, storedAt }: CallFacts,
  ): readonly Deployment[] | Refusal {
    const { deployments, directory } = this.#deps;
    const { at, model, dialect, endpoint } = request;
    const anywhere =
      at === undefined
        ? deployments.route(model, nowMs, dialect, endpoint)
        : deployments.at(at, model, nowMs, request.fixedUse != null);
    if ('code' in anywhere) return anywhere;
    const found = storedAt === undefined ? anywhere : deploymentsAt(anywhere, storedAt);
    if (found.length === 0) return notThere(request.model);
    const access = directory.modelAccessOf(key);
    // seam: key-may-use-the-model
    return access === null ? found : allowedRoute(access, request, found);
  }
}

function headerOf(headers: IncomingHttpHeaders, name: string): string | undefined {
  const value = headers[name];
  return value === undefined ? undefined : String(value);
}

function deploymentsAt(all: readonly Deployment[], storedAt: string): readonly Deployment[] {
  const stops = all.map((deployment) => ({ deployment }));
  return atProvider(stops, storedAt).map(({ deployment }) => deployment);
}

/** Those at the provider that has stored what the call names. */
function atProvider<At extends { deployment: Deployment }>(
  all: readonly At[],
  storedAt: string | undefined,
): readonly At[] {
  // seam: follow-up-goes-where-the-object-is
  if (storedAt === undefined) return all;
  return all.filter(({ deployment }) => deployment.provider.name === storedAt);
}

function notThere(model: string): Refusal {
  const message = `The model \`${model}\` is not served by the provider that has stored what the request names.`;
  return { code: 'invalid_request', param: 'model', message };
}

/** Another key of its customer, to which no guardrail applies, may have had it stored. */
function unseen([name]: readonly StoredName[]): Refusal {
  const message =
    'Guardrails apply to the calls of this key, and they do not look at what a provider has stored. It was not sent.';
  return { code: 'request_blocked', param: name?.param ?? 'input', message };
}

/** Of a call whose answer goes on without it. */
function backgroundRefusal(
  { owned, background }: CallDeps,
  { request, guard }: CallFacts & { request: CallRequest },
): Refusal | null {
  if (request.stored?.inBackground !== true) return null;
  // seam: background-is-no-way-around-a-guardrail
  if (guard !== null) return UNSEEN;
  return owned === undefined || background === undefined ? NOBODY_KNOWS : null;
}
