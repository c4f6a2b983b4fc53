/** The fold of `webhook_delivery-<webhook>.<event>`: what became of sending one event. */
import type { DeliveryEvent } from './webhook-events.ts';

export type DeliveryAttempt = {
  attempt: number;
  startedAtMs: number;
  /** Null: it runs, or its process died. */
  endedAtMs: number | null;
  httpStatus: number | null;
  error: string | null;
};

/** `failed`: it is not tried any more. `canceled`: its webhook was archived first. */
export type DeliveryStatus = 'pending' | 'delivered' | 'failed' | 'canceled';

export type Delivery = {
  status: DeliveryStatus;
  attempts: readonly DeliveryAttempt[];
  /** When the next attempt is due, Unix ms; of no meaning unless it is pending. */
  nextAtMs: number;
};

export function newDelivery(atMs: number): Delivery {
  return { status: 'pending', attempts: [], nextAtMs: atMs };
}

/** An attempt that another process took over may end late: what it says of itself holds. */
export function evolveDelivery(state: Delivery, event: DeliveryEvent): Delivery {
  switch (event.type) {
    case 'DeliveryStarted': {
      const started: DeliveryAttempt = {
        attempt: event.data.attempt,
        startedAtMs: Date.parse(event.data.started_at),
        ...{ endedAtMs: null, httpStatus: null, error: null },
      };
      return { ...state, attempts: [...state.attempts, started] };
    }
    case 'DeliveryEnded': {
      const { data } = event;
      const attempts = state.attempts.map((one) =>
        one.attempt === data.attempt
          ? {
              ...one,
              endedAtMs: Date.parse(data.ended_at),
              httpStatus: data.http_status,
              error: data.error,
            }
          : one,
      );
      if (data.outcome === 'delivered') return { ...state, attempts, status: 'delivered' };
      if (state.status !== 'pending') return { ...state, attempts };
      if (data.next_attempt_at === null) return { ...state, attempts, status: 'failed' };
      return { ...state, attempts, nextAtMs: Date.parse(data.next_attempt_at) };
    }
    default:
      return event satisfies never;
  }
}

/**
 * When it may be claimed, Unix ms: when it is due, and not while another attempt may still run.
 *
 * @param claimMs how long a started attempt that has not ended counts as running
 */
export function claimableAtMs({ attempts, nextAtMs }: Delivery, claimMs: number): number {
  const last = attempts.at(-1);
  // seam: started-attempt-is-a-claim
  if (last !== undefined && last.endedAtMs === null) {
    return Math.max(nextAtMs, last.startedAtMs + claimMs);
  }
  return nextAtMs;
}
