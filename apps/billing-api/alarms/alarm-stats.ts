/** What is measured of alarms and of their delivery, and what /readyz says of them. */
import { type Family, labelsOf, single } from '@tollgate/adapters/metrics/families.ts';

export class AlarmStats {
  /** Windows of budgets that changed and were not looked at yet, and for how long the oldest waits. */
  waiting: () => { windows: number; lagMs: number } = () => ({ windows: 0, lagMs: 0 });
  /** Looks that failed. */
  failures = 0;
  /** By kind. */
  readonly raised = new Map<string, number>();
  deliveriesWaiting = 0;
  /** For how long the oldest delivery that is due waits, ms. */
  deliveryLagMs = 0;
  /** By outcome: `delivered`, or the code of the failure. */
  readonly attempts = new Map<string, number>();

  count(counts: Map<string, number>, name: string): void {
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }

  /** For /readyz: alarms that are late take no API out of service. */
  check(lagMaxMs: number): string {
    const { windows, lagMs } = this.waiting();
    if (lagMs <= lagMaxMs) return 'ok';
    return `${windows} windows wait, for up to ${Math.round(lagMs / 1000)} s`;
  }

  families(): Family[] {
    const { windows, lagMs } = this.waiting();
    const counter = (name: string, help: string, label: string, counts: Map<string, number>) => ({
      ...{ name, type: 'counter' as const, help },
      samples: [...counts].map(([value, count]): Family['samples'][number] => {
        return ['', labelsOf({ [label]: value }), count];
      }),
    });
    return [
      single(
        'tollgate_alarm_windows_waiting',
        'gauge',
        'Windows of budgets that changed and were not looked at for alarms yet.',
        windows,
      ),
      single(
        'tollgate_alarm_lag_seconds',
        'gauge',
        'How long the oldest of them waits, in seconds.',
        lagMs / 1000,
      ),
      single(
        'tollgate_alarm_failures_total',
        'counter',
        'Looks for alarms that failed, because a store did not answer.',
        this.failures,
      ),
      counter('tollgate_alarms_raised_total', 'Alarms that were raised.', 'kind', this.raised),
      single(
        'tollgate_webhook_deliveries_waiting',
        'gauge',
        'Events that are still to be delivered to a webhook.',
        this.deliveriesWaiting,
      ),
      single(
        'tollgate_webhook_lag_seconds',
        'gauge',
        'How long the oldest delivery that is due waits, in seconds.',
        this.deliveryLagMs / 1000,
      ),
      counter(
        'tollgate_webhook_attempts_total',
        'Attempts to deliver an event to a webhook.',
        'outcome',
        this.attempts,
      ),
    ];
  }
}
