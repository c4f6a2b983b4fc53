/**
 * POST /v1/usage_history: what another gateway metered and charged before. It is shown, and never billed:
 * no snapshot counts an event of its type. Of a batch, the valid events are stored and the others named.
 */
import { parseAtto, picoOfAtto } from '@tollgate/domain/money/atto.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { eventText } from '@tollgate/domain/usage/event/event-text.ts';
import { historyEvent } from '@tollgate/domain/usage/event/history-event.ts';
import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import {
  historyEvent as eventSchema,
  historyRequest,
  historyResult,
} from '@tollgate/schemas/http/usage-history.ts';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { quantitiesOf } from '../events/external-event.ts';

type Record = { partition: number; value: Uint8Array };

export const importHistory = defineRoute({
  operationId: 'importUsageHistory',
  method: 'POST',
  path: '/v1/usage_history',
  tag: 'Usage',
  summary: 'Store usage that another gateway metered and charged: shown, never billed',
  description:
    'An event counts only once per customer, `imported_from` and `id`, so the same events can be sent ' +
    'again. `cost` is what that system stated. No budget is charged and no snapshot has any of it; a ' +
    'snapshot says how many it left out. `GET /v1/usage?history=true` shows it. `time` is at most five ' +
    'years old.',
  body: historyRequest,
  // A repetition adds nothing (I2), so no answer has to be kept for it.
  readOnly: true,
  status: 202,
  response: historyResult,
  errors: ['log_unavailable'],
  async handler({ body, timeMs }, context) {
    if (body.events.length > context.limits.ingestBatchEventsMax) {
      const errors = [{ path: 'body.events', message: 'too many events in one batch' }];
      throw new ApiProblem('invalid_request', { errors });
    }
    const judged = body.events.map((event) => judge(event, body.imported_from, context, timeMs));
    const rejected = judged.flatMap((verdict, index) =>
      typeof verdict === 'string' ? [{ index, id: idOf(body.events[index]), reason: verdict }] : [],
    );
    const records = judged.filter((verdict) => typeof verdict !== 'string');
    // seam: dry-run-stores-nothing
    if (!body.dry_run && records.length > 0) {
      await context.log.append(records).catch((cause: unknown) => {
        throw new ApiProblem('log_unavailable', { cause });
      });
    }
    return { accepted: records.length, rejected };
  },
});

/** The record of a valid event, or the reason why the event is refused. */
function judge(
  candidate: unknown,
  importedFrom: string,
  context: ApiContext,
  nowMs: number,
): Record | string {
  const parsed = eventSchema.safeParse(candidate);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const path = issue?.path.join('.') ?? '';
    return `${path === '' ? 'event' : path}: ${issue?.message ?? 'invalid'}`;
  }
  const event = parsed.data;
  const timeMs = Date.parse(event.time);
  const { historyAgeMaxMs, ingestAheadMaxMs } = context.limits;
  if (timeMs < nowMs - historyAgeMaxMs) return 'time: too old';
  if (timeMs > nowMs + ingestAheadMaxMs) return 'time: in the future';
  const customer = context.directory.findCustomer(event.customer_id)?.state;
  if (customer === undefined) return 'customer_id: no such customer';
  const key = event.key_id === undefined ? null : context.directory.keys.get(event.key_id)?.state;
  // seam: history-of-the-customers-own-key
  if (key === undefined || (key !== null && key.customer_id !== customer.customer_id)) {
    return 'key_id: no such key of this customer';
  }
  const made = historyEvent({
    ...{ id: event.id, importedFrom, externalSubject: event.customer_id },
    ...{ customerId: customer.customer_id, teamId: key?.team_id ?? null },
    ...{ keyId: key?.key_id ?? null, environment: event.environment ?? key?.environment ?? null },
    ...{ endUser: event.end_user ?? null, tags: event.tags ?? {}, failed: event.failed },
    ...{ provider: event.provider ?? null, model: event.model ?? null },
    ...{ endpoint: event.endpoint ?? null, quantities: quantitiesOf(event) },
    ...{ cost: costOf(event.cost), timeMs },
  });
  const checked = usageEvent.safeParse(made);
  if (!checked.success) return `${checked.error.issues[0]?.path.join('.')}: cannot be stored`;
  const partition = partitionOf(Buffer.from(customer.customer_id), context.log.partitions);
  return { partition, value: Buffer.from(eventText(made)) };
}

/** Rounded once, to the pico-dollar (I6). */
function costOf(stated: string | null): string | null {
  const atto = stated === null ? null : parseAtto(stated);
  return atto === null ? null : formatDecimal12(picoOfAtto(atto));
}

function idOf(candidate: unknown): string | null {
  const id = (candidate as { id?: unknown } | null)?.id;
  return typeof id === 'string' ? id.slice(0, 256) : null;
}
