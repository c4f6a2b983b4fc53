/** The usage event of a call that was refused: nothing was used, and the reason. */
import { formatDecimal12 } from '../../money/money.ts';
import { zeroQuantities } from '../quantities.ts';
import type { RefusedLimit } from '../refused-limit.ts';
import type { UsageEvent } from '../usage-event.ts';
import type { EventKey } from './attempt-event.ts';

export type RefusalFacts = {
  eventId: string;
  callId: string;
  instanceId: string;
  key: EventKey;
  endpoint: string;
  /** What the request said before it was refused; null if it could not be read. */
  request: { model: string; stream: boolean; endUser: string | null } | null;
  /** Of the error catalogue. */
  code: string;
  /** Which limit was hit; absent: it was no limit. */
  limit?: RefusedLimit | undefined;
  atMs: number;
};

export function refusalEvent(facts: RefusalFacts): UsageEvent {
  const { key, request } = facts;
  const time = new Date(facts.atMs).toISOString();
  return {
    id: facts.eventId,
    type: 'refusal',
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
    end_user: request?.endUser?.toWellFormed() ?? null,
    tags: key.tags,
    provider: null,
    deployment: null,
    model_requested: request?.model.toWellFormed() ?? null,
    model_served: null,
    endpoint: facts.endpoint,
    stream: request?.stream ?? false,
    ...zeroQuantities(),
    usage_source: 'none',
    cost: formatDecimal12(0n),
    price_version: null,
    price_source: 'none',
    status: 'refused',
    http_status: null,
    error_type: facts.code,
    // seam: refusal-says-which-limit
    ...(facts.limit === undefined ? {} : { refusal: facts.limit }),
    cache: 'miss',
    latency_ms: null,
    ttft_ms: null,
    overhead_us: null,
    hold_lease_ids: [],
    hold_amounts: [],
    hold_units: [],
    budget_windows: [],
    external_type: null,
    external_subject: null,
    external_data: null,
    time,
    recorded_at: time,
  };
}
