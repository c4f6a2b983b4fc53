/**
 * POST /v1/periods: opens a customer's next period. A repetition is answered with the same period.
 */
import { openPeriodRequest, periodView } from '@tollgate/schemas/billing/requests.ts';
import { openPeriod } from '../../closing/open-period.ts';
import { problemOfError, problemOfRefusal } from '../../closing/problems.ts';
import type { ApiContext } from '../../context.ts';
import { defineRoute } from '../../http/route.ts';
import { msInZone, requireTimeZone } from '../../http/time-zone.ts';
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
  errors: ['customer_not_found', 'period_still_open', 'period_not_contiguous'],
  async handler({ body }, context) {
    const { customer_id: customerId, start, time_zone: named, anchor_day: anchorDay } = body;
    const timeZone = named === undefined ? null : requireTimeZone('body.time_zone', named);
    const result = await openPeriod(context, {
      customerId,
      startMs:
        start === undefined ? null : msInZone(start, () => timeZone ?? zoneOf(customerId, context)),
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

/** The zone that the next period has if the request names none. */
function zoneOf(customerId: string, { billing, directory }: ApiContext): string {
  const last = billing.billing(customerId).periods.at(-1);
  return last?.timeZone ?? directory.findCustomer(customerId)?.state.time_zone ?? 'UTC';
}
