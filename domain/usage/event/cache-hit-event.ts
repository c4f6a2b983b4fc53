/**
 * The usage event of a call that was answered from the cache (docs/design.md, Cache). No provider was
 * asked, so its quantities are zero, and a sum of tokens has those of the first call alone
 * (litellm#39057 has them twice). What it cost, and what it saved, are parts of what the call would have
 * cost at the price in force at the hit.
 */
import { formatDecimal12 } from '../../money/money.ts';
import { type KnownQuantities, quantities, zeroQuantities } from '../quantities.ts';
import type { PriceSource, UsageEvent } from '../usage-event.ts';
import type { AttemptStart, EventKey } from './attempt-event.ts';

export type CacheHitFacts = {
  eventId: string;
  callId: string;
  instanceId: string;
  key: EventKey;
  endpoint: string;
  request: { model: string; stream: boolean; endUser: string | null };
  /** What guardrails replaced in the request. */
  guard?: AttemptStart['guard'];
  /** Where its call would have gone, and the price there. */
  deployment: {
    provider: { name: string };
    model: string;
    price: { version: string; source: PriceSource } | null;
  };
  /** The model's name in the answer. */
  modelServed: string | null;
  /** It is the answer to another question, which is so near; undefined: the request was the same. */
  similarity?: number | undefined;
  /** What the answer had used. */
  used: KnownQuantities;
  /** Pico-dollars. */
  cost: bigint;
  /** null: there is no price. */
  saved: bigint | null;
  /** What it is charged to budgets, if it costs anything. */
  holds: AttemptStart['holds'];
  /** Time that Tollgate took until now, microseconds. */
  overheadUs: number;
  atMs: number;
  recordedAt: string;
};

/** 4 decimal places. */
const SIMILARITY_SCALE = 10_000;

export function cacheHitEvent(facts: CacheHitFacts): UsageEvent {
  const { key, request, deployment, cost, saved } = facts;
  const { price, provider } = deployment;
  return {
    id: facts.eventId,
    type: 'cache_hit',
    schema_version: 1,
    call_id: facts.callId,
    attempt: 0,
    source: `proxy/${facts.instanceId}`,
    resolves_id: null,
    provider_request_id: null,
    customer_id: key.customerId,
    team_id: key.teamId,
    key_id: key.keyId,
    environment: key.environment,
    end_user: request.endUser?.toWellFormed() ?? null,
    tags: key.tags,
    provider: provider.name,
    deployment: `${provider.name}/${deployment.model}`.toWellFormed(),
    model_requested: request.model.toWellFormed(),
    model_served: facts.modelServed?.toWellFormed() ?? null,
    endpoint: facts.endpoint,
    stream: request.stream,
    ...(facts.guard?.redactions ? { redactions: facts.guard.redactions } : {}),
    saved_cost: saved === null ? null : formatDecimal12(saved),
    saved_tokens: tokensOf(facts.used),
    ...(facts.similarity === undefined ? {} : { cache_similarity: placesOf(facts.similarity) }),
    // seam: hit-used-nothing
    ...zeroQuantities(),
    usage_source: 'none',
    cost: formatDecimal12(cost),
    price_version: price?.version ?? null,
    price_source: price?.source ?? 'none',
    status: 'ok',
    http_status: null,
    error_type: null,
    cache: facts.similarity === undefined ? 'hit' : 'semantic',
    latency_ms: null,
    ttft_ms: null,
    overhead_us: facts.overheadUs,
    ...holdColumns(facts.holds),
    external_type: null,
    external_subject: null,
    external_data: null,
    time: new Date(facts.atMs).toISOString(),
    recorded_at: facts.recordedAt,
  };
}

/** A rounding of floats may leave a cosine above 1. */
function placesOf(similarity: number): number {
  return Math.min(1, Math.round(similarity * SIMILARITY_SCALE) / SIMILARITY_SCALE);
}

function tokensOf(used: KnownQuantities): number {
  let tokens = 0;
  for (const { field, unit } of quantities) if (unit === 'tokens') tokens += used[field];
  return tokens;
}

function holdColumns(holds: AttemptStart['holds']) {
  const parts = holds.flatMap(({ account, unit, parts: held }) =>
    held.map(({ lease, amount }) => ({ account, unit, lease, amount })),
  );
  return {
    hold_lease_ids: parts.map(({ lease }) => lease.leaseId),
    hold_amounts: parts.map(({ amount }) => formatDecimal12(amount)),
    hold_units: parts.map(({ unit }) => unit.text),
    budget_windows: parts.map(({ account }) => account.stream),
  };
}
