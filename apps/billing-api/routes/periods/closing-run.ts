/** POST /v1/closing_runs: closes every due period of all customers, with one cut. */
import { closingRunRequest, closingRunView } from '@tollgate/schemas/billing/requests.ts';
import { closeDue, type Failure } from '../../closing/close-run.ts';
import { closingLimits } from '../../closing/closing-limits.ts';
import { problemOfError, problemOfRefusal } from '../../closing/problems.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { awaitReadModel, viewPeriod } from './period-view.ts';

export const closingRun = defineRoute({
  operationId: 'createClosingRun',
  method: 'POST',
  path: '/v1/closing_runs',
  tag: 'Billing',
  summary: 'Close all periods that are due',
  description: 'A customer that cannot be closed is named in `failed`; the others are closed.',
  body: closingRunRequest,
  status: 200,
  response: closingRunView,
  errors: [],
  async handler({ body, warn }, context) {
    const { grace_seconds } = body;
    const customers = new Set(context.billing.periods(undefined).map((entry) => entry.customerId));
    const { closed, failed } = await closeDue(context, {
      customerIds: [...customers],
      graceMs: grace_seconds === undefined ? closingLimits.graceMsDefault : grace_seconds * 1000,
    });
    for (const customerId of new Set(closed.map((one) => one.customerId))) {
      await awaitReadModel(context, customerId);
    }
    for (const failure of failed) {
      const cause = 'error' in failure ? String(failure.error) : failure.refusal.code;
      warn({ customer_id: failure.customerId, cause }, 'a customer was not closed');
    }
    return {
      object: 'closing_run' as const,
      closed: closed.map(({ customerId, period }) => viewPeriod(customerId, period)),
      failed: failed.map(viewFailure),
    };
  },
});

function viewFailure(failure: Failure) {
  const problem =
    'error' in failure ? problemOfError(failure.error) : problemOfRefusal(failure.refusal);
  const { code, message } =
    problem instanceof ApiProblem ? problem : new ApiProblem('internal_error');
  return { customer_id: failure.customerId, code, detail: message };
}
