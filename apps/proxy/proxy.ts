/**
 * One proxy instance on its stores: lock and journal of its own, take-over of dead ones, the view of
 * the ledger, budgets, shipper, HTTP app. Started and stopped in an order that loses nothing.
 */
import { randomFillSync } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { type Journal, openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { type FileLock, tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { makeId, makeUuidV7 } from '@tollgate/domain/ids/ids.ts';
import type { FastifyInstance } from 'fastify';
import { buildProxy } from './app.ts';
import { BudgetBook } from './budget/budget-book.ts';
import { appendOverrun } from './budget/lease-events.ts';
import type { CallDeps } from './call/call-deps.ts';
import { CallHandler } from './call/call-handler.ts';
import type { LeaseOverrun } from './call/settle.ts';
import { Directory, directoryPrefixes } from './directory/directory.ts';
import { LedgerFollower } from './directory/follower.ts';
import { assertLimits, type ProxyLimits } from './limits.ts';
import { ProxyMetrics } from './metrics/metrics.ts';
import { type ConfiguredModel, Deployments, type Provider } from './routing/deployments.ts';
import { Shipper } from './shipper/shipper.ts';
import {
  isEmpty,
  journalPath,
  lockPath,
  removeJournal,
  takeOverDead,
} from './takeover/takeover.ts';

export type ProxyOptions = {
  /** Folder of journals and locks; made if missing. */
  journalFolder: string;
  ledger: Ledger;
  log: Log;
  secrets: Secrets;
  providers: readonly Provider[];
  models: ReadonlyMap<string, ConfiguredModel>;
  limits: ProxyLimits;
  logger: { level: string } | false;
  /** The journal has failed: the process must end so that its work is taken over. */
  onFatal: (error: Error) => void;
};

export type Proxy = {
  instanceId: string;
  app: FastifyInstance;
  /** Stops admitting, waits for running calls, settles leases, ships, frees the lock. */
  stop(): Promise<void>;
};

const randomPool = Buffer.alloc(4096);
let randomUsed = randomPool.length;

/** Ten random bytes, out of a pool that is filled once per 400 ids. */
function randomBytes10(): Uint8Array {
  if (randomUsed + 10 > randomPool.length) {
    randomFillSync(randomPool);
    randomUsed = 0;
  }
  randomUsed += 10;
  return randomPool.subarray(randomUsed - 10, randomUsed);
}

/** @throws Error if a store cannot be opened or the ledger cannot be read */
export async function startProxy(options: ProxyOptions): Promise<Proxy> {
  const { ledger, log, secrets, limits } = options;
  assertLimits(limits);
  mkdirSync(options.journalFolder, { recursive: true });
  const instanceId = makeId('ins', Date.now(), randomBytes10());
  const lock = tryLock(lockPath(options.journalFolder, instanceId));
  if (lock === null) throw new Error(`the lock of the new instance ${instanceId} is taken`);
  const journal = await openJournal({ path: journalPath(options.journalFolder, instanceId) });
  const metrics = new ProxyMetrics();
  const directory = new Directory(log.partitions);
  // Bound late: the app's logger is the log of the parts that the app is built from.
  const report = (message: string) => (error: unknown) => app.log.error({ err: error }, message);
  const follower = new LedgerFollower({
    ledger,
    prefixes: directoryPrefixes,
    limits,
    apply: (event) => directory.apply(event),
    onLost: (error) => report('the ledger was lost; subscribing again')(error),
  });
  const budgets = new BudgetBook({
    ledger,
    journal,
    instanceId,
    newLeaseId: () => makeId('lse', Date.now(), randomBytes10()),
    limits,
    onError: (error, stream) => report(`budget window ${stream}`)(error),
  });
  const deps: CallDeps = {
    instanceId,
    limits,
    directory,
    follower,
    secrets,
    deployments: new Deployments(options.providers, options.models, directory),
    budgets,
    journal,
    newUuid: (timeMs) => makeUuidV7(timeMs, randomBytes10()),
    onSettled: (event, overruns) => {
      metrics.settled(event, overruns.length);
      for (const overrun of overruns) void bookOverrun(overrun);
    },
    onRefused: (code) => metrics.refused(code),
    onJournalFailure: options.onFatal,
  };
  const bookOverrun = async ({ stream, ...overrun }: LeaseOverrun) => {
    app.log.error({ stream, ...overrun, amount: String(overrun.amount) }, 'overrun of a bound');
    await appendOverrun(ledger, stream, overrun).catch(report('an overrun is not booked'));
  };
  const calls = new CallHandler(deps);
  let ready = false;
  const app = buildProxy({
    deps,
    calls,
    isReady: () => ready && follower.isFresh(),
    metrics: () =>
      metrics.text({
        callsInFlight: calls.inFlight,
        outboxRecords: journal.outboxRecords(),
        ledgerAgeSeconds: follower.ageMs() / 1000,
      }),
    logger: options.logger,
  });
  const shipper = new Shipper({
    journal,
    log,
    limits,
    onError: report('the log does not take records; trying again'),
  });
  const takeover = new TakeoverLoop(options, instanceId, report('a take-over failed'), (taken) =>
    app.log.warn(taken, 'took over the journal of a dead instance'),
  );
  await follower.start();
  await takeover.once();
  takeover.start();
  budgets.start();
  shipper.start();
  ready = true;
  return {
    instanceId,
    app,
    stop: async () => {
      await Promise.race([calls.drain(), wait(limits.drainTimeoutMs)]);
      await app.close();
      await takeover.stop();
      await budgets.stop();
      await shipper.stop(limits.drainTimeoutMs);
      await follower.stop();
      await leave(options.journalFolder, instanceId, journal, lock);
      await Promise.all(options.providers.map(({ upstream }) => upstream.close()));
    },
  };
}

/** An empty journal goes with its instance; one that is not is the next instance's work. */
async function leave(
  folder: string,
  instanceId: string,
  journal: Journal,
  lock: FileLock,
): Promise<void> {
  const empty = isEmpty(await journal.contents());
  await journal.close();
  if (empty) removeJournal(journalPath(folder, instanceId));
  lock.release();
}

class TakeoverLoop {
  readonly #options: ProxyOptions;
  readonly #instanceId: string;
  readonly #onError: (error: unknown) => void;
  readonly #onTaken: (taken: object) => void;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(
    options: ProxyOptions,
    instanceId: string,
    onError: (error: unknown) => void,
    onTaken: (taken: object) => void,
  ) {
    this.#options = options;
    this.#instanceId = instanceId;
    this.#onError = onError;
    this.#onTaken = onTaken;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#running = this.once().finally(() => this.start());
    }, this.#options.limits.takeoverEveryMs);
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#running;
    clearTimeout(this.#timer);
  }

  async once(): Promise<void> {
    const { journalFolder: folder, ledger, log, limits } = this.#options;
    const { shipBatchRecordsMax } = limits;
    const instanceId = this.#instanceId;
    try {
      const taken = await takeOverDead({ folder, instanceId, ledger, log, shipBatchRecordsMax });
      for (const one of taken) this.#onTaken(one);
    } catch (error) {
      this.#onError(error);
    }
  }
}

function wait(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
}
