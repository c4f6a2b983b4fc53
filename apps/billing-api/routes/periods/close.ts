/**
 * POST /v1/periods/{period_id}/close: freezes a period and issues its invoice. Every later request
 * gets the snapshot and invoice of the first (I4).
 */
import {
  closePeriodRequest,
  periodParams,
  periodView,
} from '@tollgate/schemas/billing/requests.ts';
import { closePeriod } from '../../closing/close-run.ts';
import { closingLimits } from '../../closing/closing-limits.ts';
import { closingProblemCodes, problemOfError, problemOfRefusal } from '../../closing/problems.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { msInZone } from '../../http/time-zone.ts';
import { awaitReadModel, viewPeriod } from './period-view.ts';

export const closePeriodRoute = defineRoute({
  operationId: 'closePeriod',
  method: 'POST',
  path: '/v1/periods/{period_id}/close',
  tag: 'Billing',
  summary: 'Close a period: freeze its snapshot and issue its invoice',
  description:
    'Without `at` the period closes at its end, once `grace_seconds` (one hour) have passed. With ' +
    '`at` it closes early, at once unless `grace_seconds` says otherwise.',
  params: periodParams,
  body: closePeriodRequest,
  status: 200,
  response: periodView,
  errors: closingProblemCodes,
  async handler({ params, body }, context) {
    const entry = context.billing.period(params.period_id);
    if (entry === undefined) throw new ApiProblem('period_not_found');
    const { customerId, periodId, number } = entry;
    const period = context.billing.billing(customerId).periods[number - 1];
    const graceMsDefault = body.at === undefined ? closingLimits.graceMsDefault : 0;
    const result = await closePeriod(context, {
      customerId,
      periodId,
      endMs: body.at === undefined ? null : msInZone(body.at, () => period?.timeZone ?? 'UTC'),
      graceMs: body.grace_seconds === undefined ? graceMsDefault : body.grace_seconds * 1000,
    }).catch((error: unknown) => {
      throw problemOfError(error);
    });
    if (!result.ok) throw problemOfRefusal(result.refusal);
    await awaitReadModel(context, customerId);
    return viewPeriod(customerId, result.closed.period);
  },
});
