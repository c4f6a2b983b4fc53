/** The usage event of something that a collector metered elsewhere, priced if it can be. */
import { formatDecimal12 } from '../../money/money.ts';
import { costOf } from '../../pricing/cost.ts';
import type { PriceFound } from '../../pricing/price-list.ts';
import { type KnownQuantities, toEventQuantities, unknownQuantities } from '../quantities.ts';
import type { UsageEvent } from '../usage-event.ts';

/** As the collector states it: CloudEvents' attributes, and what its `data` says. */
export type ExternalFacts = {
  id: string;
  source: string;
  externalType: string;
  externalSubject: string;
  /** `data` as JSON text. */
  externalData: string | null;
  customerId: string;
  environment: string | null;
  endUser: string | null;
  tags: Record<string, string>;
  provider: string | null;
  model: string | null;
  /** null: it states none, which is not zero (I8). */
  quantities: KnownQuantities | null;
  /** Of its provider and model at its time; null: none is known. */
  price: PriceFound | null;
  timeMs: number;
  recordedAt: string;
};

export function externalEvent(facts: ExternalFacts): UsageEvent {
  const { quantities, price } = facts;
  const cost = quantities === null || price === null ? null : costOf(price.price, quantities);
  return {
    id: facts.id,
    type: 'external',
    schema_version: 1,
    call_id: null,
    attempt: 0,
    source: facts.source,
    resolves_id: null,
    provider_request_id: null,
    customer_id: facts.customerId,
    team_id: null,
    key_id: null,
    environment: facts.environment,
    end_user: facts.endUser,
    tags: facts.tags,
    provider: facts.provider,
    deployment: null,
    model_requested: facts.model,
    model_served: facts.model,
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
    external_type: facts.externalType,
    external_subject: facts.externalSubject,
    external_data: facts.externalData,
    time: new Date(facts.timeMs).toISOString(),
    recorded_at: facts.recordedAt,
  };
}
