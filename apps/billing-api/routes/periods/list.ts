/** GET /v1/periods, newest first. */
import { billingListQuery, periodList } from '@tollgate/schemas/billing/requests.ts';
import { pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { viewPeriod } from './period-view.ts';

export const listPeriods = defineRoute({
  operationId: 'listPeriods',
  method: 'GET',
  path: '/v1/periods',
  tag: 'Billing',
  summary: 'List billing periods',
  query: billingListQuery,
  status: 200,
  response: periodList,
  errors: [],
  async handler({ query }, { billing }) {
    const periods = billing.periods(query.customer_id).flatMap(({ customerId, number }) => {
      const period = billing.billing(customerId).periods[number - 1];
      return period === undefined ? [] : [{ customerId, period }];
    });
    return pageOf(
      periods,
      query,
      ({ period }) => period.id,
      ({ customerId, period }) => viewPeriod(customerId, period),
    );
  },
});
