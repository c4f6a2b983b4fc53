/** The body of what is sent to a webhook: Standard Webhooks' `type`, `timestamp` and `data`. */
import type { Item } from '../alarms/deliveries.ts';
import { alarmViewOf } from '../alarms/event-types.ts';
import type { ResourceIndex } from '../resources/resource-index.ts';

/** The same at every attempt: what it is made of does not change. */
export function messageOf(item: Item, directory: Pick<ResourceIndex, 'budgets'>): string {
  const { alarm, eventType: type, createdAtMs } = item;
  if (alarm === null) {
    const timestamp = new Date(createdAtMs).toISOString();
    return JSON.stringify({ type, timestamp, data: { webhook_id: item.webhookId } });
  }
  const budget = alarm.budget_id === null ? undefined : directory.budgets.get(alarm.budget_id);
  const data = alarmViewOf(alarm, budget?.state);
  return JSON.stringify({ type, timestamp: alarm.raised_at, data });
}
