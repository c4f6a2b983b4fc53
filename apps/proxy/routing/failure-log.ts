/**
 * Upstream failures in the operator's log: each cause once, and once more at the end of a window with
 * how many there were since, so that an outage is a line a minute and not one for every call. A line
 * says provider, model, cause and status, and nothing of what was sent or answered (I12).
 */
import type { UpstreamFailure } from '@tollgate/adapters/provider/upstream.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { FLAGGED, hasFailed } from './provider-health.ts';

export type FailureLogLimits = { failureWindowMs: number; failureCausesMax: number };

type Logger = { warn(fields: object, message: string): void };

/** Of the attempt that failed; `model` is the provider's name of it. */
type Failed = {
  callId: string;
  deployment: { provider: { name: string }; model: string };
  providerKey?: { name: string } | undefined;
};

type Ended = Pick<AttemptOutcome, 'status' | 'http_status' | 'error_type'>;

type Cause = {
  provider: string;
  model: string;
  cause: string;
  upstream_status: number | null;
  /** The name of the key, of a provider with several. */
  provider_key?: string;
  /** Of the system or the HTTP client, such as `ECONNREFUSED`. */
  code?: string;
};

type Open = { cause: Cause; more: number; timer: NodeJS.Timeout };

/** Refusals of what the client asked for: not the operator's trouble. */
const FAULTS_OF_REQUEST = new Set([400, 409, 413, 415, 422]);
/** What a code of an error looks like; anything else may be a text of the provider. */
const CODE = /^[A-Z][A-Z0-9_]{1,63}$/;

export class FailureLog {
  readonly #limits: FailureLogLimits;
  readonly #logger: Logger;
  readonly #open = new Map<string, Open>();

  constructor(limits: FailureLogLimits, logger: Logger) {
    this.#limits = limits;
    this.#logger = logger;
  }

  settled(failed: Failed, ended: Ended, failure: UpstreamFailure | null): void {
    if (ended.status === 'ok' || !isOperators(ended)) return;
    const cause = causeOf(failed, ended, failure);
    const { provider, upstream_status, provider_key = '', code = '' } = cause;
    const key = `${provider}\n${cause.cause}\n${upstream_status}\n${provider_key}\n${code}`;
    const known = this.#open.get(key);
    if (known !== undefined) {
      known.more++;
      return;
    }
    if (this.#open.size < this.#limits.failureCausesMax) {
      return this.#begin(key, cause, failed.callId);
    }
    // Providers choose statuses: what has no room is counted together.
    const rest = this.#open.get(REST);
    if (rest === undefined) this.#begin(REST, { ...cause, cause: REST }, failed.callId);
    else rest.more++;
  }

  /** Says what was not said yet. */
  stop(): void {
    for (const { cause, more, timer } of this.#open.values()) {
      clearTimeout(timer);
      this.#sayMore(cause, more);
    }
    this.#open.clear();
  }

  #begin(key: string, cause: Cause, callId: string): void {
    this.#logger.warn({ ...cause, call_id: callId }, 'a provider failed');
    const timer = setInterval(() => this.#endWindow(key), this.#limits.failureWindowMs);
    this.#open.set(key, { cause, more: 0, timer: timer.unref() });
  }

  #endWindow(key: string): void {
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#sayMore(open.cause, open.more);
    if (open.more > 0) {
      open.more = 0;
      return;
    }
    clearInterval(open.timer);
    this.#open.delete(key);
  }

  #sayMore(cause: Cause, more: number): void {
    if (more === 0) return;
    const window_s = this.#limits.failureWindowMs / 1000;
    this.#logger.warn({ ...cause, more, window_s }, 'a provider failed more often');
  }
}

const REST = 'other_causes';

function isOperators({ status, http_status, error_type }: Ended): boolean {
  if (hasFailed({ status, http_status, error_type }) === true) return true;
  if (error_type === FLAGGED) return false;
  // A rate limit, a model or a path that the provider does not know: its account, or our settings.
  return status === 'upstream_error' && http_status !== null && !FAULTS_OF_REQUEST.has(http_status);
}

function causeOf(
  { deployment, providerKey }: Failed,
  { http_status, error_type }: Ended,
  failure: UpstreamFailure | null,
): Cause {
  const code = (failure?.cause as { code?: unknown } | undefined)?.code;
  return {
    provider: deployment.provider.name,
    model: deployment.model,
    cause: error_type ?? 'upstream_status',
    upstream_status: http_status,
    ...(providerKey === undefined ? {} : { provider_key: providerKey.name }),
    ...(typeof code === 'string' && CODE.test(code) ? { code } : {}),
  };
}
