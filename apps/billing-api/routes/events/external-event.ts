/** Takes the facts of a usage event from a collector's CloudEvent. */
import type { PriceFound } from '@tollgate/domain/pricing/price-list.ts';
import { externalEvent } from '@tollgate/domain/usage/event/external-event.ts';
import {
  type KnownQuantities,
  noQuantities,
  type QuantityName,
  quantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import type { CloudEvent } from '@tollgate/schemas/event/cloudevent.ts';

/** @param price of the event's provider and model at its time; null if none is known (I8) */
export function eventOfCollector(
  event: CloudEvent,
  customerId: string,
  price: PriceFound | null,
  at: { timeMs: number; recordedAt: string },
): UsageEvent {
  const { data } = event;
  return externalEvent({
    id: event.id,
    source: event.source,
    externalType: event.type,
    externalSubject: event.subject,
    externalData: data === undefined ? null : JSON.stringify(data),
    customerId,
    environment: data?.environment ?? null,
    endUser: data?.end_user ?? null,
    tags: data?.tags ?? {},
    provider: data?.provider ?? null,
    model: data?.model ?? null,
    quantities: quantitiesOf(data),
    price,
    ...at,
  });
}

/** Null if the event states no quantity at all: unknown is not zero (I8). */
export function quantitiesOf(
  data: Partial<Record<QuantityName, number | undefined>> | undefined,
): KnownQuantities | null {
  if (data === undefined) return null;
  const known = quantities.flatMap(({ name, field }) => {
    const value = data[name];
    return value === undefined ? [] : [[field, value] as const];
  });
  return known.length === 0 ? null : { ...noQuantities(), ...Object.fromEntries(known) };
}
