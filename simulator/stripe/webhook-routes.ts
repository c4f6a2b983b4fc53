/** Webhook endpoints, and the events that they are told of. */
import { newestFirst } from './objects/customer-routes.ts';
import { eventView } from './objects/views.ts';
import { type Endpoint, endpointView, type Webhooks } from './webhooks.ts';
import { listOf, pageFields } from './wire/paging.ts';
import { flag, list, metadata, required, text } from './wire/params.ts';
import { type Route, route } from './wire/route.ts';
import { createdField, expandField, inRange, mergedMetadata } from './wire/shared-fields.ts';
import { noSuch } from './wire/stripe-error.ts';

/** Webhook endpoints. */
export function webhookRoutes(webhooks: Webhooks): readonly Route[] {
  const existing = (id: string | undefined): Endpoint => {
    const endpoint = webhooks.endpoints.get(id ?? '');
    if (endpoint === undefined) throw noSuch('webhook endpoint', id ?? '', 'webhook_endpoint', 404);
    return endpoint;
  };
  const writable = { ...expandField, description: text(), metadata };
  return [
    route(
      'POST',
      '/v1/webhook_endpoints',
      {
        ...writable,
        api_version: text(),
        connect: flag,
        enabled_events: required(list(text())),
        url: required(text()),
      },
      ({ world, params }) => {
        const endpoint: Endpoint = {
          id: world.id('we'),
          createdS: world.nowS(),
          url: params.url,
          secret: `whsec_${world.id('fake')}`,
          enabledEvents: params.enabled_events,
          description: params.description ?? null,
          metadata: mergedMetadata({}, params.metadata),
          disabled: false,
        };
        webhooks.endpoints.set(endpoint.id, endpoint);
        // The secret is told once, when the endpoint is made.
        return { ...endpointView(endpoint), secret: endpoint.secret };
      },
    ),
    route('GET', '/v1/webhook_endpoints', { ...expandField, ...pageFields }, ({ params }) =>
      listOf(
        '/v1/webhook_endpoints',
        newestFirst(webhooks.endpoints.values()),
        ({ id }) => id,
        endpointView,
        params,
      ),
    ),
    route('GET', '/v1/webhook_endpoints/{}', expandField, ({ ids: [id] }) =>
      endpointView(existing(id)),
    ),
    route(
      'POST',
      '/v1/webhook_endpoints/{}',
      { ...writable, disabled: flag, enabled_events: list(text()), url: text() },
      ({ params, ids: [id] }) => {
        const endpoint = existing(id);
        endpoint.url = params.url ?? endpoint.url;
        endpoint.enabledEvents = params.enabled_events ?? endpoint.enabledEvents;
        endpoint.description = params.description ?? endpoint.description;
        endpoint.metadata = mergedMetadata(endpoint.metadata, params.metadata);
        endpoint.disabled = params.disabled ?? endpoint.disabled;
        return endpointView(endpoint);
      },
    ),
    route('DELETE', '/v1/webhook_endpoints/{}', {}, ({ ids: [id] }) => {
      const endpoint = existing(id);
      webhooks.endpoints.delete(endpoint.id);
      return { id: endpoint.id, object: 'webhook_endpoint', deleted: true };
    }),
  ];
}

/** What happened, newest first. */
export function eventRoutes(webhooks: Webhooks): readonly Route[] {
  return [
    route('GET', '/v1/events/{}', expandField, ({ world, ids: [id = ''] }) => {
      const event = world.events.find((one) => one.id === id);
      if (event === undefined) throw noSuch('event', id, 'id', 404);
      return eventView(event, webhooks.pendingOf(event));
    }),
    route(
      'GET',
      '/v1/events',
      {
        ...expandField,
        ...createdField,
        ...pageFields,
        type: text(),
        types: list(text()),
        delivery_success: flag,
      },
      ({ world, params }) => {
        const { type, types, created } = params;
        const all = newestFirst(world.events).filter(
          (event) =>
            (type === undefined || event.type === type) &&
            (types === undefined || types.includes(event.type)) &&
            inRange(event.createdS, created),
        );
        const view = (event: (typeof all)[number]): unknown =>
          eventView(event, webhooks.pendingOf(event));
        return listOf('/v1/events', all, ({ id }) => id, view, params);
      },
    ),
  ];
}
