/** /v1/webhooks: where alarms are sent, signed (docs/design.md, Alarms). */
import { webhookEvents } from '@tollgate/adapters/ledger/categories.ts';
import { decideOnWebhook, evolveWebhook } from '@tollgate/domain/webhook/webhook.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import {
  rotateWebhookRequest,
  webhookChange,
  webhookList,
  webhookParams,
  webhookRequest,
  webhookView,
} from '@tollgate/schemas/http/webhooks.ts';
import type { ApiContext } from '../../context.ts';
import { carryOut } from '../../http/carry-out.ts';
import { ApiProblem } from '../../http/errors.ts';
import { isWanted, pageOf } from '../../http/lists.ts';
import { defineRoute } from '../../http/route.ts';
import { sealSecret } from '../../webhooks/sealed-secret.ts';
import { lifeStatus } from '../named-customer.ts';
import { newSecret, shownIfStored, view, withSecret } from './webhook-view.ts';

const OF_ONE = ['webhook_not_found', 'webhook_archived', 'concurrent_change'] as const;

export const createWebhook = defineRoute({
  operationId: 'createWebhook',
  method: 'POST',
  path: '/v1/webhooks',
  tag: 'Webhooks',
  summary: 'Create a webhook; its secret is shown in this answer and never again',
  description:
    'Alarms are sent to it by Standard Webhooks: `webhook-id` is the same at every attempt, and ' +
    '`webhook-signature` is made with the secret. Any 2xx within 15 s counts as received; anything ' +
    'else, redirects too, is tried again for three days. An event may arrive twice, and in any order.',
  body: webhookRequest,
  status: 201,
  response: webhookView,
  errors: ['webhooks_too_many', 'concurrent_change'],
  withoutSecrets: (answer) => ({ ...answer, secret: null }),
  restore: (stored, request, context) => withSecret(stored, request, context),
  async handler({ body, newId, secretBytes, commandId }, context) {
    requireDestination(body.url, context);
    const live = context.alarms.webhooks.where(({ archived }) => !archived);
    if (live.length >= context.limits.webhooksMax) throw new ApiProblem('webhooks_too_many');
    const webhook_id = newId('whk');
    const bytes = newSecret(secretBytes, context);
    const secret = sealSecret(context.secrets, webhook_id, bytes);
    const created = await carryOut(here(context), {
      category: webhookEvents,
      ...{ id: webhook_id, commandId, evolve: evolveWebhook },
      decide: () => ({ type: 'WebhookCreated', data: { webhook_id, ...body, secret } }),
    });
    return view(created, shownIfStored(bytes, created.state, context));
  },
});

export const listWebhooks = defineRoute({
  operationId: 'listWebhooks',
  method: 'GET',
  path: '/v1/webhooks',
  tag: 'Webhooks',
  summary: 'List webhooks, newest first',
  query: webhookList,
  status: 200,
  response: listOf(webhookView),
  errors: ['cursor_unknown'],
  handler: async ({ query }, { alarms }) =>
    pageOf(
      alarms.webhooks.all(),
      query,
      ({ state }) => state.webhook_id,
      (webhook) => view(webhook, null),
      ({ state }) => isWanted(query.status, lifeStatus(state)),
    ),
});

export const getWebhook = defineRoute({
  operationId: 'getWebhook',
  method: 'GET',
  path: '/v1/webhooks/{webhook_id}',
  tag: 'Webhooks',
  summary: 'Retrieve a webhook',
  params: webhookParams,
  status: 200,
  response: webhookView,
  errors: ['webhook_not_found'],
  async handler({ params }, { alarms }) {
    const found = alarms.webhooks.get(params.webhook_id);
    if (found === undefined) throw new ApiProblem('webhook_not_found');
    return view(found, null);
  },
});

export const updateWebhook = defineRoute({
  operationId: 'updateWebhook',
  method: 'PATCH',
  path: '/v1/webhooks/{webhook_id}',
  tag: 'Webhooks',
  summary: 'Change the URL, event types or description of a webhook; what is left out stays',
  description: 'What is still to be sent goes to the new URL.',
  params: webhookParams,
  body: webhookChange,
  status: 200,
  response: webhookView,
  errors: [...OF_ONE],
  async handler({ params: { webhook_id }, body, commandId }, context) {
    if (body.url !== undefined) requireDestination(body.url, context);
    const event = { type: 'WebhookUpdated', data: { webhook_id, ...body } } as const;
    const done = await carryOut(here(context), {
      category: webhookEvents,
      ...{ id: webhook_id, commandId, evolve: evolveWebhook },
      decide: (state) => decideOnWebhook(state, event),
    });
    return view(done, null);
  },
});

export const rotateWebhook = defineRoute({
  operationId: 'rotateWebhook',
  method: 'POST',
  path: '/v1/webhooks/{webhook_id}/rotate',
  tag: 'Webhooks',
  summary: 'Give a webhook a new secret; for `overlap_seconds` both of them sign',
  params: webhookParams,
  body: rotateWebhookRequest,
  status: 200,
  response: webhookView,
  errors: [...OF_ONE],
  withoutSecrets: (answer) => ({ ...answer, secret: null }),
  restore: (stored, request, context) => withSecret(stored, request, context),
  async handler({ params: { webhook_id }, body, secretBytes, commandId, timeMs }, context) {
    const overlap = Math.min(body.overlap_seconds, context.limits.webhookOverlapSecondsMax);
    const previous_valid_until = new Date(timeMs + overlap * 1000).toISOString();
    const bytes = newSecret(secretBytes, context);
    const secret = sealSecret(context.secrets, webhook_id, bytes);
    const data = { webhook_id, secret, previous_valid_until };
    const event = { type: 'WebhookSecretRotated', data } as const;
    const done = await carryOut(here(context), {
      category: webhookEvents,
      ...{ id: webhook_id, commandId, evolve: evolveWebhook },
      decide: (state) => decideOnWebhook(state, event),
    });
    return view(done, shownIfStored(bytes, done.state, context));
  },
});

export const archiveWebhook = defineRoute({
  operationId: 'archiveWebhook',
  method: 'POST',
  path: '/v1/webhooks/{webhook_id}/archive',
  tag: 'Webhooks',
  summary: 'Remove a webhook: nothing is sent to it any more',
  params: webhookParams,
  status: 200,
  response: webhookView,
  errors: [...OF_ONE],
  async handler({ params: { webhook_id }, commandId }, context) {
    const event = { type: 'WebhookArchived', data: { webhook_id } } as const;
    const done = await carryOut(here(context), {
      category: webhookEvents,
      ...{ id: webhook_id, commandId, evolve: evolveWebhook },
      decide: (state) => decideOnWebhook(state, event),
    });
    return view(done, null);
  },
});

/** A write is waited for in the read model that has webhooks. */
function here(context: ApiContext) {
  const { ledger, limits, alarms } = context;
  return { ledger, limits, directory: alarms };
}

/** @throws ApiProblem invalid_request, if nothing may be sent there */
function requireDestination(url: string, { destinations }: ApiContext): void {
  const message = destinations.refusalOf(url);
  if (message === null) return;
  throw new ApiProblem('invalid_request', { errors: [{ path: 'body.url', message }] });
}
