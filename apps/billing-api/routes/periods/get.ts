/** GET /v1/periods/{period_id}. */
import { periodParams, periodView } from '@tollgate/schemas/billing/requests.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { viewPeriod } from './period-view.ts';

export const getPeriod = defineRoute({
  operationId: 'getPeriod',
  method: 'GET',
  path: '/v1/periods/{period_id}',
  tag: 'Billing',
  summary: 'Retrieve a billing period',
  params: periodParams,
  status: 200,
  response: periodView,
  errors: ['period_not_found'],
  async handler({ params }, { billing }) {
    const entry = billing.period(params.period_id);
    const period = entry && billing.billing(entry.customerId).periods[entry.number - 1];
    if (entry === undefined || period === undefined) throw new ApiProblem('period_not_found');
    return viewPeriod(entry.customerId, period);
  },
});
