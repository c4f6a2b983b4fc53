/**
 * One proxy instance on its stores: lock and journal of its own, take-over of dead ones, the view of
 * the ledger, budgets, shipper, HTTP app. Started and stopped in an order that loses nothing.
 */

import type { OwnUsage } from '@tollgate/adapters/billing-api/own-usage.ts';
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import type { HttpSettings } from '@tollgate/adapters/config/http-settings.ts';
import type { PayloadSettings } from '@tollgate/adapters/config/payload-settings.ts';
import type { Embedder } from '@tollgate/adapters/embedding/embedder.ts';
import { makePrivateFolder } from '@tollgate/adapters/files/private-folder.ts';
import { checkDisk, Fault, type Health, healthOf } from '@tollgate/adapters/http/readiness.ts';
import type { IdempotencyStore } from '@tollgate/adapters/idempotency/idempotency-store.ts';
import { journalPath, lockPath } from '@tollgate/adapters/journal/instance-files.ts';
import { type Journal, openJournal } from '@tollgate/adapters/journal/journal.ts';
import { removeJournal } from '@tollgate/adapters/journal/journal-folder.ts';
import { LedgerFollower } from '@tollgate/adapters/ledger/follower.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { type FileLock, tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { type Family, metricsText } from '@tollgate/adapters/metrics/families.ts';
import { processFamilies } from '@tollgate/adapters/metrics/process-families.ts';
import { absentRates } from '@tollgate/adapters/rates/absent-rates.ts';
import type { RateStore } from '@tollgate/adapters/rates/rates.ts';
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import type { StoredObjects } from '@tollgate/adapters/stored-objects/stored-objects.ts';
import { ThreadTokenCounter } from '@tollgate/adapters/tokenizer/token-counter.ts';
import type { RouteTerms } from '@tollgate/domain/routing/route.ts';
import type { FastifyInstance } from 'fastify';
import { AccessLog } from './access-log/access-log.ts';
import { buildProxy } from './app.ts';
import { BodyReaders } from './body/body-readers.ts';
import { BudgetBook } from './budget/budget-book.ts';
import { appendOverrun } from './budget/lease-events.ts';
import { cacheFamilies } from './cache/cache-families.ts';
import { CachedCalls, type CacheSettings } from './cache/cached-calls.ts';
import { openNearCalls } from './cache/near-calls.ts';
import { FAILURES } from './call/attempt-end.ts';
import type { CallDeps } from './call/call-deps.ts';
import { CallHandler } from './call/call-handler.ts';
import { Deadlines } from './call/deadlines.ts';
import type { LeaseOverrun } from './call/settle.ts';
import { TurnBudget } from './call/turn-budget.ts';
import { InputCounters } from './counting/input-counters.ts';
import type { Endpoint } from './dialects/dialect.ts';
import type { Guardrails } from './guardrails/guardrails.ts';
import { type ConfiguredGuardrails, startGuardrails } from './guardrails/verdict-log.ts';
import { IdempotentCalls } from './idempotency/idempotent-calls.ts';
import { LedgerFreshness } from './ledger-view/freshness.ts';
import { LedgerView, ledgerViewPrefixes } from './ledger-view/ledger-view.ts';
import { assertLimits, type ProxyLimits } from './limits.ts';
import { CustomerMetrics } from './metrics/customer-metrics.ts';
import { ProxyMetrics } from './metrics/metrics.ts';
import { RouteMetrics } from './metrics/route-metrics.ts';
import { PayloadLog } from './payloads/payload-log.ts';
import { newId, newUuid } from './random.ts';
import { RateBook } from './rates/rate-book.ts';
import { raiseStoreAway } from './rates/store-alarm.ts';
import { type ConfiguredModel, Deployments, type Provider } from './routing/deployments.ts';
import { FailureLog } from './routing/failure-log.ts';
import { ProviderHealth } from './routing/provider-health.ts';
import { RouteHealth } from './routing/route-health.ts';
import { Router } from './routing/router.ts';
import { Routes } from './routing/routes.ts';
import { Shipper } from './shipper/shipper.ts';
import { BackgroundPoller } from './stored/background-poller.ts';
import { OwnedObjects } from './stored/owned-objects.ts';
import { isEmpty } from './takeover/finish-journal.ts';
import { TakeoverLoop } from './takeover/takeover-loop.ts';
import { Tracing, type TracingSettings } from './tracing/tracing.ts';

