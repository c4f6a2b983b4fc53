/**
 * One line for each call of a known key, by `schemas/access-log`, to standard output. A call hands over
 * what it knows of itself when it has ended; the text is made later and written in batches. No body,
 * header or secret is in it (I12).
 */
import { LineWriter } from '@tollgate/adapters/process/line-writer.ts';
import { quoted } from '@tollgate/domain/text/quoted.ts';
import { timeText } from '@tollgate/domain/text/time-text.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { quantities } from '@tollgate/domain/usage/quantities.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';

/** What is kept of a call that has ended: nothing that its body would stay in memory for. */
export type EndedCall = {
  /** When it was taken, Unix ms. */
  nowMs: number;
  callId: string;
  instanceId: string;
  key: Pick<KeyView, 'keyId' | 'customerId' | 'teamId'>;
  endpoint: string;
  /** Null: it was not read. */
  model: string | null;
  stream: boolean;
  /** Where its last attempt went; null: nothing was sent. */
  deployment: { provider: { name: string }; model: string } | null;
  /** Name of the key that it was sent with, of a provider with several. */
  providerKey?: string | undefined;
  /** Of the last attempt. */
  outcome: AttemptOutcome | null;
  /** Why it was refused; null with nothing sent: its client left first. */
  refusal: string | null;
  httpStatus: number | null;
  /** It was answered by what an earlier call under its `Idempotency-Key` came to. */
  replayed?: boolean;
  /** Of a call whose complexity was worked out. */
  routed?: Routed | undefined;
  attempts: number;
  durationMs: number;
  requestBytes: number;
  responseBytes: number;
};

type Routed = {
  complexity: number | null;
  shadow: { provider: { name: string }; model: string } | null;
};

/** What was known of a call before it ended. */
type KnownOfCall = Pick<EndedCall, 'nowMs' | 'callId' | 'key' | 'requestBytes'> & {
  endpoint: { name: string };
  request: { model: string; stream: boolean } | null;
  /** performance.now() when it had arrived. */
  arrivedAtMs: number;
  routed?: Routed | undefined;
};

/** How a call ended; the rest is what was known of it before. */
type End = Pick<
  EndedCall,
  | 'deployment'
  | 'outcome'
  | 'refusal'
  | 'httpStatus'
  | 'replayed'
  | 'attempts'
  | 'responseBytes'
  | 'providerKey'
>;

export type AccessLogLimits = {
  accessGatherMs: number;
  accessLinesMax: number;
  accessBatchMax: number;
  accessCloseMs: number;
  accessLostEveryMs: number;
};

type Logger = { warn(fields: object, message: string): void };

export class AccessLog {
  readonly #limits: AccessLogLimits;
  readonly #lines: LineWriter<EndedCall>;
  #lost = 0;
  #lostSaidAtMs = Number.NEGATIVE_INFINITY;

