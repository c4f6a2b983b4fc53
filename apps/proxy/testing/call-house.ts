/**
 * Calls for tests on a real journal, ledger, book of budgets and sockets on both sides: a client, a
 * front that takes the calls, and one provider per deployment of the route. What is written to the
 * journal, counted and refused is kept for the test to look at.
 */
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Journal, openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { JournalWrite } from '@tollgate/adapters/journal/journal-writes.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { createUpstream, type Upstream } from '@tollgate/adapters/provider/upstream.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import type { CacheRule } from '@tollgate/domain/cache/cache-rules.ts';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, afterEach, beforeAll } from 'vitest';
import type { AccessLog } from '../access-log/access-log.ts';
import type { BodyReaders } from '../body/body-readers.ts';
import { BudgetBook, type BudgetHold } from '../budget/budget-book.ts';
import { pathBudget } from '../budget/path-budget.ts';
import { CachedCalls, type CachedCallsDeps } from '../cache/cached-calls.ts';
import type { CallDeps } from '../call/call-deps.ts';
import { CallHandler } from '../call/call-handler.ts';
import { Deadlines } from '../call/deadlines.ts';
import { Place } from '../call/in-flight.ts';
import { TurnBudget } from '../call/turn-budget.ts';
import { dialects } from '../dialects/dialects.ts';
import type { Guardrails } from '../guardrails/guardrails.ts';
import type { IdempotentCalls } from '../idempotency/idempotent-calls.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { type ProxyLimits, proxyLimits } from '../limits.ts';
import type { PayloadLog } from '../payloads/payload-log.ts';
import { newUuid } from '../random.ts';
import { actionOf } from '../routes/actions.ts';
import type { Deployment } from '../routing/deployments.ts';
import { FairGate } from '../routing/fair-gate.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { defineBudget } from './budget-house.ts';
import { countsAtOnce } from './settle-now.ts';

/** One pico-dollar a token. */
const PRICE = compilePrice({
  input: [{ from_input_tokens: 0, pico_usd_per_million: '1000000' }],
  output: [{ from_input_tokens: 0, pico_usd_per_million: '1000000' }],
});

export type CallHouseOptions = {
  /** What the provider of each deployment answers, in the order of the route; null: it is away. */
  providers: readonly (RequestListener | null)[];
  limits?: Partial<ProxyLimits>;
  key?: Partial<KeyView>;
  /** One budget of the key each. */
  budgets?: readonly Partial<BudgetDefinition>[];
  /** Of each deployment, what is not as usual. */
  deployments?: readonly Partial<Deployment>[];
  /** Waited for before a call holds anything. */
  beforeHold?: () => Promise<void>;
  /** Between the calls and the journal, to watch it or to let it fail. */
  submit?: (journal: Journal) => Journal['submit'];
  /** A budget may fail. */
  tolerant?: boolean;
  /** Of the sockets to the providers. */
  upstreamTimeoutMs?: number;
  /** To each of them. */
  upstreamConnections?: number;
  /** Keeps what calls of a key that opted in say. */
  payloads?: PayloadLog;
  /** Traces them. */
  tracing?: Tracing;
  /** Of clients' keys. */
  idempotency?: IdempotentCalls;
  /** About the calls of the key. */
  guardrails?: Guardrails;
  /** Answers calls from it; a rule for all of them unless it says otherwise. */
  cache?: Pick<CachedCallsDeps, 'store' | 'purges'> & Partial<CachedCallsDeps>;
  /** Of calls that name one in `x-key`, what is not as usual of the key. */
  keys?: Readonly<Record<string, Partial<KeyView>>>;
  /** Reads large bodies; undefined: there are none. */
  bodies?: BodyReaders;
  /** Gets the calls that have ended. */
  accessLog?: Pick<AccessLog, 'add'>;
};

export type CallHouse = {
  /** Of the front. */
  url: string;
  /** The front's. */
  server: Server;
  handler: CallHandler;
  /** Where calls go: it may change between them. */
  route: Deployment[];
  cache: CachedCalls | undefined;
  journal: Journal;
  /** What each attempt held, in order. */
  holds: (readonly BudgetHold[])[];
  /** What calls wrote to the journal, in order. */
  writes: JournalWrite[];
  /** Whole usage events, in the order in which they were written. */
  events(): UsageEvent[];
  refused: string[];
  journalFailures: Error[];
  /** Resolves when no call runs any more. */
  idle(): Promise<void>;
  close(): Promise<void>;
};