/** Where the parts say what went wrong; the fields never hold bodies or secrets (I12). */
export type ProxyLogger = {
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
};

export type ProxyOptions = {
  /** Folder of journals and locks; made if missing. */
  journalFolder: string;
  ledger: Ledger;
  log: Log;
  /** Default: none, so every rate limit's own policy decides. Closed with the proxy. */
  rates?: RateStore;
  /** Of the cache. Default: there is none. Closed with the proxy. */
  answers?: AnswerCache | undefined;
  /** Default: no call is answered from it. */
  cache?: CacheSettings;
  /** Of questions, on this machine. Default: there is none. Closed with the proxy. */
  embedder?: Embedder | undefined;
  secrets: Secrets;
  /** Clients' `Idempotency-Key`s, and how long they are remembered. Default: not at all. Closed with the proxy. */
  idempotency?: { store: IdempotencyStore; lifeMs: number } | undefined;
  /** Whose the objects are that providers keep. Default: nobody knows. Closed with the proxy. */
  storedObjects?: StoredObjects | undefined;
  /** What is asked of calls besides budgets and rates. Default: nothing. */
  guardrails?: ConfiguredGuardrails | undefined;
  providers: readonly Provider[];
  models: ReadonlyMap<string, ConfiguredModel>;
  /** Endpoints that the configuration opens besides those of the dialects. Default: none. */
  passed?: readonly Endpoint[];
  /** Of the configuration. Default: none. */
  routes?: ReadonlyMap<string, RouteTerms>;
  /** Output limit of calls under a budget that state none. Default: none. */
  outputTokensDefault?: number | null;
  limits: ProxyLimits;
  logger: ProxyLogger;
  /** Default: any name is answered, and no token is asked for. */
  http?: HttpSettings | undefined;
  /** What `GET /v1/me` says of usage. Default: nothing. */
  ownUsage?: OwnUsage | undefined;
  /** What `/metrics` answers. Default: what this proxy measures. */
  metrics?: () => Promise<string>;
  /** Descriptor that gets a line for each call. Default: none. */
  accessLogFd?: number | undefined;
  /** Where traces go. Default: nothing is traced. */
  tracing?: TracingSettings | null;
  /** Where what calls of some keys say is kept. Default: nowhere. */
  payloads?: PayloadSettings | null;
  /** The journal has failed: the process must end so that its work is taken over. */
  onFatal: (error: Error) => void;
};

export type Proxy = {
  instanceId: string;
  app: FastifyInstance;
  /** What it measures. */
  families(): Family[];
  /** Stops admitting, waits for running calls, settles leases, ships, frees the lock. */
  stop(): Promise<void>;
};

/**
 * Resolves when it is ready, or when the ledger has been away for `startWaitMs`: it then refuses
 * every call with 503, and becomes ready by itself.
 *
 * @throws Error if a store cannot be opened
 */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  assertLimits(options.limits);
  makePrivateFolder(options.journalFolder);
  const instanceId = newId('ins');
  const lock = tryLock(lockPath(options.journalFolder, instanceId));
  if (lock === null) throw new Error(`the lock of the new instance ${instanceId} is taken`);
  const path = journalPath(options.journalFolder, instanceId);
  const journal = await openJournal({ path, onFailure: options.onFatal });
  const instance = new Instance(options, instanceId, journal, lock);
  const starting = instance.start().catch(options.onFatal);
  await Promise.race([starting, wait(options.limits.startWaitMs)]);
  return {
    instanceId,
    app: instance.app,
    families: () => instance.families(),
    stop: () => instance.stop(),
  };
}

function ownedOf({ storedObjects: store, limits, logger }: ProxyOptions): OwnedObjects | undefined {
  if (store === undefined) return undefined;
  const onError = (err: unknown) =>
    logger.error({ err }, 'the store of what providers have stored failed');
  return new OwnedObjects({ store, limits, onError });
}