  /** @param fd where the lines go: standard output */
  constructor(limits: AccessLogLimits, logger: Logger, fd: number) {
    this.#limits = limits;
    this.#lines = new LineWriter({
      fd,
      format: accessText,
      gatherMs: limits.accessGatherMs,
      linesMax: limits.accessLinesMax,
      batchMax: limits.accessBatchMax,
      onLost: ({ lines, code }) => this.#sayLost(logger, lines, code),
    });
  }

  add(facts: KnownOfCall, instanceId: string, end: End): void {
    this.#lines.add(endedCall(facts, instanceId, end));
  }

  get lines(): { written: number; dropped: number } {
    return { written: this.#lines.written, dropped: this.#lines.dropped };
  }

  close(): Promise<void> {
    return this.#lines.close(this.#limits.accessCloseMs);
  }

  #sayLost(logger: Logger, lines: number, code: string | null): void {
    this.#lost += lines;
    const nowMs = performance.now();
    if (nowMs - this.#lostSaidAtMs < this.#limits.accessLostEveryMs) return;
    this.#lostSaidAtMs = nowMs;
    logger.warn({ lines: this.#lost, code }, 'lines of the access log are lost');
    this.#lost = 0;
  }
}

export function endedCall(facts: KnownOfCall, instanceId: string, end: End): EndedCall {
  const { nowMs, callId, key, endpoint, request, arrivedAtMs, requestBytes } = facts;
  return {
    nowMs,
    callId,
    instanceId,
    key,
    endpoint: endpoint.name,
    model: request?.model ?? null,
    stream: request?.stream ?? false,
    deployment: end.deployment,
    outcome: end.outcome,
    refusal: end.refusal,
    httpStatus: end.httpStatus,
    attempts: end.attempts,
    durationMs: performance.now() - arrivedAtMs,
    requestBytes,
    responseBytes: end.responseBytes,
    ...(end.providerKey === undefined ? {} : { providerKey: end.providerKey }),
    ...(facts.routed === undefined ? {} : { routed: facts.routed }),
    ...(end.replayed === true ? { replayed: true } : {}),
  };
}

/** By hand, as the text of events is: it is made for call after call. */
export function accessText(call: EndedCall): string {
  const { deployment, outcome, refusal } = call;
  const status = outcome?.status ?? statusWithout(call);
  return (
    `{"time":"${timeText(call.nowMs)}","name":"access","call_id":"${call.callId}",` +
    `"instance_id":"${call.instanceId}",${keyText(call.key)},` +
    `"endpoint":"${call.endpoint}","model":${quoted(call.model)},"stream":${call.stream},` +
    `"provider":${quoted(deployment?.provider.name ?? null)},` +
    `"deployment_model":${quoted(deployment?.model ?? null)},"status":"${status}",` +
    `"error_type":${quoted(outcome === null ? refusal : outcome.error_type)},` +
    `"http_status":${call.httpStatus},"upstream_status":${outcome?.http_status ?? null},` +
    `"attempts":${call.attempts},${outcome === null ? NO_TOKENS : tokensText(outcome)}` +
    `"cost":${quoted(outcome?.cost ?? null)},` +
    `"ttft_ms":${outcome?.ttft_ms ?? null},"duration_ms":${rounded(call.durationMs)},` +
    `"request_bytes":${call.requestBytes},"response_bytes":${call.responseBytes}` +
    `${call.providerKey === undefined ? '' : `,"provider_key":${quoted(call.providerKey)}`}` +
    `${call.replayed === true ? ',"replayed":true' : ''}${routedText(call.routed)}}`
  );
}

function routedText(routed: EndedCall['routed']): string {
  if (routed === undefined || routed.complexity === null) return '';
  const { complexity, shadow } = routed;
  const to =
    shadow === null ? '' : `,"shadow":${quoted(`${shadow.provider.name}/${shadow.model}`)}`;
  return `,"complexity":${complexity}${to}`;
}

/** Of a call for which nothing was sent. */
function statusWithout({ refusal, replayed, httpStatus }: EndedCall): string {
  if (replayed === true) return Number(httpStatus) < 400 ? 'ok' : 'upstream_error';
  return refusal === null ? 'client_closed' : 'refused';
}

const TOKENS = quantities.flatMap((quantity) =>
  quantity.unit === 'tokens'
    ? [{ name: quantity.name, label: `"${quantity.name}":`, mayBeAbsent: 'addedLater' in quantity }]
    : [],
);
const NO_TOKENS = TOKENS.map(({ label, mayBeAbsent }) => (mayBeAbsent ? '' : `${label}null,`)).join(
  '',
);

function tokensText(outcome: AttemptOutcome): string {
  let text = '';
  for (const { name, label, mayBeAbsent } of TOKENS) {
    const value = outcome[name];
    if (!mayBeAbsent || value) text += `${label}${value},`;
  }
  return text;
}

const keyTexts = new WeakMap<EndedCall['key'], string>();

/** Fixed for as long as the view of a key lives. */
function keyText(key: EndedCall['key']): string {
  let text = keyTexts.get(key);
  if (text === undefined) {
    text =
      `"key_id":${quoted(key.keyId)},"customer_id":${quoted(key.customerId)},` +
      `"team_id":${quoted(key.teamId)}`;
    keyTexts.set(key, text);
  }
  return text;
}

/** To a microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
