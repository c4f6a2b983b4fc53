/**
 * Every delivery that is known, by webhook: what is still to be sent, and the newest of what has ended. A
 * part of the read model; the events of the ledger make it.
 */
import { type Delivery, evolveDelivery, newDelivery } from '@tollgate/domain/webhook/delivery.ts';
import type { DeliveryEvent } from '@tollgate/domain/webhook/webhook-events.ts';
import type { Alarm } from './event-types.ts';

export type Item = {
  id: string;
  webhookId: string;
  eventId: string;
  eventType: string;
  /** Null: it is a test. */
  alarm: Alarm | null;
  createdAtMs: number;
  state: Delivery;
  /** What the next append to its stream has to expect. */
  revision: bigint | 'no_stream';
};

type OfWebhook = { all: Map<string, Item>; open: Map<string, Item> };

export class Deliveries {
  readonly #endedMax: number;
  readonly #byWebhook = new Map<string, OfWebhook>();
  /** How the last attempt ended, by webhook. */
  readonly #isWell = new Map<string, boolean>();

  /** @param endedMax of one webhook that are remembered */
  constructor(endedMax: number) {
    this.#endedMax = endedMax;
  }

  /** Makes a delivery due at once. */
  add(item: Omit<Item, 'id' | 'state' | 'revision'>): void {
    const id = deliveryId(item.webhookId, item.eventId);
    const of = this.#of(item.webhookId);
    if (of.all.has(id)) return;
    const state = newDelivery(item.createdAtMs);
    const added: Item = { ...item, id, state, revision: 'no_stream' };
    of.all.set(id, added);
    of.open.set(id, added);
  }

  /** Of a delivery that is forgotten: nothing, because it has ended. */
  apply(event: DeliveryEvent, revision: bigint): void {
    const { webhook_id, event_id } = event.data;
    if (event.type === 'DeliveryEnded') {
      this.#isWell.set(webhook_id, event.data.outcome === 'delivered');
    }
    const of = this.#of(webhook_id);
    const item = of.all.get(deliveryId(webhook_id, event_id));
    if (item === undefined) return;
    item.revision = revision;
    item.state = evolveDelivery(item.state, event);
    if (item.state.status !== 'pending') this.#end(of, item);
  }

  /** What was not sent to an archived webhook never will be. */
  cancel(webhookId: string): void {
    const of = this.#of(webhookId);
    for (const item of of.open.values()) {
      item.state = { ...item.state, status: 'canceled' };
      this.#end(of, item);
    }
  }

  get(webhookId: string, eventId: string): Item | undefined {
    return this.#byWebhook.get(webhookId)?.all.get(deliveryId(webhookId, eventId));
  }

  /** Whether its last attempt was received; undefined: none has ended. */
  isWell(webhookId: string): boolean | undefined {
    return this.#isWell.get(webhookId);
  }

  /** Oldest first. */
  of(webhookId: string): Item[] {
    return [...(this.#byWebhook.get(webhookId)?.all.values() ?? [])];
  }

  /** Webhooks that something is still to be sent to, and what. */
  *open(): Generator<[webhookId: string, items: ReadonlyMap<string, Item>]> {
    for (const [id, { open }] of this.#byWebhook) if (open.size > 0) yield [id, open];
  }

  #of(webhookId: string): OfWebhook {
    let of = this.#byWebhook.get(webhookId);
    if (of === undefined) {
      of = { all: new Map(), open: new Map() };
      this.#byWebhook.set(webhookId, of);
    }
    return of;
  }

  #end(of: OfWebhook, item: Item): void {
    of.open.delete(item.id);
    if (of.all.size - of.open.size <= this.#endedMax) return;
    for (const [id] of of.all) {
      if (of.open.has(id)) continue;
      of.all.delete(id);
      return;
    }
  }
}

function deliveryId(webhookId: string, eventId: string): string {
  return `${webhookId}.${eventId}`;
}
