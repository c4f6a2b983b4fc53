/** What alarms and tests are called where they are sent, and what is sent. */
import type { AlarmKind, AlarmRaised } from '@tollgate/domain/alarm/alarm-events.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import type { alarmView, WebhookEventType } from '@tollgate/schemas/http/webhooks.ts';
import type { z } from 'zod';

export const EVENT_TYPES: Readonly<Record<AlarmKind, WebhookEventType>> = {
  threshold: 'budget.threshold_reached',
  forecast: 'budget.forecast_exceeded',
  overrun: 'budget.overrun',
  unresolved: 'budget.unresolved',
  rate_store_away: 'rate_store.away',
};

export const TEST_TYPE = 'webhook.test';

export type Alarm = AlarmRaised['data'];

/** @param budget that it is about; undefined: none, or not known here */
export function alarmViewOf(
  alarm: Alarm,
  budget: BudgetDefinition | undefined,
): z.input<typeof alarmView> {
  const { alarm_id, ...rest } = alarm;
  return {
    object: 'alarm',
    id: alarm_id,
    type: EVENT_TYPES[alarm.kind],
    ...rest,
    scope: budget?.scope ?? null,
    unit: budget?.unit ?? null,
  };
}
