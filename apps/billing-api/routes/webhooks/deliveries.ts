/** What became of sending events to a webhook, and a test of it. */
import { webhookEvents } from '@tollgate/adapters/ledger/categories.ts';
import { decideOnWebhook, evolveWebhook } from '@tollgate/domain/webhook/webhook.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import { deliveryList, deliveryView, webhookParams } from '@tollgate/schemas/http/webhooks.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem } from '../../http/errors.ts';
import { isWanted, pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { deliveryViewOf } from './webhook-view.ts';

export const testWebhook = defineRoute({
  operationId: 'testWebhook',
  method: 'POST',
  path: '/v1/webhooks/{webhook_id}/test',
  tag: 'Webhooks',
  summary: 'Send an event `webhook.test`, once; its delivery says how it went',
  params: webhookParams,
  status: 202,
  response: deliveryView,
  errors: ['webhook_not_found', 'webhook_archived', 'concurrent_change'],
  async handler({ params: { webhook_id }, newId, commandId }, { ledger, limits, alarms }) {
    const test_id = newId('tst');
    const event = { type: 'WebhookTestRequested', data: { webhook_id, test_id } } as const;
    await carryOut(
      { ledger, limits, directory: alarms },
      {
        category: webhookEvents,
        ...{ id: webhook_id, commandId, evolve: evolveWebhook },
        decide: (state) => decideOnWebhook(state, event),
      },
    );
    const item = alarms.deliveries.get(webhook_id, test_id);
    if (item === undefined) throw new ApiProblem('concurrent_change');
    return deliveryViewOf(item);
  },
});

export const listDeliveries = defineRoute({
  operationId: 'listDeliveries',
  method: 'GET',
  path: '/v1/webhooks/{webhook_id}/deliveries',
  tag: 'Webhooks',
  summary: 'List what was sent to a webhook, newest first, with every attempt',
  params: webhookParams,
  query: deliveryList,
  status: 200,
  response: listOf(deliveryView),
  errors: ['webhook_not_found', 'cursor_unknown'],
  async handler({ params: { webhook_id }, query }, { alarms }) {
    if (alarms.webhooks.get(webhook_id) === undefined) throw new ApiProblem('webhook_not_found');
    return pageOf(
      alarms.deliveries.of(webhook_id),
      query,
      ({ id }) => id,
      deliveryViewOf,
      ({ state }) => isWanted(query.status, state.status),
    );
  },
});
