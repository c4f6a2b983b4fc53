/** Meter events of v1 (a form, one a call) and of v2 (JSON; one a call, or up to 100 in a stream). */

import { stripeLimits } from './limits.ts';
import { type Meter, type Meters, thinView } from './meters.ts';
import { listOf, pageFields } from './wire/paging.ts';
import { choice, ignored, integer, list, map, object, required, text } from './wire/params.ts';
import { type Route, route } from './wire/route.ts';
import { expandField } from './wire/shared-fields.ts';
import { invalid, noSuch, StripeError } from './wire/stripe-error.ts';

const eventFields = {
  event_name: required(text(100)),
  identifier: text(100),
  payload: required(map),
  timestamp: text(),
};

function timeOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw invalid(`Invalid timestamp: ${text}`, undefined, 'timestamp');
  return ms;
}

export function meterRoutes(meters: Meters): readonly Route[] {
  return [
    route(
      'POST',
      '/v1/billing/meters',
      {
        ...expandField,
        customer_mapping: ignored,
        default_aggregation: required(
          object({ formula: required(choice('count', 'last', 'sum')) }),
        ),
        display_name: required(text(250)),
        event_name: required(text(100)),
        event_time_window: choice('day', 'hour'),
        value_settings: ignored,
      },
      ({ params }) => meterView(meters.create(params.event_name, params.display_name)),
    ),
    ...readRoutes(meters),
    route(
      'POST',
      '/v1/billing/meter_events',
      { ...expandField, ...eventFields, timestamp: integer },
      ({ params }) => {
        const { event_name: eventName, payload, identifier, timestamp } = params;
        const timestampMs = timestamp === undefined ? undefined : timestamp * 1_000;
        const event = meters.take({ eventName, payload, identifier, timestampMs }, 'at_once');
        return {
          object: 'billing.meter_event',
          created: Math.floor(event.receivedMs / 1_000),
          event_name: eventName,
          identifier: event.identifier,
          livemode: false,
          payload,
          timestamp: Math.floor(event.timestampMs / 1_000),
        };
      },
    ),
    route(
      'POST',
      '/v1/billing/meter_event_adjustments',
      {
        ...expandField,
        cancel: required(object({ identifier: required(text(100)) })),
        event_name: required(text(100)),
        type: required(choice('cancel')),
      },
      ({ params }) => {
        const identifier = params.cancel?.identifier ?? '';
        meters.cancel(identifier);
        const { event_name, type } = params;
        return {
          object: 'billing.meter_event_adjustment',
          cancel: { identifier },
          event_name,
          livemode: false,
          status: 'pending',
          type,
        };
      },
    ),
    ...streamRoutes(meters),
  ];
}

function meterView({ id, createdS, eventName, displayName, active }: Meter) {
  return {
    id,
    object: 'billing.meter',
    created: createdS,
    customer_mapping: { event_payload_key: 'stripe_customer_id', type: 'by_id' },
    default_aggregation: { formula: 'sum' },
    display_name: displayName,
    event_name: eventName,
    event_time_window: null,
    livemode: false,
    status: active ? 'active' : 'inactive',
    status_transitions: { deactivated_at: null },
    updated: createdS,
    value_settings: { event_payload_key: 'value' },
  };
}

/** Which meters there are, and what they have counted. */
function readRoutes(meters: Meters): readonly Route[] {
  return [
    route(
      'GET',
      '/v1/billing/meters',
      { ...expandField, ...pageFields, status: choice('active', 'inactive') },
      ({ params }) => {
        const isActive = params.status === undefined ? null : params.status === 'active';
        const all = [...meters.meters.values()].filter(
          ({ active }) => isActive === null || active === isActive,
        );
        return listOf('/v1/billing/meters', all, ({ id }) => id, meterView, params);
      },
    ),
    route(
      'GET',
      '/v1/billing/meters/{}/event_summaries',
      {
        ...{ ...expandField, ...pageFields, customer: required(text()) },
        ...{ start_time: required(integer), end_time: required(integer) },
        value_grouping_window: choice('day', 'hour'),
      },
      ({ params, ids: [id = ''] }) => {
        const meter = [...meters.meters.values()].find((one) => one.id === id);
        if (meter === undefined) throw noSuch('meter', id, 'id', 404);
        const { customer, start_time: start, end_time: end } = params;
        if (start % MINUTE_S !== 0 || end % MINUTE_S !== 0)
          throw invalid('Timestamps must align with minute boundaries.', undefined, 'start_time');
        const url = `/v1/billing/meters/${id}/event_summaries`;
        const summary = {
          id: `mtrusg_${id}_${start}`,
          object: 'billing.meter_event_summary',
          aggregated_value: meters.counted(meter, customer, start, end),
          end_time: end,
          livemode: false,
          meter: id,
          start_time: start,
        };
        return listOf(
          url,
          [summary],
          (one) => one.id,
          (one) => one,
          params,
        );
      },
    ),
  ];
}

const MINUTE_S = 60;

function streamRoutes(meters: Meters): readonly Route[] {
  return [
    route('POST', '/v2/billing/meter_events', eventFields, ({ params }) => {
      const { event_name: eventName, payload, identifier, timestamp } = params;
      const event = meters.take(
        { eventName, payload, identifier, timestampMs: timeOf(timestamp) },
        'at_once',
      );
      return {
        object: 'v2.billing.meter_event',
        created: new Date(event.receivedMs).toISOString(),
        event_name: eventName,
        identifier: event.identifier,
        livemode: false,
        payload,
        timestamp: new Date(event.timestampMs).toISOString(),
      };
    }),
    route('POST', '/v2/billing/meter_event_session', {}, ({ world }) => {
      const { token, expiresMs } = meters.openSession();
      return {
        id: world.id('mes'),
        object: 'v2.billing.meter_event_session',
        authentication_token: token,
        created: new Date(world.clock.nowMs()).toISOString(),
        expires_at: new Date(expiresMs).toISOString(),
        livemode: false,
      };
    }),
    route(
      'POST',
      '/v2/billing/meter_event_stream',
      { events: required(list(object(eventFields))) },
      ({ params }) => {
        const max = stripeLimits.meterEventsPerCallMax;
        if (params.events.length > max)
          throw invalid(`At most ${max} events can be sent at once.`, undefined, 'events');
        for (const given of params.events) {
          if (given === null) continue;
          const { event_name: eventName, payload, identifier, timestamp } = given;
          meters.take({ eventName, payload, identifier, timestampMs: timeOf(timestamp) }, 'later');
        }
        return {};
      },
    ),
    route('GET', '/v2/core/events/{}', {}, ({ ids: [id = ''] }) => {
      const report = meters.reports.find((one) => one.id === id);
      if (report === undefined) throw noSuch('event', id, 'id', 404);
      return { ...thinView(report), data: report.data };
    }),
  ];
}

/** The stream asks for the token of a session where all else asks for the secret key. */
export function checkSession(meters: Meters, path: string, key: string): void {
  if (path !== '/v2/billing/meter_event_stream' || meters.hasSession(key)) return;
  throw new StripeError(400, 'The session has expired.', {
    type: 'temporary_session_expired',
    code: 'billing_meter_event_session_expired',
  });
}
