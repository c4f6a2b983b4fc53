/**
 * Which providers are ill: those that only failed lately. A guess that ends by itself, since a proxy
 * that is told to be not ready gets no call from which it could learn better.
 */
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';

export type ProviderHealthLimits = { illAfterFailures: number; illForMs: number };

export class ProviderHealth {
  readonly #limits: ProviderHealthLimits;
  readonly #failures = new Map<string, { inARow: number; lastMs: number }>();

  constructor(limits: ProviderHealthLimits) {
    this.#limits = limits;
  }

  settled(provider: string, outcome: Ended, nowMs: number): void {
    const failed = hasFailed(outcome);
    if (failed === null) return;
    if (!failed) {
      this.#failures.delete(provider);
      return;
    }
    const inARow = (this.#failures.get(provider)?.inARow ?? 0) + 1;
    this.#failures.set(provider, { inARow, lastMs: nowMs });
  }

  isIll(provider: string, nowMs: number): boolean {
    const { inARow, lastMs } = this.#failures.get(provider) ?? { inARow: 0, lastMs: 0 };
    const { illAfterFailures, illForMs } = this.#limits;
    return inARow >= illAfterFailures && nowMs - lastMs < illForMs;
  }
}

type Ended = Pick<AttemptOutcome, 'status' | 'http_status' | 'error_type'>;

/** As on events: the call had no more time, which its route gives it; the provider may have done well. */
export const CALL_DEADLINE = 'deadline.call';
/** The content policy refuses what a request says, with whatever status. */
export const FLAGGED = 'upstream_content_policy';

/** Null: it says nothing about the provider. What a provider refuses it has answered. */
export function hasFailed({ status, http_status, error_type }: Ended): boolean | null {
  // seam: deadline-of-the-call-blames-nobody
  if (status === 'client_closed' || error_type === CALL_DEADLINE) return null;
  // It may have stated no usage that can be read: it has answered.
  if (status === 'ok' || error_type === FLAGGED) return false;
  if (status === 'timeout' || error_type !== null) return true;
  return http_status === null || http_status >= 500;
}
