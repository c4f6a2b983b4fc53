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
import { eventOfCollector } from './external-event.ts';

type Judged = { partition: number; value: Uint8Array } | string;

export const ingestEvents = defineRoute({
  operationId: 'ingestEvents',
  method: 'POST',
  path: '/v1/events',
  tag: 'Usage',
  summary: 'Store usage from your own collectors: CloudEvents 1.0, one or a batch',
  description:
    '`subject` is the customer. An event counts only once per customer, `source` and `id`. ' +
    '`time` may be at most 400 days old and 5 minutes ahead.',
  body: cloudEvents,
  mediaTypes: [
    'application/json',
    'application/cloudevents+json',
    'application/cloudevents-batch+json',
  ],
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
    const records = judged.filter((verdict) => typeof verdict !== 'string');
    if (records.length === 0) throw new ApiProblem('no_event_accepted', { extra: { rejected } });
    await context.log.append(records).catch((cause: unknown) => {
      throw new ApiProblem('log_unavailable', { cause });
    });
    return { accepted: records.length, rejected };
  },
});

/** The record of a valid event, or the reason why the event is refused. */
function judge(candidate: unknown, context: ApiContext, nowMs: number): Judged {
  const parsed = cloudEvent.safeParse(candidate);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`;
  }
  const event = parsed.data;
  const atMs = Date.parse(event.time);
  const { ingestAgeMaxMs, ingestAheadMaxMs } = context.limits;
  if (atMs < nowMs - ingestAgeMaxMs) return 'time: too old';
  if (atMs > nowMs + ingestAheadMaxMs) return 'time: in the future';
  const customer = context.directory.findCustomer(event.subject)?.state;
  if (customer === undefined || customer.archived) return 'subject: no such customer';
  const external = eventOfCollector(
    event,
    customer.customer_id,
    priceOf(event, context.directory.prices, atMs),
    new Date(nowMs).toISOString(),
  );
  const checked = usageEvent.safeParse(external);
  if (!checked.success) return `${checked.error.issues[0]?.path.join('.')}: cannot be stored`;
  const partition = partitionOf(Buffer.from(customer.customer_id), context.log.partitions);
  return { partition, value: Buffer.from(eventText(external)) };
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
