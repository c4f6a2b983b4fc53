/**
 * The usage event, schema version 1 (ADR 0001). One flat row: its fields are the columns of the raw
 * table, so nothing between the proxy and the warehouse reshapes it. Immutable once in the log.
 *
 * I1: one `attempt` per request to a provider. I8: a quantity or a cost that is not known is `null`,
 * and `usage_source` / `price_source` say why; zero is a value and means zero.
 */
import type { UsageQuantities } from './quantities.ts';

export type { UsageQuantities };

/**
 * `external` comes from collectors through `POST /v1/events`, all others from us. A `cache_hit` is a call
 * that was answered from the cache: its quantities are zero, since no provider was asked. `history` is
 * usage from before: another gateway metered and charged it, so it is shown and never billed.
 */
export type UsageEventType =
  | 'attempt'
  | 'cache_hit'
  | 'refusal'
  | 'external'
  | 'history'
  | 'resolution';

/** True if its id is another system's text: only ours are UUIDs, and only ours sort by time. */
export function isForeign({ type }: Pick<UsageEvent, 'type'>): boolean {
  return type === 'external' || type === 'history';
}

/** Who stated the quantities. `none`: nobody did; the quantities are null, or known to be zero. */
export type UsageSource = 'provider' | 'estimated' | 'reconciled' | 'none';

/**
 * Where the price came from. `none`: no price applies or none is known (then `cost` is null). `imported`:
 * another system stated the cost of a `history` event.
 */
export type PriceSource = 'price_book' | 'config' | 'catalogue' | 'imported' | 'none';

export type UsageStatus =
  | 'ok'
  | 'upstream_error'
  | 'client_closed'
  | 'timeout'
  | 'refused'
  | 'unknown';

export type CacheOutcome = 'miss' | 'hit' | 'semantic' | 'bypass';

export type UsageEvent = UsageQuantities & {
  /** Ours: UUIDv7 made when the attempt starts. External: the collector's own text. */
  id: string;
  type: UsageEventType;
  schema_version: 1;
  /** UUIDv7 of the client's call; null for external events. */
  call_id: string | null;
  /** 1-based number of the attempt within its call; 0 where there was none. */
  attempt: number;
  /** `proxy/<instance id>`, `reconciliation/<import id>`, `history/<system>`, or the CloudEvents `source`. */
  source: string;
  /** Of a resolution: the id of the attempt that it resolves. */
  resolves_id: string | null;
  provider_request_id: string | null;

  customer_id: string;
  team_id: string | null;
  key_id: string | null;
  environment: string | null;
  /** The end user that the client named (`domain/usage/end-user.ts`). */
  end_user: string | null;
  tags: Record<string, string>;

  provider: string | null;
  deployment: string | null;
  model_requested: string | null;
  model_served: string | null;
  /** `chat.completions`, `embeddings`, …; null for external events. */
  endpoint: string | null;
  stream: boolean;
  /**
   * Output tokens, per answer, that this gateway limited the call to because it stated no limit and a
   * budget needs one, or because a budget could not pay for more. Absent or null: it set none.
   */
  output_limit?: number | null | undefined;
  /** A budget made that limit smaller than what the call would have got. Absent or null: none did. */
  output_clamped?: boolean | null | undefined;
  /** Pieces of personal data that guardrails replaced in the request. Absent or null: none. */
  redactions?: number | null | undefined;
  /** Of a refusal: the limit that was hit, as the proxy saw it (`refused-limit.ts`). Absent: none was. */
  refusal?: Record<string, string> | undefined;

  /**
   * Of a cache hit: what its call would have cost beyond `cost`, at the price in force at the hit, 12
   * decimal places, and the tokens that no provider was asked for again. Null: there is no such price.
   * Absent from all other events.
   */
  saved_cost?: string | null | undefined;
  saved_tokens?: number | null | undefined;
  /**
   * Of a cache hit that is the answer to another question (`cache` is `semantic`): the cosine of the two, 4
   * decimal places. Absent or null: it is none.
   */
  cache_similarity?: number | null | undefined;

  usage_source: UsageSource;
  /** What the provider charges us in USD, 12 decimal places; of a resolution: the delta. */
  cost: string | null;
  /** The price version in force when the attempt started (I7). */
  price_version: string | null;
  price_source: PriceSource;

  status: UsageStatus;
  /** The provider's HTTP status; null when no answer came. */
  http_status: number | null;
  /** Reason of a refusal, or class of an upstream failure: a code of the error catalogue. */
  error_type: string | null;
  cache: CacheOutcome;
  latency_ms: number | null;
  ttft_ms: number | null;
  /** Time that Tollgate itself added, microseconds. */
  overhead_us: number | null;

  /**
   * Parallel arrays: what this attempt reserved, lease by lease, in the unit of its budget. Of usage
   * that nobody stated, this is what the leases were charged: all that was reserved, or less if the
   * answer proves that it cannot be billed more (docs/design.md, Settle).
   */
  hold_lease_ids: string[];
  /** 12 decimal places whatever the unit. */
  hold_amounts: string[];
  hold_units: string[];
  /** Ledger streams of the budget windows, parallel to the above. */
  budget_windows: string[];

  external_type: string | null;
  external_subject: string | null;
  /** CloudEvents `data` as JSON text. */
  external_data: string | null;

  /** Attempt start on the server's clock, RFC 3339 UTC with milliseconds. */
  time: string;
  /** When the record was finished, same format. */
  recorded_at: string;
};

/** True if a resolution may state what this attempt really used (docs/design.md, Resolutions). */
export function isResolvable(event: UsageEvent): boolean {
  return event.type === 'attempt' && (event.cost === null || event.usage_source === 'estimated');
}