/**
 * One journal and one ledger for the calls of a test file; budgets and leases have a name each.
 *
 * @returns opens the house of one test, which is closed behind it
 */
export function useCallHouses(): (options: CallHouseOptions) => Promise<CallHouse> {
  let stores: Stores;
  let house: CallHouse | undefined;
  beforeAll(async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-call-'));
    const journal = await openJournal({ path: join(folder, 'journal') });
    const ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
    stores = { folder, journal, ledger, names: 0 };
  });
  afterEach(async () => {
    await house?.close();
    house = undefined;
  });
  afterAll(async () => {
    await Promise.all([stores.journal.close(), stores.ledger.close()]);
    rmSync(stores.folder, { recursive: true, force: true });
  });
  return async (options) => {
    house = await openCallHouse(stores, options);
    return house;
  };
}

type Stores = { folder: string; journal: Journal; ledger: Ledger; names: number };

async function openCallHouse(stores: Stores, options: CallHouseOptions): Promise<CallHouse> {
  const { journal } = stores;
  const limits = { ...proxyLimits, ...options.limits };
  const servers: Server[] = [];
  const upstreams: Upstream[] = [];
  const route: Deployment[] = [];
  for (const [index, provider] of options.providers.entries()) {
    const upstream = createUpstream({
      baseUrl: await listen(servers, provider),
      apiKey: '',
      connectionsMax: options.upstreamConnections ?? 4,
      connectTimeoutMs: 5_000,
      headersTimeoutMs: options.upstreamTimeoutMs ?? 5_000,
      bodyTimeoutMs: options.upstreamTimeoutMs ?? 5_000,
    });
    upstreams.push(upstream);
    route.push({
      provider: {
        name: `p${index + 1}`,
        priceProvider: 'p',
        upstream,
        notBilledStatuses: new Set([429]),
        outputLimitField: 'max_tokens',
        asksForUsage: true,
        connections: new FairGate(limits.upstreamConnectionsMax, limits.upstreamQueueMs),
      },
      model: 'm',
      alias: 'm',
      price: { price: PRICE, version: 'v1', source: 'config' } as Deployment['price'],
      outputTokensMax: 100,
      outputTokensDefault: null,
      hidesOutput: true,
      ...options.deployments?.[index],
    });
  }
  const { budgets, definitions } = await openBudgets(options, stores, limits);
  const holds: (readonly BudgetHold[])[] = [];
  const writes: JournalWrite[] = [];
  const refused: string[] = [];
  const journalFailures: Error[] = [];
  const submit = options.submit?.(journal) ?? ((write, done) => journal.submit(write, done));
  const key = {
    ...{ customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live', tags: {} },
    ...{
      onDisconnect: 'drain',
      expiresAtMs: Infinity,
      state: 'live',
      endUserRequired: false,
      payloadLog: false,
      partition: 0,
    },
    ...options.key,
  } as KeyView;
  const cache = options.cache === undefined ? undefined : cachedCalls(options.cache, limits);
  const deps = {
    instanceId: 'ins_1',
    limits,
    directory: {
      budgetsOf: () => definitions.map((definition) => pathBudget(definition, 0)),
      rateLimitsOf: () => [],
      modelAccessOf: () => null,
    },
    deployments: { route: () => [...route] },
    budgets: {
      // So that each test can hold it up.
      holdNow: () => null,
      async hold(...call: Parameters<BudgetBook['hold']>) {
        await options.beforeHold?.();
        const held = await budgets.hold(...call);
        if (held.kind === 'held') holds.push(held.holds);
        return held;
      },
      cancel: (given: readonly BudgetHold[]) => budgets.cancel(given),
    },
    journal: {
      submit: (write: JournalWrite, done: (error?: Error) => void) => {
        writes.push(write);
        submit(write, done);
      },
    },
    deadlines: new Deadlines(limits.attemptTimeoutMs),
    lingers: new Deadlines(limits.upstreamLingerMs),
    tokens: countsAtOnce,
    turns: new TurnBudget(limits.answerTurnMs, limits.answerTurnSmallMs),
    drains: new Deadlines(limits.drainMsMax),
    newUuid,
    ...{ accessLog: options.accessLog, tracing: options.tracing, payloads: options.payloads },
    bodies: options.bodies,
    ...{ guardrails: options.guardrails, idempotency: options.idempotency },
    onSettled: (...[facts, outcome]: Parameters<CallDeps['onSettled']>) =>
      cache?.settled(facts, outcome),
    onRefused: (code: string) => refused.push(code),
    onJournalFailure: (error: Error) => journalFailures.push(error),
  } as unknown as CallDeps;
  const handler = new CallHandler(deps, cache);
  const app = openFront(handler, (name) => ({ ...key, ...options.keys?.[name] }));
  const url = await app.listen({ port: 0, host: '127.0.0.1' });
  return {
    ...{ url, server: app.server, handler, journal, holds, writes, refused, journalFailures },
    ...{ route, cache },
    events: () => eventsOf(writes),
    idle: () => handler.drain(),
    async close() {
      app.server.closeAllConnections();
      await Promise.all([app.close(), ...upstreams.map((upstream) => upstream.close())]);
      for (const server of servers) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}

async function openBudgets(
  options: CallHouseOptions,
  stores: Stores,
  limits: ProxyLimits,
): Promise<{ budgets: BudgetBook; definitions: BudgetDefinition[] }> {
  const definitions: BudgetDefinition[] = [];
  const { ledger, journal } = stores;
  for (const fields of options.budgets ?? []) {
    definitions.push(await defineBudget(ledger, `bud_${++stores.names}`, fields));
  }
  const budgets = new BudgetBook({
    ledger,
    journal,
    instanceId: 'ins_1',
    newLeaseId: () => `lse_${++stores.names}`,
    limits,
    onError: (error) => {
      if (options.tolerant !== true) throw error;
    },
  });
  return { budgets, definitions };
}

const RULE: CacheRule = { mode: 'exact', namespace: 'customer', ttlS: 60, chargePercent: 0 };

function cachedCalls(given: NonNullable<CallHouseOptions['cache']>, limits: ProxyLimits) {
  const onError = (error: unknown) => {
    throw error;
  };
  return new CachedCalls({ rules: [RULE], origins: new Map(), limits, onError, ...given });
}

/** The proxy's app but for keys: a call has the one key, or that which it names. */
function openFront(handler: CallHandler, keyOf: (name: string) => KeyView): FastifyInstance {
  const app = fastify({ forceCloseConnections: true });
  app.decorateRequest('arrivedAtMs', 0);
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  const endpoints = dialects.flatMap((dialect) => dialect.endpoints);
  for (const [path, own] of Map.groupBy(endpoints, (endpoint) => endpoint.path)) {
    app.post(path, (request, reply) => {
      const action = actionOf(request.url);
      const endpoint = own.find((each) => each.action === undefined || each.action === action);
      if (endpoint === undefined) return reply.code(404).send();
      request.arrivedAtMs = performance.now();
      const key = keyOf(String(request.headers['x-key'] ?? ''));
      const place = handler.enter(key);
      if (!(place instanceof Place)) return handler.refuse(endpoint, key, place, reply);
      reply.raw.once('close', () => {
        if (!place.ofCall) place.leave();
      });
      return handler.handle(endpoint, key, place, request, reply);
    });
  }
  return app;
}

async function listen(servers: Server[], listener: RequestListener | null): Promise<string> {
  const server = listener === null ? createServer() : createServer(listener);
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  // Nobody listens at the port of a server that was closed.
  if (listener === null) await once(server.close(), 'close');
  else servers.push(server);
  return url;
}

function eventsOf(writes: readonly JournalWrite[]): UsageEvent[] {
  return writes.flatMap((write) =>
    write.op === 'finished' || write.op === 'recorded' || write.op === 'charged'
      ? [JSON.parse(write.event) as UsageEvent]
      : [],
  );
}
