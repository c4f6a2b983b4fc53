/**
 * POST /v1/periods: opens a customer's next period. A repetition is answered with the same period.
 */
import { parseInstant } from '@tollgate/domain/period/calendar.ts';
import { openPeriodRequest, periodView } from '@tollgate/schemas/billing/requests.ts';
import { openPeriod } from '../../closing/open-period.ts';
import { problemOfError, problemOfRefusal } from '../../closing/problems.ts';
import { defineRoute } from '../../http/route.ts';
import { requireTimeZone } from '../../http/time-zone.ts';
import { awaitReadModel, viewPeriod } from './period-view.ts';

export const openPeriodRoute = defineRoute({
  operationId: 'openPeriod',
  method: 'POST',
  path: '/v1/periods',
  tag: 'Billing',
  summary: "Open a customer's next billing period",
  description: "By default, the calendar month in the customer's time zone.",
  body: openPeriodRequest,
  status: 201,
  response: periodView,
  errors: [
    'customer_not_found',
    'period_still_open',
    'period_not_contiguous',
    'currency_not_supported',
  ],
  async handler({ body }, context) {
    const { customer_id: customerId, start, time_zone: named, anchor_day: anchorDay } = body;
    const timeZone = named === undefined ? null : requireTimeZone('body.time_zone', named);
    const result = await openPeriod(context, {
      customerId,
      startMs: start === undefined ? null : parseInstant(start),
      timeZone,
      anchorDay: anchorDay ?? null,
    }).catch((error: unknown) => {
      throw problemOfError(error);
    });
    if (!result.ok) throw problemOfRefusal(result.refusal);
    await awaitReadModel(context, customerId);
    return viewPeriod(customerId, result.period);
  },
});