class Instance {
  readonly app: FastifyInstance;
  readonly #options: ProxyOptions;
  readonly #instanceId: string;
  readonly #journal: Journal;
  readonly #lock: FileLock;
  readonly #metrics: ProxyMetrics;
  readonly #routes: RouteMetrics;
  readonly #customers: CustomerMetrics | undefined;
  readonly #accessLog: AccessLog | undefined;
  readonly #tracing: Tracing | undefined;
  readonly #payloads: PayloadLog | undefined;
  readonly #cache: CachedCalls | undefined;
  readonly #illness: ProviderHealth;
  readonly #failures: FailureLog;
  readonly #directory: LedgerView;
  readonly #follower: LedgerFollower;
  readonly #freshness: LedgerFreshness;
  readonly #budgets: BudgetBook;
  readonly #rates: RateBook;
  readonly #bodies: BodyReaders;
  readonly #tokens: ThreadTokenCounter;
  readonly #counters: InputCounters;
  readonly #guardrails: Guardrails | undefined;
  readonly #idempotency: IdempotentCalls | undefined;
  readonly #owned: OwnedObjects | undefined;
  readonly #background: BackgroundPoller | undefined;
  readonly #calls: CallHandler;
  readonly #shipper: Shipper;
  readonly #takeover: TakeoverLoop;
  #ready = false;
  #stopping = false;
  readonly #ending = new AbortController();

