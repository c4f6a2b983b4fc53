/**
 * POST /v1/events: usage from collectors, as CloudEvents. It answers 202 only when the accepted
 * events are durable in the log. Of a batch, the valid events are stored and the others are named.
 */
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { findPrice, type PriceListState } from '@tollgate/domain/pricing/price-list.ts';
import { eventText } from '@tollgate/domain/usage/event/event-text.ts';
import {
  type CloudEvent,
  cloudEvent,
  cloudEvents,
  ingestResult,
} from '@tollgate/schemas/event/cloudevent.ts';
import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { bodyOfEvents } from './binary-mode.ts';
import { eventOfCollector } from './external-event.ts';

type Record = { partition: number; value: Uint8Array };
type Judged = { record: Record; isTimed: boolean } | string;

export const ingestEvents = defineRoute({
  operationId: 'ingestEvents',
  method: 'POST',
  path: '/v1/events',
  tag: 'Usage',
  summary: 'Store usage from your own collectors: CloudEvents 1.0, one or a batch',
  description:
    '`subject` is the customer. An event counts only once per customer, `source` and `id`. ' +
    '`time` is RFC 3339, at most 400 days old and 5 minutes ahead; an event without one has the time ' +
    'of its arrival, and `timed_by_arrival` counts them. One event, a batch (an array), or binary ' +
    'mode: its attributes in headers (`ce-id`, `ce-source`, …), its `data` as the body. An event that ' +
    'states no quantity, or that no published price covers whole, has no cost: it is not billed, and ' +
    'snapshot and invoice list it as unresolved. Once it can be priced, send it again under another ' +
    '`id` with the same `time`: after its period is closed, it is late usage of the next one.',
  body: cloudEvents,
  mediaTypes: [
    'application/json',
    'application/cloudevents+json',
    'application/cloudevents-batch+json',
  ],
  bodyOf: bodyOfEvents,
  status: 202,
  response: ingestResult,
  errors: ['no_event_accepted', 'log_unavailable'],
  async handler({ body, timeMs }, context) {
    const events: unknown[] = Array.isArray(body) ? body : [body];
    if (events.length > context.limits.ingestBatchEventsMax) {
      const errors = [{ path: 'body', message: 'too many events in one batch' }];
      throw new ApiProblem('invalid_request', { errors });
    }
    const judged = events.map((event) => judge(event, context, timeMs));
    const rejected = judged.flatMap((verdict, index) =>
      typeof verdict === 'string' ? [{ index, id: idOf(events[index]), reason: verdict }] : [],
    );
    const accepted = judged.filter((verdict) => typeof verdict !== 'string');
    if (accepted.length === 0) throw new ApiProblem('no_event_accepted', { extra: { rejected } });
    await context.log.append(accepted.map(({ record }) => record)).catch((cause: unknown) => {
      throw new ApiProblem('log_unavailable', { cause });
    });
    const untimed = accepted.filter(({ isTimed }) => !isTimed).length;
    const timed = untimed === 0 ? {} : { timed_by_arrival: untimed };
    return { accepted: accepted.length, rejected, ...timed };
  },
});

/** The record of a valid event, or the reason why the event is refused. */
function judge(candidate: unknown, context: ApiContext, nowMs: number): Judged {
  const parsed = cloudEvent.safeParse(candidate);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.join('.') ?? '';
    return `${path === '' ? 'event' : path}: ${issue?.message ?? 'invalid'}`;
  }
  const event = parsed.data;
  const atMs = event.time === undefined ? nowMs : Date.parse(event.time);
  const { ingestAgeMaxMs, ingestAheadMaxMs } = context.limits;
  if (atMs < nowMs - ingestAgeMaxMs) return 'time: too old';
  if (atMs > nowMs + ingestAheadMaxMs) return 'time: in the future';
  const customer = context.directory.findCustomer(event.subject)?.state;
  if (customer === undefined) return 'subject: no such customer';
  if (customer.archived) return 'subject: this customer is archived';
  const external = eventOfCollector(
    event,
    customer.customer_id,
    priceOf(event, context.directory.prices, atMs),
    { timeMs: atMs, recordedAt: new Date(nowMs).toISOString() },
  );
  const checked = usageEvent.safeParse(external);
  if (!checked.success) return `${checked.error.issues[0]?.path.join('.')}: cannot be stored`;
  const partition = partitionOf(Buffer.from(customer.customer_id), context.log.partitions);
  const record = { partition, value: Buffer.from(eventText(external)) };
  return { record, isTimed: event.time !== undefined };
}

function priceOf(event: CloudEvent, prices: PriceListState, atMs: number) {
  const { provider, model } = event.data ?? {};
  if (provider === undefined || model === undefined) return null;
  return findPrice(prices, provider, model, atMs);
}

function idOf(candidate: unknown): string | null {
  const id = (candidate as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id.slice(0, 256) : null;
}
