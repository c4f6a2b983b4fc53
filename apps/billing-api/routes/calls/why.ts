/**
 * GET /v1/calls/{call_id}/why: which limit refused a call, who held what of it at that instant and what
 * to do; or how an admitted call was priced, held, charged and settled. Its events say what the proxy
 * saw, the ledger the rest.
 */
import {
  type AccountedEvent,
  accountOfCall,
} from '@tollgate/adapters/warehouse/queries/call-account.ts';
import { callWhy } from '@tollgate/schemas/http/call-why.ts';
import { callParams } from '@tollgate/schemas/http/calls.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { explainAttempt } from './why-charged.ts';
import { explainRefusal } from './why-refused.ts';

export const explainCall = defineRoute({
  operationId: 'explainCall',
  method: 'GET',
  path: '/v1/calls/{call_id}/why',
  tag: 'Usage',
  summary: 'Explain why a call was refused, or what it was charged and for what',
  description:
    'Of a refused call: the limit, what was held by which proxy at that instant, when it resets, and ' +
    'what to do. Of an admitted one: prices, holds, charges and adjustments, attempt by attempt.',
  params: callParams,
  status: 200,
  response: callWhy,
  errors: ['call_not_found', 'ledger_unavailable'],
  async handler({ params }, context) {
    const events = await accountOfCall(context.warehouse, params.call_id);
    const own = events.filter(({ type }) => type !== 'resolution');
    const first = own[0] ?? events[0];
    if (first === undefined) throw new ApiProblem('call_not_found');
    const refused = own.find(({ type }) => type === 'refusal');
    const attempts = own.filter(({ type }) => type === 'attempt');
    return {
      object: 'call_explanation' as const,
      id: params.call_id,
      time: new Date(first.atMs).toISOString(),
      ...{ customer_id: first.customer_id, key_id: first.key_id, model: first.model_requested },
      refusal: refused === undefined ? null : await explainRefusal(refused, context),
      attempts: await Promise.all(
        attempts.map((attempt) => explainAttempt(attempt, resolutionOf(attempt, events), context)),
      ),
    };
  },
});

function resolutionOf(attempt: AccountedEvent, events: readonly AccountedEvent[]) {
  return events.find(({ resolves_id }) => resolves_id === attempt.id);
}
