/** What an attempt's usage event is made of: what its start knows, and what only its end tells. */
import type { HoldUnit } from '../../budget/hold-unit.ts';
import { unknownQuantities } from '../quantities.ts';
import type { PriceSource, UsageEvent, UsageQuantities } from '../usage-event.ts';

/** Whose call it is. One object per key and its settings: its text is made once. */
export type EventKey = {
  customerId: string;
  teamId: string | null;
  keyId: string;
  environment: string;
  tags: Readonly<Record<string, string>>;
};

export type AttemptStart = {
  attemptId: string;
  callId: string;
  attempt: number;
  instanceId: string;
  key: EventKey;
  request: { endpoint: string; model: string; stream: boolean; endUser: string | null };
  deployment: {
    provider: { name: string };
    /** The model's name at the provider. */
    model: string;
    price: { version: string; source: PriceSource } | null;
  };
  /** What it reserved, budget by budget and lease by lease. */
  holds: readonly {
    account: { stream: string };
    unit: Pick<HoldUnit, 'text'>;
    parts: readonly { lease: { leaseId: string }; amount: bigint }[];
  }[];
  /** The output limit that the gateway set; undefined or null: none. */
  imposedLimit?: { tokens: number; clamped?: true | undefined } | null;
  /** What guardrails replaced in the request; undefined or null: no guardrail is about it. */
  guard?: { redactions: number } | null;
  startedAtMs: number;
};

export type AttemptOutcome = UsageQuantities &
  Pick<
    UsageEvent,
    | 'provider_request_id'
    | 'model_served'
    | 'usage_source'
    | 'cost'
    | 'status'
    | 'http_status'
    | 'error_type'
    | 'latency_ms'
    | 'ttft_ms'
    | 'overhead_us'
    | 'recorded_at'
  >;

/** Of an attempt whose start alone is known. */
export function unknownOutcome(recordedAt: string): AttemptOutcome {
  return {
    provider_request_id: null,
    model_served: null,
    ...unknownQuantities(),
    usage_source: 'none',
    cost: null,
    status: 'unknown',
    http_status: null,
    error_type: null,
    latency_ms: null,
    ttft_ms: null,
    overhead_us: null,
    recorded_at: recordedAt,
  };
}
