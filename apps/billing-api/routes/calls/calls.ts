/**
 * GET /v1/calls and /v1/calls/{call_id}: calls with every attempt and their final cost
 * (docs/design.md, Settle).
 */
import { type CallEvent, eventsOfCalls } from '@tollgate/adapters/warehouse/queries/call.ts';
import {
  type CallFilter,
  type CallPosition,
  callFilters,
  callsFound,
  positionOfCall,
} from '@tollgate/adapters/warehouse/queries/calls.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { callList, callParams, callView } from '@tollgate/schemas/http/calls.ts';
import { listOf } from '@tollgate/schemas/http/list.ts';
import { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';
import { rangeInZone } from '../../http/time-zone.ts';

type Query = z.output<typeof callList>;

export const listCalls = defineRoute({
  operationId: 'listCalls',
  method: 'GET',
  path: '/v1/calls',
  tag: 'Usage',
  summary: 'List calls of clients, newest first: served, failed and refused ones',
  description:
    'A call appears a second or so after it has ended. Filters describe its attempt; usage that ' +
    'collectors have posted belongs to no call.',
  query: callList,
  status: 200,
  response: listOf(callView),
  errors: ['usage_range_too_long', 'cursor_unknown'],
  async handler({ query, timeMs }, context) {
    const { warehouse, limits } = context;
    const { startMs, endMs } = rangeInZone(query, timeMs, 'UTC');
    if (endMs - startMs > limits.callsRangeMaxMs) throw new ApiProblem('usage_range_too_long');
    const filters = filtersOf(query, context);
    const after = await positionAfter(query, context);
    const question = { startMs, endMs, filters, after, rowsMax: query.limit + 1 };
    const found = await callsFound(warehouse, question);
    const page = found.slice(0, query.limit);
    const data = await viewsOf(page, context);
    return { object: 'list' as const, data, has_more: found.length > page.length };
  },
});

export const getCall = defineRoute({
  operationId: 'getCall',
  method: 'GET',
  path: '/v1/calls/{call_id}',
  tag: 'Usage',
  summary: 'Retrieve what a call cost, attempt by attempt, including resolutions',
  params: callParams,
  status: 200,
  response: callView,
  errors: ['call_not_found'],
  async handler({ params }, { warehouse }) {
    const events = await eventsOfCalls(warehouse, [params.call_id]);
    if (events.length === 0) throw new ApiProblem('call_not_found');
    return view(events);
  },
});

function filtersOf(query: Query, { directory }: ApiContext): Partial<Record<CallFilter, string>> {
  const given = callFilters.flatMap((name) => {
    const value = query[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const customer = directory.findCustomer(query.customer_id ?? '');
  return {
    ...Object.fromEntries(given),
    ...(customer === undefined ? {} : { customer_id: customer.state.customer_id }),
  };
}

/** @throws ApiProblem cursor_unknown */
async function positionAfter(
  { starting_after: last }: Query,
  { warehouse }: ApiContext,
): Promise<CallPosition | null> {
  if (last === undefined) return null;
  const position = z.uuid().safeParse(last).success ? await positionOfCall(warehouse, last) : null;
  if (position === null) throw new ApiProblem('cursor_unknown');
  return position;
}

/** In the order of the page. */
async function viewsOf(page: readonly CallPosition[], { warehouse }: ApiContext) {
  const ids = page.map(({ id }) => id);
  const events = await eventsOfCalls(warehouse, ids, page.at(-1)?.atMs);
  const byCall = Map.groupBy(events, ({ call_id }) => call_id);
  return ids.map((id) => view(byCall.get(id) ?? []));
}

/** @param events of one call, in order of time */
function view(events: readonly CallEvent[]): z.input<typeof callView> {
  const own = events.filter(({ type }) => type !== 'resolution');
  const [first, last] = [own[0] ?? events[0], own.at(-1) ?? events[0]];
  if (first === undefined || last === undefined) throw new Error('a call without events');
  const { call_id, at_ms, customer_id, team_id, key_id, environment, end_user } = first;
  return callView.parse({
    object: 'call',
    id: call_id,
    time: new Date(Number(at_ms)).toISOString(),
    ...{ customer_id, team_id, key_id, environment, end_user },
    ...{ endpoint: first.endpoint, stream: first.stream, model: first.model_requested },
    ...{ status: last.status, error_type: last.error_type, cost: costOf(events) },
    events: events.map(attemptView),
  });
}

function attemptView(event: CallEvent) {
  const { id, type, attempt, provider, model, status, http_status, error_type } = event;
  const { provider_request_id, usage_source, output_limit, output_clamped } = event;
  const { input_tokens, output_tokens, cost, saved_cost } = event;
  return {
    ...{ id, type, attempt, provider, model, status, http_status, error_type },
    ...{ provider_request_id, usage_source, output_limit, output_clamped },
    ...{ input_tokens, output_tokens, cost, saved_cost },
  };
}

/** Null while an attempt has no cost and nothing resolves it (I8). */
function costOf(events: readonly CallEvent[]): string | null {
  const resolved = new Set(events.map(({ resolves_id }) => resolves_id));
  if (events.some(({ id, cost }) => cost === null && !resolved.has(id))) return null;
  const known = events.map(({ cost }) => (cost === null ? 0n : parseDecimal12(cost)));
  return formatDecimal12(known.reduce((sum, cost) => sum + cost, 0n));
}
