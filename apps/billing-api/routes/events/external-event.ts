/** A collector's CloudEvent → the usage event `external`, priced as of its time if it can be. */
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { costOf } from '@tollgate/domain/pricing/cost.ts';
import type { PriceFound } from '@tollgate/domain/pricing/price-list.ts';
import {
  type KnownQuantities,
  noQuantities,
  quantities,
  toEventQuantities,
  unknownQuantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import type { CloudEvent } from '@tollgate/schemas/event/cloudevent.ts';

/** @param price of the event's provider and model at its time; null: none is known (I8) */
export function externalEvent(
  event: CloudEvent,
  customerId: string,
  price: PriceFound | null,
  recordedAt: string,
): UsageEvent {
  const { data } = event;
  const quantities = quantitiesOf(data);
  // No list has a price for images: what they cost is not known, and not nothing (I8).
  const known = quantities === null || quantities.images > 0 ? null : quantities;
  const cost = known === null || price === null ? null : costOf(price.price, known);
  return {
    id: event.id,
    type: 'external',
    schema_version: 1,
    call_id: null,
    attempt: 0,
    source: event.source,
    resolves_id: null,
    provider_request_id: null,
    customer_id: customerId,
    team_id: null,
    key_id: null,
    environment: data?.environment ?? null,
    end_user: data?.end_user ?? null,
    tags: data?.tags ?? {},
    provider: data?.provider ?? null,
    deployment: null,
    model_requested: data?.model ?? null,
    model_served: data?.model ?? null,
    endpoint: null,
    stream: false,
    ...(quantities === null ? unknownQuantities() : toEventQuantities(quantities)),
    usage_source: quantities === null ? 'none' : 'provider',
    cost: cost === null ? null : formatDecimal12(cost),
    price_version: cost === null ? null : (price?.version ?? null),
    price_source: cost === null ? 'none' : (price?.source ?? 'none'),
    status: 'ok',
    http_status: null,
    error_type: null,
    cache: 'bypass',
    latency_ms: null,
    ttft_ms: null,
    overhead_us: null,
    hold_lease_ids: [],
    hold_amounts: [],
    hold_units: [],
    budget_windows: [],
    external_type: event.type,
    external_subject: event.subject,
    external_data: data === undefined ? null : JSON.stringify(data),
    time: new Date(event.time).toISOString(),
    recorded_at: recordedAt,
  };
}

/** Null if the event states none at all: unknown is not zero (I8). */
function quantitiesOf(data: CloudEvent['data']): KnownQuantities | null {
  if (data === undefined) return null;
  const known = quantities.flatMap(({ name, field }) => {
    const value = data[name];
    return value === undefined ? [] : [[field, value] as const];
  });
  return known.length === 0 ? null : { ...noQuantities(), ...Object.fromEntries(known) };
}
