/** GET /v1/alarms: what was raised about budgets and rate limits (docs/design.md, Alarms). */
import { listOf } from '@tollgate/schemas/http/list.ts';
import { alarmList, alarmView } from '@tollgate/schemas/http/webhooks.ts';
import { alarmViewOf } from '../../alarms/event-types.ts';
import { isWanted, pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';

export const listAlarms = defineRoute({
  operationId: 'listAlarms',
  method: 'GET',
  path: '/v1/alarms',
  tag: 'Alarms',
  summary: 'List alarms, newest first',
  description:
    'Each alarm is raised once: a threshold once in each window of a budget, a forecast, an overrun and ' +
    'unresolved attempts too. Of a hard budget counts what its ledger account has settled; of a soft ' +
    'one what the warehouse has counted, some seconds later.',
  query: alarmList,
  status: 200,
  response: listOf(alarmView),
  errors: ['cursor_unknown'],
  async handler({ query }, { alarms, directory }) {
    const sinceMs = query.since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(query.since);
    return pageOf(
      alarms.alarms(),
      query,
      ({ alarm_id }) => alarm_id,
      (alarm) => alarmViewOf(alarm, directory.budgets.get(alarm.budget_id ?? '')?.state),
      ({ budget_id, kind, raised_at }) =>
        isWanted(query.budget_id, budget_id) &&
        isWanted(query.kind, kind) &&
        Date.parse(raised_at) >= sinceMs,
    );
  },
});
