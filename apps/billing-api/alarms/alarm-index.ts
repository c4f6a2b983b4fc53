/**
 * Read model of alarms, webhooks and deliveries (I5: a pure function of the ledger). An alarm is to be
 * delivered to every webhook that asked for it when it was raised: their events are folded in the order
 * of the ledger, so every process makes the same deliveries of them.
 */
import {
  alarmEvents,
  deliveryEvents,
  webhookEvents,
} from '@tollgate/adapters/ledger/categories.ts';
import { eventParser } from '@tollgate/adapters/ledger/event-category.ts';
import { type FollowerOptions, LedgerFollower } from '@tollgate/adapters/ledger/follower.ts';
import type { LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { SeenRevisions } from '@tollgate/adapters/ledger/seen-revisions.ts';
import { evolveWebhook, type Webhook, wants } from '@tollgate/domain/webhook/webhook.ts';
import { Entities } from '../resources/entities.ts';
import { Deliveries } from './deliveries.ts';
import { type Alarm, EVENT_TYPES, TEST_TYPE } from './event-types.ts';

const events = eventParser([alarmEvents, webhookEvents, deliveryEvents]);
type Event = NonNullable<ReturnType<typeof events.parse>>;

export type AlarmIndexLimits = { alarmsKeptMax: number; deliveriesEndedKeptMax: number };

export class AlarmIndex {
  readonly webhooks = new Entities<Webhook>();
  readonly deliveries: Deliveries;
  readonly #keptMax: number;
  /** By id, in the order in which they were raised. */
  readonly #alarms = new Map<string, Alarm>();
  /** Of the newest of them, percent by window: `<budget>@<start>`. */
  readonly #thresholds = new Map<string, number[]>();
  readonly #seen = new SeenRevisions();
  readonly #follower: LedgerFollower;

  constructor(options: Omit<FollowerOptions, 'prefixes' | 'apply'>, limits: AlarmIndexLimits) {
    this.#keptMax = limits.alarmsKeptMax;
    this.deliveries = new Deliveries(limits.deliveriesEndedKeptMax);
    this.#follower = new LedgerFollower({
      ...options,
      prefixes: events.prefixes,
      apply: (event) => {
        const parsed = events.parse(event);
        if (parsed !== null) this.#evolve(parsed, event);
        this.#seen.take(event);
      },
    });
  }

  /** Resolves when the past has been read. */
  start(): Promise<void> {
    return this.#follower.start();
  }

  stop(): Promise<void> {
    return this.#follower.stop();
  }

  ageMs(): number {
    return this.#follower.ageMs();
  }

  /** Waits (bounded) until reads show that revision of the stream. */
  sees(stream: string, revision: bigint, timeoutMs: number): Promise<boolean> {
    return this.#seen.sees(stream, revision, timeoutMs);
  }

  /** Oldest first, of the newest that are remembered. */
  alarms(): Alarm[] {
    return [...this.#alarms.values()];
  }

  isRaised(alarmId: string): boolean {
    return this.#alarms.has(alarmId);
  }

  /** Percent of the limit, in order. */
  thresholdsReached(budgetId: string, windowStart: string): number[] {
    const reached = this.#thresholds.get(windowOf(budgetId, windowStart)) ?? [];
    return reached.toSorted((a, b) => a - b);
  }

  #evolve(event: Event, at: LedgerEvent): void {
    switch (event.type) {
      case 'AlarmRaised':
        return this.#raise(event.data, at.recordedAtMs);
      case 'WebhookTestRequested': {
        const { webhook_id: webhookId, test_id: eventId } = event.data;
        const test = { webhookId, eventId, eventType: TEST_TYPE, alarm: null };
        return this.deliveries.add({ ...test, createdAtMs: at.recordedAtMs });
      }
      case 'WebhookCreated':
      case 'WebhookUpdated':
      case 'WebhookSecretRotated':
      case 'WebhookArchived': {
        const { webhook_id } = event.data;
        this.webhooks.fold(webhook_id, at, (state) => evolveWebhook(state, event));
        if (event.type === 'WebhookArchived') this.deliveries.cancel(webhook_id);
        return;
      }
      case 'DeliveryStarted':
      case 'DeliveryEnded':
        return this.deliveries.apply(event, at.revision);
      default:
        throw new Error(`${at.stream}: ${event satisfies never} is not folded`);
    }
  }

  #raise(alarm: Alarm, createdAtMs: number): void {
    const { alarm_id: eventId, budget_id, window_start, threshold } = alarm;
    this.#alarms.set(eventId, alarm);
    if (budget_id !== null && threshold !== null) {
      const window = windowOf(budget_id, window_start);
      this.#thresholds.set(window, [...(this.#thresholds.get(window) ?? []), threshold]);
    }
    this.#forgetOldest();
    const eventType = EVENT_TYPES[alarm.kind];
    for (const { state } of this.webhooks.where((webhook) => wants(webhook, eventType))) {
      const webhookId = state.webhook_id;
      this.deliveries.add({ webhookId, eventId, eventType, alarm, createdAtMs });
    }
  }

  #forgetOldest(): void {
    if (this.#alarms.size <= this.#keptMax) return;
    for (const [id, { budget_id, window_start }] of this.#alarms) {
      this.#alarms.delete(id);
      if (budget_id !== null) this.#thresholds.delete(windowOf(budget_id, window_start));
      return;
    }
  }
}

function windowOf(budgetId: string, windowStart: string): string {
  return `${budgetId}@${windowStart}`;
}
