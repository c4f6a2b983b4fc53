/** The routes of calls, metered and free, as the dialects have them: one route for each path. */
import type { FastifyInstance, FastifyReply } from 'fastify';
import { takeKeyFromUrl } from '../auth/key-in-url.ts';
import { CallGate, type Calls, type Hook } from '../call/call-gate.ts';
import type { Dialect, Endpoint, FreeEndpoint, StoredEndpoint } from '../dialects/dialect.ts';
import { chatCompletions } from '../dialects/openai/chat-request.ts';
import { PASS_PREFIX } from '../dialects/pass/pass-through.ts';
import type { Refusal } from '../errors.ts';
import { actionOf, noSuchAction } from './actions.ts';
import { withPrefixes } from './model-routes.ts';
import type { ServedPaths } from './paths.ts';

export type CallRouteParts = {
  gate: ConstructorParameters<typeof CallGate>[1];
  /** Lets a request of a known key go on to the next step. */
  admitTo: (next: Hook) => Hook;
  refuse: (reply: FastifyReply, refusal: Refusal) => void;
  /** What takes requests that no provider bills. */
  freeCalls: (endpoint: FreeEndpoint) => Calls;
  /** What takes requests for what a provider has stored. */
  storedCalls: (endpoint: StoredEndpoint) => Calls;
};

type Entered = { endpoint: Endpoint | FreeEndpoint; enter: Hook };

export function addCallPaths(
  app: FastifyInstance,
  dialects: readonly Dialect[],
  paths: ServedPaths,
  parts: CallRouteParts,
): void {
  for (const dialect of dialects) {
    const endpoints = [...dialect.endpoints, ...(dialect.atDeployments ?? [])];
    const metered = endpoints.map((endpoint) => {
      return { endpoint, enter: entry(new CallGate(endpoint, parts.gate), parts) };
    });
    // What providers answer without billing it comes in by the same gate, and leaves no record.
    const free = (dialect.free ?? []).map((endpoint) => {
      const gate = { ...parts.gate, calls: parts.freeCalls(endpoint) };
      return { endpoint, enter: entry(new CallGate(chatCompletions, gate), parts) };
    });
    const all: Entered[] = [...metered, ...free];
    for (const own of Map.groupBy(all, ({ endpoint }) => endpoint.path).values()) {
      addRoute(app, dialect, own, paths, parts);
    }
    for (const endpoint of dialect.stored ?? []) {
      addStoredRoute(app, dialect, endpoint, paths, parts);
    }
  }
}

/** Several methods may have one path. */
function addStoredRoute(
  app: FastifyInstance,
  dialect: Dialect,
  endpoint: StoredEndpoint,
  paths: ServedPaths,
  parts: CallRouteParts,
): void {
  const { path, method } = endpoint;
  const gate = { ...parts.gate, calls: parts.storedCalls(endpoint) };
  const enter = entry(new CallGate(chatCompletions, gate), parts);
  const onRequest = arrive(parts.admitTo(enter), dialect.keyParameter);
  for (const url of withPrefixes(dialect, path)) {
    paths.add(url, method);
    app.route({ method, url, config: { dialect }, onRequest, handler: neverReached });
  }
}

/**
 * Endpoints that the configuration opens. What else is asked for below their prefix is refused with the list of
 * them, to who has a key.
 */
export function addPassPaths(
  app: FastifyInstance,
  endpoints: readonly Endpoint[],
  dialect: Dialect,
  paths: ServedPaths,
  parts: CallRouteParts,
): void {
  if (endpoints.length === 0) return;
  for (const endpoint of endpoints) {
    const enter = entry(new CallGate(endpoint, parts.gate), parts);
    addRoute(app, dialect, [{ endpoint, enter }], paths, parts);
  }
  const listed = endpoints.map(({ path }) => path).join(', ');
  const message = `Nothing is passed on but what the configuration opens and prices: ${listed}.`;
  const refuse: Hook = (_request, reply) =>
    parts.refuse(reply, { code: 'unknown_endpoint', message });
  const url = `${PASS_PREFIX}/*`;
  paths.add(url, 'POST');
  const onRequest = arrive(parts.admitTo(refuse));
  app.route({ method: 'POST', url, config: { dialect }, onRequest, handler: neverReached });
}

/**
 * The first step of a request that is for a key.
 *
 * @param keyParameter of the query, where clients of this path may show theirs
 */
export function arrive(admit: Hook, keyParameter?: string): Hook {
  if (keyParameter !== undefined) {
    return (request, reply, done) => {
      request.arrivedAtMs = performance.now();
      takeKeyFromUrl(request.raw, keyParameter);
      admit(request, reply, done);
    };
  }
  return (request, reply, done) => {
    request.arrivedAtMs = performance.now();
    admit(request, reply, done);
  };
}

/** The gate of a call answers. */
export function neverReached(): never {
  throw new Error('a call has passed its gate');
}

export function entry(gate: CallGate, { admitTo }: Pick<CallRouteParts, 'admitTo'>): Hook {
  const admitAgain = admitTo((request, reply) => gate.begin(request, reply));
  return (request, reply) => gate.enter(request, reply, admitAgain);
}

/** @param own one, or several whose paths differ in their last word alone */
function addRoute(
  app: FastifyInstance,
  dialect: Dialect,
  own: readonly Entered[],
  paths: ServedPaths,
  { admitTo, refuse }: CallRouteParts,
): void {
  const [first] = own as readonly [Entered];
  const { path, aliases = [], method, action } = first.endpoint;
  const enter = action === undefined ? first.enter : byAction(own, refuse);
  const onRequest = arrive(admitTo(enter), dialect.keyParameter);
  const isMetered = action === undefined && 'open' in first.endpoint;
  const config = isMetered ? { dialect, endpoint: first.endpoint as Endpoint } : { dialect };
  for (const url of withPrefixes(dialect, path, ...aliases)) {
    paths.add(url, method);
    app.route({ method, url, config, onRequest, handler: neverReached });
  }
}

function byAction(own: readonly Entered[], refuse: CallRouteParts['refuse']): Hook {
  const entries = new Map(own.map(({ endpoint, enter }) => [endpoint.action, enter]));
  const unknown = noSuchAction(own.map(({ endpoint }) => endpoint));
  return (request, reply, done) => {
    const enter = entries.get(actionOf(request.url));
    if (enter === undefined) return refuse(reply, unknown);
    enter(request, reply, done);
  };
}
