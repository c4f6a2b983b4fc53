/**
 * Calls without a disk, a socket or a clock: the test is the provider, the journal and the client's
 * connection, and says when each of them answers. `call-house.ts` has the real ones.
 */
import { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import type { Embedder } from '@tollgate/adapters/embedding/embedder.ts';
import type { JournalWrite } from '@tollgate/adapters/journal/journal-writes.ts';
import type { Upstream, UpstreamHandler } from '@tollgate/adapters/provider/upstream.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import type { RateLimit } from '@tollgate/domain/rate-limit/rate-limit.ts';
import type { ModelAccess } from '@tollgate/domain/routing/model-access.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { routeTerms } from '@tollgate/schemas/routes/route-terms.ts';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { z } from 'zod';
import type { BudgetBook, BudgetHold } from '../budget/budget-book.ts';
import { pathBudget } from '../budget/path-budget.ts';
import { CachePurges } from '../cache/cache-purges.ts';
import { CachedCalls } from '../cache/cached-calls.ts';
import { openNearCalls } from '../cache/near-calls.ts';
import type { CallDeps } from '../call/call-deps.ts';
import { CallHandler } from '../call/call-handler.ts';
import { Deadlines } from '../call/deadlines.ts';
import { Place } from '../call/in-flight.ts';
import { TurnBudget } from '../call/turn-budget.ts';
import type { CallRequest, Endpoint } from '../dialects/dialect.ts';
import { openAi } from '../dialects/openai/openai.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { type ProxyLimits, proxyLimits } from '../limits.ts';
import { newUuid } from '../random.ts';
import type { Deployment } from '../routing/deployments.ts';
import { FairGate } from '../routing/fair-gate.ts';
import { RouteHealth } from '../routing/route-health.ts';
import { type Plan, Router, type RouterDeps } from '../routing/router.ts';
import { Routes } from '../routing/routes.ts';
import type { OwnedObjects } from '../stored/owned-objects.ts';
import type { BookHouse } from './book-house.ts';
import { memoryRateBook } from './rate-house.ts';
import { countsAtOnce } from './settle-now.ts';
import { WatchedLedger } from './watched-ledger.ts';

/** A price of so many pico-dollars a token. */
export function priced(picoUsd: number): Deployment['price'] {
  const rate = [{ from_input_tokens: 0, pico_usd_per_million: String(picoUsd * 1_000_000) }];
  const price = compilePrice({ input: rate, output: rate });
  return { price, version: 'v1', source: 'config' } as Deployment['price'];
}

/** What a provider was sent, and what was asked of its connection since. */
export type Post = {
  path: string;
  body: string;
  headers: Record<string, string>;
  /** Which of several keys; undefined: there is one. */
  key: number | undefined;
  /** `pause`, `resume`, or why it was aborted. */
  controls: string[];
  answer: UpstreamHandler;
};

export type StageOptions = {
  key?: Partial<KeyView>;
  limits?: Partial<ProxyLimits>;
  /** One budget of the key each. */
  budgets?: readonly Partial<BudgetDefinition>[];
  /** Of each deployment of the route, what is not as usual. */
  deployments?: readonly Partial<Deployment>[];
  /** On the path of the key, counted in memory. */
  rateLimits?: readonly RateLimit[];
  /** What the tokenizer counts of an input, of at most so many tokens. */
  counted?: (inputTokensMax: number) => number;
  /** Which models the key may use. Default: any. */
  models?: ModelAccess;
  /** Whose the objects are that providers keep. */
  owned?: OwnedObjects;
  /** About the calls of the key. */
  guardrails?: object;
  /** Of responses that go on without their calls. */
  background?: CallDeps['background'];
  /** Why there is no route. */
  noRoute?: Refusal;
  /** Terms of a route to these deployments, which have room for anything; absent: there is none. */
  routed?: Partial<z.input<typeof routeTerms>>;
  /** Answers are kept there, and a rule lets all calls be answered from it. */
  answers?: AnswerCache;
  /** Also questions that mean the same, by the model `e` or one of the test's own. */
  semantic?: {
    multiTurn?: boolean;
    local?: Embedder;
    /** Of these keys alone. */
    keys?: readonly string[];
    failures?: unknown[];
  };
};

export class CallStage {
  readonly handler: CallHandler;
  readonly posts: readonly Post[];
  readonly route: readonly Deployment[];
  /** Of the book of budgets. */
  readonly ledger: WatchedLedger;
  /** What calls wrote to the journal, in order. */
  readonly writes: JournalWrite[] = [];
  readonly refused: string[] = [];
  /** Of calls whose complexity was worked out. */
  readonly routed: Plan[] = [];
  readonly journalFailures: string[] = [];
  /** What calls threw: each is a defect of ours. */
  readonly defects: string[] = [];
  /** Provider, cost and overruns of what was settled. */
  readonly settled: unknown[] = [];
  /** On the path of the key, now. */
  rateLimits: readonly RateLimit[] = [];
  /** Called before a call holds anything; what it throws is a defect of ours. */
  beforeHold: () => void = () => undefined;
  /** True: the journal answers only when it is told to (`durable`). */
  journalWaits = false;
  readonly #holds: BudgetHold[] = [];
  readonly #unanswered: ((error?: Error) => void)[] = [];
  readonly #key: KeyView;

  private constructor(
    deps: CallDeps,
    key: KeyView,
    route: readonly Deployment[],
    posts: readonly Post[],
    ledger: WatchedLedger,
    cache: CachedCalls | undefined,
  ) {
    this.#key = key;
    this.route = route;
    this.posts = posts;
    this.ledger = ledger;
    const { budgets } = deps;
    const staged: CallDeps = {
      ...deps,
      directory: {
        ...deps.directory,
        rateLimitsOf: () => this.rateLimits,
      } as unknown as CallDeps['directory'],
      budgets: {
        holdNow: (requests, nowMs) => {
          this.beforeHold();
          const outcome = budgets.holdNow(requests, nowMs);
          if (outcome?.kind === 'held') this.#holds.push(...outcome.holds);
          return outcome;
        },
        hold: async (requests, nowMs) => {
          const outcome = await budgets.hold(requests, nowMs);
          if (outcome.kind === 'held') this.#holds.push(...outcome.holds);
          return outcome;
        },
        cancel: (holds) => budgets.cancel(holds),
      } as BudgetBook,
      journal: { submit: (write, done) => this.#submit(write, done) } as CallDeps['journal'],
      onSettled: (facts, outcome, { overruns }) => {
        this.settled.push([facts.deployment.provider.name, outcome.cost, overruns]);
        cache?.settled(facts, outcome);
      },
      onRouted: (plan) => this.routed.push(plan),
      onRefused: (code) => this.refused.push(code),
      onDefect: (error) => this.defects.push((error as Error).message),
      onJournalFailure: (error) => this.journalFailures.push(error.message),
    };
    this.handler = new CallHandler(staged, cache);
  }

  /** What was sent to a provider last. */
  last(): Post {
    const post = this.posts.at(-1);
    if (post === undefined) throw new Error('nothing was sent');
    return post;
  }

  static async open(books: BookHouse, options: StageOptions = {}): Promise<CallStage> {
    const limits = { ...proxyLimits, ...options.limits };
    const definitions: BudgetDefinition[] = [];
    for (const fields of options.budgets ?? [{}]) definitions.push(await books.define(fields));
    const ledger = new WatchedLedger();
    const posts: Post[] = [];
    const route = (options.deployments ?? [{}]).map((fields, index): Deployment => {
      return { ...deployment(index + 1, posts), ...fields };
    });
    const directory = {
      budgetsOf: () => definitions.map((definition) => pathBudget(definition, 0)),
      modelAccessOf: () => options.models ?? null,
    };
    const deployments = {
      route: () => options.noRoute ?? route,
      candidate: (_model: string, name: string) =>
        route.find(({ provider }) => provider.name === name),
      at: (name: string) => route.filter(({ provider }) => provider.name === name),
    };
    const budgets = await books.open({ limits, between: ledger.between(books.ledger) });
    const deps = {
      ...{ instanceId: 'ins_1', limits, directory, deployments, budgets },
      router: routerTo(route, options, { directory, deployments, budgets, limits }),
      rates: memoryRateBook({ limits }),
      counters: {
        count: async ({ inputTokensMax }: CallRequest) =>
          options.counted?.(inputTokensMax) ?? inputTokensMax,
      },
      deadlines: new Deadlines(limits.attemptTimeoutMs),
      lingers: new Deadlines(limits.upstreamLingerMs),
      tokens: countsAtOnce,
      turns: new TurnBudget(limits.answerTurnMs, limits.answerTurnSmallMs),
      drains: new Deadlines(limits.drainMsMax),
      newUuid,
      ...{ owned: options.owned, background: options.background },
      guardrails: options.guardrails,
    } as unknown as CallDeps;
    const key = {
      ...{ customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live', tags: {} },
      ...{
        onDisconnect: 'drain',
        expiresAtMs: Infinity,
        state: 'live',
        endUserRequired: false,
        payloadLog: false,
        partition: 3,
      },
      ...options.key,
    } as KeyView;
    const stage = new CallStage(deps, key, route, posts, ledger, cacheOf(options, limits));
    stage.rateLimits = options.rateLimits ?? [];
    return stage;
  }

  /** Takes a call. @returns its client */
  call(
    body: string,
    endpoint = openAi.endpoints[0] as Endpoint,
    headers: Record<string, string> = {},
    keyId = this.#key.keyId,
  ): Client {
    const client = new Client();
    const received = { headers, body: Buffer.from(body), arrivedAtMs: performance.now() };
    const incoming = { ...received, url: endpoint.path };
    const key = { ...this.#key, keyId };
    const place = this.handler.enter(key);
    if (!(place instanceof Place)) throw new Error(place.code);
    const handled = this.handler.handle(
      endpoint,
      key,
      place,
      incoming as unknown as FastifyRequest,
      client.reply as unknown as FastifyReply,
    );
    if (handled instanceof Promise) {
      handled.catch((error: Error) => this.defects.push(error.message));
    }
    return client;
  }

  /** The journal answers its oldest write. */
  durable(error?: Error): void {
    this.#unanswered.shift()?.(error);
  }

  /** Whole usage events, in the order in which they were written. */
  events(): UsageEvent[] {
    return this.writes.flatMap((write) =>
      write.op === 'finished' || write.op === 'recorded' || write.op === 'charged'
        ? [JSON.parse(write.event)]
        : [],
    );
  }

  /** What calls hold of the budget now, and what they have spent. */
  held(): { held: bigint; spent: bigint } {
    const [lease] = this.#holds[0]?.account.leases ?? [];
    return { held: lease?.held ?? 0n, spent: lease?.spent ?? 0n };
  }

  /** The same of all leases of all budgets that calls have held. */
  heldInAll(): { held: bigint; spent: bigint } {
    const accounts = new Set(this.#holds.map(({ account }) => account));
    const leases = [...accounts].flatMap((account) => account.leases);
    return {
      held: leases.reduce((sum, lease) => sum + lease.held, 0n),
      spent: leases.reduce((sum, lease) => sum + lease.spent, 0n),
    };
  }

  #submit(write: JournalWrite, done: (error?: Error) => void): void {
    this.writes.push(write);
    if (this.journalWaits) this.#unanswered.push(done);
    else queueMicrotask(done);
  }
}

function cacheOf(
  { answers, semantic }: StageOptions,
  limits: ProxyLimits,
): CachedCalls | undefined {
  if (answers === undefined) return undefined;
  const onError = (error: unknown) => {
    throw error;
  };
  const exact = { namespace: 'customer', ttlS: 60, chargePercent: 0 } as const;
  const rule = semantic === undefined ? { mode: 'exact' as const } : { mode: 'semantic' as const };
  const { multiTurn, keys, failures } = semantic ?? {};
  const rules = [
    { ...exact, ...rule, threshold: 0.9, multiTurn, keys },
    { ...exact, mode: 'exact' as const },
  ];
  const onNear = (error: unknown) =>
    failures === undefined ? onError(error) : failures.push(error);
  const embeddings = { local: semantic?.local, limits, onError: onNear };
  const near = openNearCalls(answers, { rules, embeddingModel: 'e' }, embeddings);
  const given = { rules, origins: new Map(), store: answers, purges: new CachePurges() };
  return new CachedCalls({ ...given, limits, near, onError });
}

function routerTo(
  route: readonly Deployment[],
  { routed }: StageOptions,
  deps: { directory: object; deployments: object; budgets: BudgetBook; limits: ProxyLimits },
): Router | undefined {
  if (routed === undefined) return undefined;
  const candidates = route.map(({ provider, model }) => ({
    ...{ model, provider: provider.name, context_window: 1_000_000 },
  }));
  const terms = routeTerms.parse({ candidates, ...routed });
  const routes = new Routes(new Map([['m', terms]]));
  const health = new RouteHealth(deps.limits);
  return new Router({ ...deps, routes, health } as unknown as RouterDeps);
}

const NOT_ASKED = { pause: () => undefined, resume: () => undefined, abort: () => undefined };

function deployment(number: number, posts: Post[]): Deployment {
  const post: Upstream['post'] = (path, body, headers, answer, _auth, key) => {
    const controls: string[] = [];
    posts.push({ path, body: body.toString(), headers, key, controls, answer });
    return {
      pause: () => controls.push('pause'),
      resume: () => controls.push('resume'),
      abort: (reason) => controls.push(reason.message),
    };
  };
  return {
    provider: {
      name: `p${number}`,
      priceProvider: 'p',
      upstream: { post, ask: () => NOT_ASKED, close: async () => undefined },
      notBilledStatuses: new Set([429]),
      outputLimitField: 'max_tokens',
      asksForUsage: true,
      connections: new FairGate(1_000, 1_000),
    },
    model: 'm',
    alias: 'm',
    price: priced(1),
    outputTokensMax: 100,
    outputTokensDefault: null,
    hidesOutput: true,
  };
}

/** A client's connection, with the response that leaves over it. */
export class Client {
  readonly connection = new Connection();
  readonly response: ServerResponse;
  /** What a refusal says, if the call was refused. */
  refusal: { status?: number; headers?: Record<string, string>; body?: string } = {};
  hijacked = false;
  readonly reply: object;

  constructor() {
    const socket = this.connection as unknown as Socket;
    const request = new IncomingMessage(socket);
    // Of HTTP 1.0: the body is not cut into chunks.
    Object.assign(request, { httpVersionMajor: 1, httpVersionMinor: 0, method: 'POST' });
    this.response = new ServerResponse(request);
    this.response.sendDate = false;
    this.response.assignSocket(socket);
    // As Node's server does.
    this.connection.on('drain', () => this.response.emit('drain'));
    this.reply = {
      // Its body has come.
      request: { raw: { complete: true, headers: {} } },
      raw: this.response,
      hijack: () => {
        this.hijacked = true;
      },
      code: (status: number) => this.#refuse({ status }),
      headers: (headers: Record<string, string>) => this.#refuse({ headers }),
      send: (body: string) => this.#refuse({ body }),
    };
  }

  /** Its status, headers and body as far as they have come. */
  got(): { status: number; headers: Record<string, string>; body: string } | null {
    const text = this.connection.received;
    const end = text.indexOf('\r\n\r\n');
    if (end === -1) return null;
    const [first = '', ...lines] = text.slice(0, end).split('\r\n');
    const headers = Object.fromEntries(lines.map((line) => line.split(': ', 2)));
    return { status: Number(first.split(' ')[1]), headers, body: text.slice(end + 4) };
  }

  #refuse(said: Client['refusal']): object {
    Object.assign(this.refusal, said);
    return this.reply;
  }
}

class Connection extends Duplex {
  received = '';
  #reads = true;
  #waiting: (() => void)[] = [];

  /** Whether it reads what comes. */
  set reads(reads: boolean) {
    this.#reads = reads;
    if (reads) for (const take of this.#waiting.splice(0)) take();
  }

  override _read(): void {
    // A client says nothing more.
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    const take = () => {
      this.received += chunk.toString('latin1');
      done();
    };
    if (this.#reads) take();
    else this.#waiting.push(take);
  }
}
