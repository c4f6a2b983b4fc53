/**
 * Background responses, to their end (ADR 0014): a call whose answer goes on without it is metered by asking
 * its provider how it ended. Any proxy does that for all of them, each in its turn, so it does not matter
 * which one took the call, or whether it is still there. What clients ask for is no matter either: to
 * retrieve a response is free, and it is billed once (I2).
 *
 * What is learned is a resolution of the attempt, by an id that follows from the attempt's: asked twice, it
 * is the same event. I8: an end that states no usage leaves it unknown, until the provider's bill says more.
 */
import { createHash } from 'node:crypto';
import type { Journal } from '@tollgate/adapters/journal/journal.ts';
import { StreamTail } from '@tollgate/adapters/ledger/append-once.ts';
import type { Ledger, NewLedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type {
  RunningObject,
  StoredObjects,
} from '@tollgate/adapters/stored-objects/stored-objects.ts';
import { leaseAdjustments } from '@tollgate/domain/budget/lease-adjustments.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { eventText } from '@tollgate/domain/usage/event/event-text.ts';
import { statedResolution } from '@tollgate/domain/usage/event/resolution-event.ts';
import { type StatedQuantities, toEventQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { statedCost } from '../call/stated-cost.ts';
import type { Answer } from '../dialects/dialect.ts';
import type { LedgerView } from '../ledger-view/ledger-view.ts';
import type { ProxyLimits } from '../limits.ts';
import type { Provider } from '../routing/deployments.ts';
import { askProvider } from './ask-provider.ts';
import type { RunningRecord } from './owned-objects.ts';

export type PollerDeps = {
  store: StoredObjects;
  journal: Pick<Journal, 'submit'>;
  ledger: Ledger;
  providers: readonly Provider[];
  directory: Pick<LedgerView, 'price'>;
  limits: ProxyLimits;
  onError: (error: unknown) => void;
};

/** `open`: it goes on, or nobody could be asked. */
type Look = 'open' | 'done';

export class BackgroundPoller {
  readonly #deps: PollerDeps;
  readonly #stop = new AbortController();
  readonly #looking = new Map<string, Promise<Look>>();
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> = Promise.resolve();

  constructor(deps: PollerDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#round = this.#round.then(() => this.#lookAround());
    }, this.#deps.limits.backgroundPollMs);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#stop.abort();
    await this.#round;
    await Promise.allSettled(this.#looking.values());
  }

  async #lookAround(): Promise<void> {
    const { store, limits, onError } = this.#deps;
    if (this.#stop.signal.aborted) return;
    const { backgroundLeaseMs, backgroundAtOnceMax } = limits;
    try {
      const due = await store.due(backgroundLeaseMs, backgroundAtOnceMax);
      await Promise.all(due.map((running) => this.look(running)));
    } catch (error) {
      onError(error);
    }
  }

  /** Asks its provider now. @returns `done`: it has ended, and that is recorded */
  look(running: RunningObject): Promise<Look> {
    const known = this.#looking.get(running.id);
    if (known !== undefined) return known;
    const looking = this.#look(running)
      .catch((error: unknown): Look => {
        this.#deps.onError(error);
        return 'open';
      })
      .finally(() => this.#looking.delete(running.id));
    this.#looking.set(running.id, looking);
    return looking;
  }

  async #look(running: RunningObject): Promise<Look> {
    const { store, providers, limits } = this.#deps;
    const { id, provider: name } = running;
    const record = JSON.parse(running.record) as RunningRecord;
    const attempt = JSON.parse(record.event) as UsageEvent;
    const provider = providers.find((one) => one.name === name);
    // It is configured no more.
    if (provider === undefined) return this.#close(id);
    const ended = await askProvider(provider, id, limits, this.#stop.signal);
    if (ended === 'gone') return this.#close(id);
    if (ended === 'goes on' || ended === 'unknown') {
      const ageMs = Date.now() - Date.parse(attempt.time);
      if (ageMs > limits.backgroundAgeMsMax) return this.#close(id);
      const { first, max } = limits.backgroundPauseMs;
      await store.later(id, Math.min(max, Math.max(first, ageMs / 10)));
      return 'open';
    }
    // seam: background-end-is-billed
    await this.#resolve(attempt, record, ended, provider);
    return this.#close(id);
  }

  async #close(id: string): Promise<Look> {
    await this.#deps.store.ended(id);
    return 'done';
  }

  async #resolve(
    attempt: UsageEvent,
    { event, partition, tier }: RunningRecord,
    ended: Answer,
    { name, priceProvider }: Provider,
  ): Promise<void> {
    const model = (attempt.deployment ?? '').slice(name.length + 1);
    const found = this.#deps.directory.price(priceProvider, model, Date.parse(attempt.time));
    // I7: of another list nobody knows whether it was in force.
    if (found === null || found.version !== attempt.price_version) return;
    const used = statedCost(ended, found, tier);
    if (used === null) return;
    const hash = createHash('sha256').update(`resolution:${attempt.id}`).digest();
    const stated = toEventQuantities(used.quantities) as StatedQuantities;
    const line = { ...stated, attempt_id: attempt.id, cost: formatDecimal12(used.cost) };
    const resolution = statedResolution(attempt, line, hash);
    // The log must have the attempt first, whose own journal may still be on its way.
    // seam: attempt-is-before-its-resolution
    await this.#record(partition, event);
    await this.#record(partition, eventText(resolution));
    await this.#adjust(attempt, resolution);
  }

  #record(partition: number, event: string): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#deps.journal.submit({ op: 'recorded', partition, event }, (error) =>
        error === undefined ? resolve() : reject(error),
      );
    });
  }

  /** The budget was charged the hold; it follows what was used. */
  async #adjust(attempt: UsageEvent, resolution: UsageEvent): Promise<void> {
    const byWindow = new Map<string, NewLedgerEvent[]>();
    for (const { window, leaseId, delta } of leaseAdjustments(attempt, resolution)) {
      const data = { lease_id: leaseId, attempt_id: attempt.id, delta: formatDecimal12(delta) };
      const subject = `${attempt.id}|${leaseId}`;
      const event = newLedgerEvent(window, { type: 'LeaseAdjusted', data }, subject);
      byWindow.set(window, [...(byWindow.get(window) ?? []), event]);
    }
    for (const [window, events] of byWindow) {
      await new StreamTail(this.#deps.ledger, window).appendAllOnce(events, this.#stop.signal);
    }
  }
}