  constructor(options: ProxyOptions, instanceId: string, journal: Journal, lock: FileLock) {
    const { ledger, log, limits, logger } = options;
    const report = (message: string) => (err: unknown) => logger.error({ err }, message);
    this.#options = options;
    this.#instanceId = instanceId;
    this.#journal = journal;
    this.#lock = lock;
    const { accessLogFd, models, tracing, payloads, http } = options;
    if (payloads != null) this.#payloads = new PayloadLog(payloads, limits, logger);
    // I10: every customer could read it otherwise.
    // seam: customers-are-counted-behind-a-token
    if (http?.metricsToken !== undefined) {
      this.#customers = new CustomerMetrics(limits.metricCustomersMax);
    }
    this.#routes = new RouteMetrics(limits.metricModelsMax);
    this.#metrics = new ProxyMetrics(limits, models.values());
    if (accessLogFd !== undefined) this.#accessLog = new AccessLog(limits, logger, accessLogFd);
    if (tracing != null) this.#tracing = new Tracing(tracing, instanceId, limits, logger);
    this.#illness = new ProviderHealth(limits);
    this.#failures = new FailureLog(limits, logger);
    this.#directory = new LedgerView(log.partitions);
    this.#follower = new LedgerFollower({
      ledger,
      prefixes: ledgerViewPrefixes,
      retryMs: limits.ledgerRetryMs,
      apply: (event) => this.#directory.apply(event),
      onLost: report('the ledger was lost; subscribing again'),
    });
    this.#freshness = new LedgerFreshness(this.#follower, limits);
    this.#budgets = new BudgetBook({
      ledger,
      journal,
      instanceId,
      newLeaseId: () => newId('lse'),
      limits,
      onError: (err, stream) => logger.error({ err, stream }, 'a budget window failed'),
    });
    this.#rates = new RateBook({
      store: options.rates ?? absentRates(),
      owner: instanceId,
      limits,
      onStore: (err) => {
        if (err === null) return logger.warn({}, 'the store of rates answers again');
        logger.error({ err }, 'the store of rates is away: policies decide');
        // seam: store-away-is-an-alarm
        raiseStoreAway(ledger, Date.now(), this.#ending.signal).catch(
          report('the alarm that the store of rates is away was not raised'),
        );
      },
    });
    this.#shipper = new Shipper({
      journal,
      log,
      limits,
      onError: report('the log does not take records; trying again'),
    });
    const { shipBatchRecordsMax } = limits;
    const folder = options.journalFolder;
    this.#takeover = new TakeoverLoop({
      deps: { folder, instanceId, ledger, log, shipBatchRecordsMax },
      everyMs: limits.takeoverEveryMs,
      onTaken: (taken) => logger.warn(taken, 'took over the journal of a dead instance'),
      onError: report('a take-over failed; trying again'),
    });
    this.#bodies = new BodyReaders(limits);
    this.#tokens = new ThreadTokenCounter(limits, report('the thread that counts tokens ended'));
    this.#counters = new InputCounters(limits);
    this.#cache = this.#openCache();
    this.#guardrails = startGuardrails(options.guardrails, this.#metrics, logger, limits);
    this.#idempotency = this.#idempotencyOf(options);
    this.#owned = ownedOf(options);
    this.#background = this.#backgroundOf(options);
    const deps = this.#callDeps();
    this.#calls = new CallHandler(deps, this.#cache);
    const calls = this.#calls;
    this.app = buildProxy({
      ...{ deps, calls, passed: options.passed },
      health: this.#health(),
      metrics: options.metrics ?? (async () => this.#ownMetrics()),
      http: options.http,
      logger,
    });
  }

  #idempotencyOf({ idempotency, limits, logger }: ProxyOptions): IdempotentCalls | undefined {
    if (idempotency === undefined) return undefined;
    return new IdempotentCalls({
      ...{ ...idempotency, limits, failures: FAILURES },
      onClaim: (kind) => this.#metrics.claimed(kind),
      onError: (err) => logger.error({ err }, 'the store of clients’ keys failed'),
    });
  }

  #backgroundOf({ storedObjects: store, providers, ledger, limits, logger }: ProxyOptions) {
    if (store === undefined) return undefined;
    return new BackgroundPoller({
      ...{ store, providers, ledger, limits, journal: this.#journal, directory: this.#directory },
      onError: (err) => logger.error({ err }, 'a background response could not be followed'),
    });
  }

  async start(): Promise<void> {
    await this.#follower.start();
    if (this.#stopping) return;
    // Calls may come already: what they write is shipped whatever the first take-over waits for.
    this.#budgets.start();
    this.#rates.start();
    this.#shipper.start();
    this.#background?.start();
    await this.#takeover.start();
    if (this.#stopping) return;
    this.#ready = true;
  }

  async stop(): Promise<void> {
    const { drainTimeoutMs } = this.#options.limits;
    this.#ready = false;
    this.#stopping = true;
    this.#ending.abort();
    await Promise.race([this.#calls.drain(), wait(drainTimeoutMs)]);
    await this.app.close();
    await Promise.all([this.#bodies.close(), this.#tokens.close(), this.#counters.close()]);
    await Promise.all([this.#guardrails?.close(), this.#idempotency?.close()]);
    await this.#background?.stop();
    await this.#owned?.close();
    await this.#takeover.stop();
    this.#failures.stop();
    await Promise.all([this.#accessLog?.close(), this.#tracing?.close()]);
    await this.#payloads?.close();
    await this.#budgets.stop();
    await this.#rates.stop();
    await this.#cache?.close();
    await this.#shipper.stop(drainTimeoutMs);
    await this.#follower.stop();
    await this.#leave();
    await Promise.all(this.#options.providers.map(({ upstream }) => upstream.close()));
  }

  /** An empty journal goes with its instance; one that is not is another instance's work. */
  async #leave(): Promise<void> {
    try {
      const left = await this.#journal.close();
      if (isEmpty(left)) removeJournal(journalPath(this.#options.journalFolder, this.#instanceId));
    } finally {
      this.#lock.release();
    }
  }

  #openCache(): CachedCalls | undefined {
    const { answers: store, cache: settings, embedder, limits, logger } = this.#options;
    if (store === undefined || settings === undefined) return undefined;
    const purges = this.#directory.cachePurges;
    let quietUntilMs = 0;
    const onError = (err: unknown, doing: string) => {
      const nowMs = performance.now();
      if (nowMs < quietUntilMs) return;
      quietUntilMs = nowMs + limits.cacheFailureLogMs;
      logger.warn({ err, doing }, 'the store of answers failed: it is passed over');
    };
    const onNear = (err: unknown) => onError(err, 'near');
    const near = openNearCalls(store, settings, { local: embedder, limits, onError: onNear });
    return new CachedCalls({ ...settings, store, purges, limits, near, onError });
  }

  #callDeps(): CallDeps {
    const { limits, secrets, onFatal } = this.#options;
    const { ledger, ownUsage, logger } = this.#options;
    return {
      instanceId: this.#instanceId,
      limits,
      directory: this.#directory,
      follower: this.#freshness,
      secrets,
      ...this.#routing(),
      budgets: this.#budgets,
      rates: this.#rates,
      bodies: this.#bodies,
      counters: this.#counters,
      guardrails: this.#guardrails,
      idempotency: this.#idempotency,
      ...{ owned: this.#owned, background: this.#background },
      journal: this.#journal,
      deadlines: new Deadlines(limits.attemptTimeoutMs),
      lingers: new Deadlines(limits.upstreamLingerMs),
      tokens: this.#tokens,
      turns: new TurnBudget(limits.answerTurnMs, limits.answerTurnSmallMs),
      drains: new Deadlines(limits.drainMsMax),
      newUuid,
      onSettled: (facts, outcome, settlement, failure) => {
        const provider = facts.deployment.provider.name;
        this.#metrics.settled(facts.deployment, outcome, settlement);
        this.#customers?.settled(facts.key.customerId, outcome, settlement);
        this.#routes.settled(facts, outcome, settlement.cost);
        this.#illness.settled(provider, outcome, performance.now());
        this.#failures.settled(facts, outcome, failure);
        this.#cache?.settled(facts, outcome);
        for (const overrun of settlement.overruns) void this.#bookOverrun(overrun);
      },
      onRouted: (plan) => this.#routes.planned(plan),
      onRefused: (code) => this.#metrics.refused(code),
      onDefect: (err) => logger.error({ err }, 'another attempt of a call failed'),
      ...{ ledger, ownUsage },
      onMeFailed: (err) => logger.warn({ err }, 'what a key has left cannot be told'),
      ...{ accessLog: this.#accessLog, tracing: this.#tracing, payloads: this.#payloads },
      onJournalFailure: onFatal,
    };
  }

  #routing(): Pick<CallDeps, 'deployments' | 'router'> {
    const { providers, models, outputTokensDefault, routes = new Map(), limits } = this.#options;
    const directory = this.#directory;
    const deployments = new Deployments(providers, models, directory, outputTokensDefault);
    const router = new Router({
      routes: new Routes(routes, directory.routes),
      health: new RouteHealth(limits),
      ...{ deployments, directory, budgets: this.#budgets },
    });
    return { deployments, router };
  }

  #health(): () => Promise<Health> {
    const { limits, journalFolder, providers } = this.#options;
    const { outboxRecordsMax, diskFreeBytesMin, healthKeptMs } = limits;
    const unless = (fault: boolean, text: string) => {
      if (fault) throw new Fault(text);
      return 'ok';
    };
    const isIll = ({ name }: Provider) => this.#illness.isIll(name, performance.now());
    const checks = {
      process: () => unless(!this.#ready, this.#stopping ? 'stopping' : 'starting'),
      ledger: () => unless(!this.#freshness.isFresh(), 'stale'),
      journal: () => unless(this.#journal.outboxRecords() >= outboxRecordsMax, 'full'),
      disk: () => checkDisk(journalFolder, diskFreeBytesMin),
      providers: () => {
        const ill = providers.filter(isIll).map(({ name }) => name);
        const names = ill.join(', ');
        // Every route leads to one of them.
        unless(ill.length > 0 && ill.length === providers.length, `all of them fail: ${names}`);
        return ill.length === 0 ? 'ok' : `failing: ${names}`;
      },
    };
    return healthOf(checks, undefined, healthKeptMs);
  }

  /** Counted at once and alarmed: a provider billed more than its stated bound (I3). */
  async #bookOverrun(overrun: LeaseOverrun): Promise<void> {
    const { stream, leaseId, attemptId, amount } = overrun;
    const fields = { stream, leaseId, attemptId, amount: String(amount) };
    this.#options.logger.error(fields, 'a call cost more than its bound');
    try {
      await appendOverrun(this.#options.ledger, stream, overrun);
    } catch (err) {
      // The lease's total has it already, so it counts at least when the lease is settled.
      this.#options.logger.error({ ...fields, err }, 'an overrun is not in the ledger');
    }
  }

  families(): Family[] {
    const gauges = {
      callsInFlight: this.#calls.inFlight,
      outboxRecords: this.#journal.outboxRecords(),
      ledgerAgeSeconds: this.#follower.ageMs() / 1000,
      accessLines: this.#accessLog?.lines ?? { written: 0, dropped: 0 },
      spans: this.#tracing ?? { sent: 0, dropped: 0 },
      payloads: this.#payloads ?? { stored: 0, dropped: 0 },
      rates: this.#rates.gauges(),
      endUserWindows: this.#budgets.endUserWindows,
    };
    const isIll = (provider: string) => this.#illness.isIll(provider, performance.now());
    const cache = this.#cache === undefined ? [] : cacheFamilies(this.#cache.counts);
    const customers = this.#customers?.families() ?? [];
    const routes = this.#routes.families();
    return [...this.#metrics.families(gauges, isIll), ...routes, ...cache, ...customers];
  }

  #ownMetrics(): string {
    const families = [...this.families(), ...processFamilies()];
    return metricsText([{ process: this.#instanceId, families }]);
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
