/**
 * The usage event of an attempt (design §6), as the journal and the log store it: JSON text. What is
 * known when the attempt starts is written then, once; what it came to is written behind it when it
 * ends, or, if this process dies, by whoever takes the journal over: status unknown, quantities and
 * cost null (I1, I8).
 *
 * The text is put together by hand: this is the hot path, and most of it is the same call after call.
 */
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { unknownQuantities, zeroQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent, UsageQuantities } from '@tollgate/domain/usage/usage-event.ts';
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

/** What only the end of an attempt tells. */
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

/** An attempt of which only the start is known. */
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

/** The event without its outcome: a whole JSON object of the fields that the start knows. */
export function startedJson(facts: AttemptFacts): string {
  const { key, request, deployment, attemptId, callId } = facts;
  const holds = holdColumns(facts.holds);
  const provider = deployment.provider.name;
  return (
    `{"id":"${attemptId}","type":"attempt","schema_version":1,"call_id":"${callId}",` +
    `"attempt":${facts.attempt},"source":"proxy/${facts.instanceId}","resolves_id":null,` +
    `${keyJson(key)},"end_user":${quoted(request.endUser)},` +
    `"provider":${quoted(provider)},"deployment":${quoted(`${provider}/${deployment.model}`)},` +
    `"model_requested":${quoted(request.model)},"endpoint":"${request.endpoint}",` +
    `"stream":${request.stream},` +
    `"price_version":${quoted(deployment.price?.version ?? null)},` +
    `"price_source":"${deployment.price?.source ?? 'none'}","cache":"miss",${holds},` +
    `"external_type":null,"external_subject":null,"external_data":null,` +
    `"time":"${new Date(facts.startedAtMs).toISOString()}"}`
  );
}

/** The whole event. @param started what `startedJson` made */
export function finishedJson(started: string, outcome: AttemptOutcome): string {
  const o = outcome;
  return (
    `${started.slice(0, -1)},"provider_request_id":${quoted(o.provider_request_id)},` +
    `"model_served":${quoted(o.model_served)},"input_tokens":${o.input_tokens},` +
    `"cache_read_tokens":${o.cache_read_tokens},"cache_write_tokens":${o.cache_write_tokens},` +
    `"output_tokens":${o.output_tokens},"reasoning_tokens":${o.reasoning_tokens},` +
    `"audio_input_tokens":${o.audio_input_tokens},` +
    `"audio_output_tokens":${o.audio_output_tokens},"images":${o.images},` +
    `"requests":${o.requests},"usage_source":"${o.usage_source}","cost":${quoted(o.cost)},` +
    `"status":"${o.status}","http_status":${o.http_status},"error_type":${quoted(o.error_type)},` +
    `"latency_ms":${o.latency_ms},"ttft_ms":${o.ttft_ms},"overhead_us":${o.overhead_us},` +
    `"recorded_at":"${o.recorded_at}"}`
  );
}

/** Half of a surrogate pair is no text: whatever reads the record would replace it, or refuse it. */
function quoted(value: string | null): string {
  return value === null ? 'null' : JSON.stringify(value.toWellFormed());
}

const keyTexts = new WeakMap<KeyView, string>();

/** Who is calling: fixed for as long as the view of a key lives. */
function keyJson(key: KeyView): string {
  let text = keyTexts.get(key);
  if (text === undefined) {
    const { customerId, teamId, keyId, environment, tags } = key;
    text =
      `"customer_id":${quoted(customerId)},"team_id":${quoted(teamId)},` +
      `"key_id":${quoted(keyId)},"environment":${quoted(environment)},` +
      `"tags":${tagsJson(tags)}`;
    keyTexts.set(key, text);
  }
  return text;
}

function tagsJson(tags: KeyView['tags']): string {
  const texts = Object.entries(tags).map(([name, tag]) => [
    name.toWellFormed(),
    tag.toWellFormed(),
  ]);
  return JSON.stringify(Object.fromEntries(texts));
}

/** The parallel arrays of an event's holds, one entry per lease (design §6). */
function holdColumns(holds: readonly BudgetHold[]): string {
  let leaseIds = '';
  let amounts = '';
  let units = '';
  let windows = '';
  for (const { account, parts } of holds) {
    for (const { lease, amount } of parts) {
      const comma = leaseIds === '' ? '' : ',';
      leaseIds += `${comma}"${lease.leaseId}"`;
      amounts += `${comma}"${formatDecimal12(amount)}"`;
      units += `${comma}"${account.definition.unit}"`;
      windows += `${comma}"${account.stream}"`;
    }
  }
  return (
    `"hold_lease_ids":[${leaseIds}],"hold_amounts":[${amounts}],` +
    `"hold_units":[${units}],"budget_windows":[${windows}]`
  );
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
    end_user: facts.endUser?.toWellFormed() ?? null,
    tags: key.tags,
    provider: null,
    deployment: null,
    model_requested: facts.model?.toWellFormed() ?? null,
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
