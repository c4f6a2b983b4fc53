/**
 * /v1/payloads: what calls of keys that opted in, and their answers, say. For administrators alone: no
 * virtual key reads any of it (I10).
 */
import type { PayloadFacts, PayloadStore } from '@tollgate/adapters/payloads/payloads.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import {
  payloadList,
  payloadParams,
  payloadSummary,
  payloadView,
  purgeRequest,
  purgeView,
} from '@tollgate/schemas/http/payloads.ts';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';

export const listPayloads = defineRoute({
  operationId: 'listPayloads',
  method: 'GET',
  path: '/v1/payloads',
  tag: 'Payloads',
  summary: 'List the calls whose payloads are kept, newest first',
  query: payloadList,
  status: 200,
  response: listOf(payloadSummary),
  errors: ['payload_log_off', 'cursor_unknown'],
  async handler({ query }, context) {
    const found = await storeOf(context).list({
      customerId: query.customer_id === undefined ? null : idOf(context, query.customer_id),
      keyId: query.key_id ?? null,
      after: query.starting_after ?? null,
      limit: query.limit + 1,
    });
    if (found === null) throw new ApiProblem('cursor_unknown');
    const data = found.slice(0, query.limit).map(summary);
    return { object: 'list' as const, data, has_more: found.length > query.limit };
  },
});

export const getPayload = defineRoute({
  operationId: 'getPayload',
  method: 'GET',
  path: '/v1/payloads/{call_id}',
  tag: 'Payloads',
  summary: 'Retrieve what a call and its answer said, redacted',
  params: payloadParams,
  status: 200,
  response: payloadView,
  errors: ['payload_log_off', 'payload_not_found'],
  async handler({ params }, context) {
    const found = await storeOf(context).get(params.call_id);
    if (found === null) throw new ApiProblem('payload_not_found');
    const { request, answer, ...facts } = found;
    return { ...summary(facts), request, answer };
  },
});

export const purgePayloads = defineRoute({
  operationId: 'purgePayloads',
  method: 'POST',
  path: '/v1/payloads/purge',
  tag: 'Payloads',
  summary: "Delete a customer's payloads",
  description:
    'All that is stored of the customer, who need not exist any more, and what is on its way of calls ' +
    'that were taken until now. Keys that have opted in go on to be logged: change them first.',
  body: purgeRequest,
  status: 200,
  response: purgeView,
  errors: ['payload_log_off'],
  async handler({ body, timeMs }, context) {
    const customer_id = idOf(context, body.customer_id);
    return { customer_id, purged: await storeOf(context).purge(customer_id, timeMs) };
  },
});

function storeOf({ payloads }: ApiContext): PayloadStore {
  if (payloads === undefined) throw new ApiProblem('payload_log_off');
  return payloads;
}

function idOf({ directory }: ApiContext, named: string): string {
  return directory.findCustomer(named)?.state.customer_id ?? named;
}

function summary(facts: PayloadFacts) {
  return {
    object: 'payload' as const,
    id: facts.callId,
    time: new Date(facts.timeMs).toISOString(),
    customer_id: facts.customerId,
    team_id: facts.teamId,
    key_id: facts.keyId,
    endpoint: facts.endpoint,
    model: facts.model,
    http_status: facts.httpStatus,
  };
}
