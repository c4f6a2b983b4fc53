/**
 * The usage event of an attempt (design §6). It is written whole when the attempt starts, as what
 * it will be if this process dies: status unknown, quantities and cost null (I1, I8); when the
 * attempt ends the known figures replace these.
 */
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { zeroQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import type { BudgetHold } from '../budget/budget-book.ts';
import type { KeyView } from '../directory/directory.ts';
import type { Deployment } from '../routing/deployments.ts';
import type { CallRequest } from './request.ts';

export type AttemptFacts = {
  attemptId: string;
  callId: string;
  attempt: number;
  instanceId: string;
  key: KeyView;
  request: CallRequest;
  deployment: Deployment;
  holds: readonly BudgetHold[];
  startedAtMs: number;
};

export function startedEvent(facts: AttemptFacts): UsageEvent {
  const { key, request, deployment } = facts;
  const holds = holdColumns(facts.holds);
  const time = new Date(facts.startedAtMs).toISOString();
  return {
    id: facts.attemptId,
    type: 'attempt',
    schema_version: 1,
    call_id: facts.callId,
    attempt: facts.attempt,
    source: `proxy/${facts.instanceId}`,
    resolves_id: null,
    provider_request_id: null,
    customer_id: key.customerId,
    team_id: key.teamId,
    key_id: key.keyId,
    environment: key.environment,
    end_user: request.endUser,
    tags: key.tags,
    provider: deployment.provider.name,
    deployment: `${deployment.provider.name}/${deployment.model}`,
    model_requested: request.model,
    model_served: deployment.model,
    endpoint: request.endpoint,
    stream: request.stream,
    // Written out: a spread in the middle of a literal of this size is several times slower.
    input_tokens: null,
    cache_read_tokens: null,
    cache_write_tokens: null,
    output_tokens: null,
    reasoning_tokens: null,
    audio_input_tokens: null,
    audio_output_tokens: null,
    images: null,
    requests: null,
    usage_source: 'none',
    cost: null,
    price_version: deployment.price?.version ?? null,
    price_source: deployment.price?.source ?? 'none',
    status: 'unknown',
    http_status: null,
    error_type: null,
    cache: 'miss',
    latency_ms: null,
    ttft_ms: null,
    overhead_us: null,
    hold_lease_ids: holds.leaseIds,
    hold_amounts: holds.amounts,
    hold_units: holds.units,
    budget_windows: holds.windows,
    external_type: null,
    external_subject: null,
    external_data: null,
    time,
    recorded_at: time,
  };
}

/** The parallel arrays of an event's holds, one entry per lease (design §6). */
function holdColumns(holds: readonly BudgetHold[]) {
  const leaseIds: string[] = [];
  const amounts: string[] = [];
  const units: UsageEvent['hold_units'] = [];
  const windows: string[] = [];
  for (const { account, parts } of holds) {
    for (const { lease, amount } of parts) {
      leaseIds.push(lease.leaseId);
      amounts.push(formatDecimal12(amount));
      units.push(account.definition.unit);
      windows.push(account.stream);
    }
  }
  return { leaseIds, amounts, units, windows };
}

export type RefusalFacts = {
  eventId: string;
  callId: string;
  instanceId: string;
  key: KeyView;
  endpoint: string;
  model: string | null;
  stream: boolean;
  endUser: string | null;
  code: string;
  atMs: number;
};

/** A refusal of an authenticated call: quantity zero, with the reason. */
export function refusalEvent(facts: RefusalFacts): UsageEvent {
  const { key } = facts;
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
    end_user: facts.endUser,
    tags: key.tags,
    provider: null,
    deployment: null,
    model_requested: facts.model,
    model_served: null,
    endpoint: facts.endpoint,
    stream: facts.stream,
    ...zeroQuantities(),
    usage_source: 'none',
    cost: formatDecimal12(0n),
    price_version: null,
    price_source: 'none',
    status: 'refused',
    http_status: null,
    error_type: facts.code,
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
