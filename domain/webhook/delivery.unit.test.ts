import { describe, expect, it } from 'vitest';
import { claimableAtMs, type Delivery, evolveDelivery, newDelivery } from './delivery.ts';
import type { DeliveryEvent } from './webhook-events.ts';

const at = (second: number) => new Date(second * 1_000).toISOString();
const ids = { webhook_id: 'whk_1', event_id: 'alm_1' };
const started = (attempt: number, second: number): DeliveryEvent => ({
  type: 'DeliveryStarted',
  data: { ...ids, attempt, run_id: 'run_1', started_at: at(second) },
});
const ended = (
  attempt: number,
  second: number,
  next: number | null,
  ok = false,
): DeliveryEvent => ({
  type: 'DeliveryEnded',
  data: {
    ...{ ...ids, attempt, ended_at: at(second), outcome: ok ? 'delivered' : 'failed' },
    ...{ http_status: ok ? 204 : 500, error: ok ? null : 'http_status' },
    next_attempt_at: next === null ? null : at(next),
  },
});
const fold = (...events: DeliveryEvent[]): Delivery =>
  events.reduce(evolveDelivery, newDelivery(0));

describe('a delivery', () => {
  it('waits after a failure until it is due, and ends when it is delivered', () => {
    const failed = fold(started(1, 1), ended(1, 2, 10));
    expect([failed.status, claimableAtMs(failed, 45_000)]).toEqual(['pending', 10_000]);
    const done = fold(started(1, 1), ended(1, 2, 10), started(2, 10), ended(2, 11, null, true));
    expect(done.status).toBe('delivered');
    expect(done.attempts.map(({ httpStatus }) => httpStatus)).toEqual([500, 204]);
  });

  it('is given up where nothing follows', () => {
    expect(fold(started(1, 1), ended(1, 2, null)).status).toBe('failed');
  });

  it('that runs is nobody else’s, until its process must be dead', () => {
    expect(claimableAtMs(fold(started(1, 1)), 45_000)).toBe(46_000);
    expect(claimableAtMs(fold(), 45_000)).toBe(0);
  });

  it('that was taken over may still be delivered by the first', () => {
    const late = fold(started(1, 1), started(2, 60), ended(1, 61, null, true));
    expect(late.status).toBe('delivered');
    const failedLater = fold(
      ...[started(1, 1), started(2, 60)],
      ended(1, 61, null, true),
      ended(2, 62, 99),
    );
    expect(failedLater.status).toBe('delivered');
  });
});
