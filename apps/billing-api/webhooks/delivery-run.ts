/**
 * Sends what is due to webhooks (docs/design.md, Alarms), at least once, each event under one id.
 *
 * 1. Claim: `DeliveryStarted` is appended at the revision that was read. Of several processes one wins,
 *    and it alone sends.
 * 2. Send. 3. `DeliveryEnded` says how it went and when it is tried again.
 *
 * A process that dies in between leaves a claim without an end. After a stated time others take such an
 * attempt for dead and make the next one: only then an event may arrive twice.
 *
 * One endpoint does not hold up another: one that answers has so many attempts at once. One that fails,
 * or that has never answered, has a single one, with a pause of its own after a failure, and all of
 * its kind have a part of the room.
 */
import { Backoff, type BackoffMs, pause } from '@tollgate/adapters/backoff/backoff.ts';
import { appendOnce } from '@tollgate/adapters/ledger/append-once.ts';
import { deliveryEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { Secrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import type { SendResult, WebhookSender } from '@tollgate/adapters/webhooks/webhook-sender.ts';
import { claimableAtMs } from '@tollgate/domain/webhook/delivery.ts';
import { signingSecrets, type Webhook } from '@tollgate/domain/webhook/webhook.ts';
import type { AlarmIndex } from '../alarms/alarm-index.ts';
import type { AlarmStats } from '../alarms/alarm-stats.ts';
import type { Item } from '../alarms/deliveries.ts';
import { secretTextOf } from './sealed-secret.ts';

export type DeliveryLimits = {
  webhookPollMs: number;
  webhookSendsMax: number;
  webhookSendsPerEndpointMax: number;
  webhookClaimMs: number;
  webhookRetryFirstMs: number;
  webhookRetryMaxMs: number;
  webhookGiveUpMs: number;
  webhookPaceFirstMs: number;
  webhookPaceMaxMs: number;
  readYourWritesMs: number;
};

export type DeliveryDeps = {
  ledger: Ledger;
  index: AlarmIndex;
  sender: WebhookSender;
  secrets: Pick<Secrets, 'unseal'>;
  /** What is sent. */
  bodyOf: (item: Item) => string;
  /** Names this run of the process; no other has it. */
  runId: string;
  /** Unix ms. */
  clock: () => number;
  /** 0 to 1: spreads retries. */
  random: () => number;
  limits: DeliveryLimits;
  stats: AlarmStats;
  onError: (message: string, error: unknown) => void;
};

/** Of the room: of endpoints that fail, and as much of those that have never answered. */
const UNPROVEN_PART = 3 / 8;

/** How an endpoint that fails is spared. */
type Pace = { backoff: Backoff; untilMs: number };

export class DeliveryRun {
  readonly #deps: DeliveryDeps;
  readonly #abort = new AbortController();
  /** Attempts under way, by webhook. */
  readonly #running = new Map<string, Set<string>>();
  readonly #attempts = new Set<Promise<void>>();
  readonly #paces = new Map<string, Pace>();
  /** Turns, so that no webhook is always the first. */
  #turn = 0;
  #done: Promise<void> = Promise.resolve();

  constructor(deps: DeliveryDeps) {
    this.#deps = deps;
  }

  start(): void {
    this.#done = this.#loop(this.#abort.signal);
  }

  /** Begins nothing new, and resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await this.#done;
    await Promise.all(this.#attempts);
  }

  async #loop(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#look();
      await pause(this.#deps.limits.webhookPollMs, signal);
    }
  }

  /** Begins as many attempts as there is room for. */
  #look(): void {
    const { index, clock, stats } = this.#deps;
    const nowMs = clock();
    const webhooks = [...index.deliveries.open()];
    const first = webhooks.length === 0 ? 0 : this.#turn++ % webhooks.length;
    let waiting = 0;
    let lagMs = 0;
    for (const [id, items] of [...webhooks.slice(first), ...webhooks.slice(0, first)]) {
      waiting += items.size;
      const webhook = index.webhooks.get(id)?.state;
      if (webhook === undefined || webhook.archived) continue;
      lagMs = Math.max(lagMs, this.#lookAt(webhook, items, nowMs));
    }
    stats.deliveriesWaiting = waiting;
    stats.deliveryLagMs = lagMs;
  }

  /** @returns for how long the oldest that is due and was not begun waits, ms */
  #lookAt(webhook: Webhook, items: ReadonlyMap<string, Item>, nowMs: number): number {
    let room = this.#roomOf(webhook.webhook_id, nowMs);
    const running = this.#running.get(webhook.webhook_id);
    for (const item of items.values()) {
      const dueAtMs = claimableAtMs(item.state, this.#deps.limits.webhookClaimMs);
      if (dueAtMs > nowMs || running?.has(item.id)) continue;
      if (room <= 0) return nowMs - dueAtMs;
      room--;
      this.#begin(webhook, item);
    }
    return 0;
  }

  #roomOf(webhookId: string, nowMs: number): number {
    const { index, limits } = this.#deps;
    const own = this.#running.get(webhookId)?.size ?? 0;
    const free = limits.webhookSendsMax - this.#attempts.size;
    const isWell = index.deliveries.isWell(webhookId);
    if (isWell === true) return Math.min(free, limits.webhookSendsPerEndpointMax - own);
    if (nowMs < (this.#paces.get(webhookId)?.untilMs ?? 0)) return 0;
    let others = 0;
    for (const [id, { size }] of this.#running) {
      if (index.deliveries.isWell(id) === isWell) others += size;
    }
    // seam: failing-endpoints-have-a-part
    return Math.min(free, Math.floor(limits.webhookSendsMax * UNPROVEN_PART) - others, 1 - own);
  }

  #begin(webhook: Webhook, item: Item): void {
    const running = this.#running.get(webhook.webhook_id) ?? new Set();
    this.#running.set(webhook.webhook_id, running.add(item.id));
    const attempt = this.#attempt(webhook, item)
      .catch((error: unknown) => this.#deps.onError('a delivery could not be recorded', error))
      .finally(() => {
        running.delete(item.id);
        if (running.size === 0) this.#running.delete(webhook.webhook_id);
        this.#attempts.delete(attempt);
      });
    this.#attempts.add(attempt);
  }

  async #attempt(webhook: Webhook, item: Item): Promise<void> {
    const { ledger, index, limits, clock, stats } = this.#deps;
    const stream = deliveryEvents.of(item.id);
    const claimed = await this.#claim(stream, item);
    if (claimed === null) return;
    const result = await this.#send(webhook, item);
    const isDelivered = result.error === null;
    stats.count(stats.attempts, result.error ?? 'delivered');
    this.#keepPace(webhook.webhook_id, isDelivered, clock());
    const data = {
      ...claimed.named,
      ended_at: iso(clock()),
      outcome: isDelivered ? ('delivered' as const) : ('failed' as const),
      http_status: result.status,
      error: result.error,
      next_attempt_at: isDelivered ? null : this.#nextTry(item, claimed.named.attempt),
    };
    const event = newLedgerEvent(stream, { type: 'DeliveryEnded', data }, claimed.subject);
    const ended = await appendOnce(ledger, stream, event, { notBefore: claimed.revision + 1n });
    await index.sees(stream, ended.revision, limits.readYourWritesMs);
  }

  /** @returns null: another process has it */
  async #claim(stream: string, item: Item) {
    const { ledger, runId, clock } = this.#deps;
    const attempt = item.state.attempts.length + 1;
    // The id names the run: the same event of another process would be taken for this one.
    const subject = `${attempt}|${runId}`;
    const named = { webhook_id: item.webhookId, event_id: item.eventId, attempt };
    const data = { ...named, run_id: runId, started_at: iso(clock()) };
    const event = newLedgerEvent(stream, { type: 'DeliveryStarted', data }, subject);
    const result = await ledger.append(stream, item.revision, [event]);
    // seam: claim-is-won-or-lost
    if (!result.ok) return null;
    return { named, subject, revision: result.revision };
  }

  async #send(webhook: Webhook, item: Item): Promise<SendResult> {
    const { sender, secrets, clock, bodyOf, onError } = this.#deps;
    const atMs = clock();
    const signing: string[] = [];
    try {
      for (const sealed of signingSecrets(webhook, atMs)) {
        signing.push(secretTextOf(secrets, webhook.webhook_id, sealed));
      }
    } catch (error) {
      onError(`the secret of webhook ${webhook.webhook_id} does not open`, error);
      return { status: null, error: 'secret_unreadable' };
    }
    const message = { url: webhook.url, secrets: signing, id: item.eventId, body: bodyOf(item) };
    return await sender.send({ ...message, atMs });
  }

  /** @returns null: it is not tried again */
  #nextTry(item: Item, attempt: number): string | null {
    // A test says how it went, once.
    if (item.alarm === null) return null;
    const { limits, random, clock } = this.#deps;
    const bounds: BackoffMs = { first: limits.webhookRetryFirstMs, max: limits.webhookRetryMaxMs };
    const backoff = new Backoff(bounds, random);
    let pauseMs = backoff.next();
    for (let tried = 1; tried < attempt; tried++) pauseMs = backoff.next();
    const nextMs = Math.round(clock() + pauseMs);
    return nextMs - item.createdAtMs > limits.webhookGiveUpMs ? null : iso(nextMs);
  }

  #keepPace(webhookId: string, isDelivered: boolean, nowMs: number): void {
    if (isDelivered) {
      this.#paces.delete(webhookId);
      return;
    }
    const { webhookPaceFirstMs: first, webhookPaceMaxMs: max } = this.#deps.limits;
    const pace = this.#paces.get(webhookId) ?? {
      backoff: new Backoff({ first, max }, this.#deps.random),
      untilMs: 0,
    };
    pace.untilMs = nowMs + pace.backoff.next();
    this.#paces.set(webhookId, pace);
  }
}

function iso(atMs: number): string {
  return new Date(atMs).toISOString();
}
