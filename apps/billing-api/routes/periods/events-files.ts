/** GET /v1/periods/{period_id}/events.csv and events.parquet: every event of a period's snapshot. */
import {
  type EventPlace,
  eventsAsParquet,
  exportedFields,
  pageOfEvents,
  type SnapshotEvent,
} from '@tollgate/adapters/warehouse/queries/snapshot-events.ts';
import type { UsageSet } from '@tollgate/adapters/warehouse/queries/usage-set.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { frozenPeriod } from '@tollgate/domain/period/billing.ts';
import { periodParams } from '@tollgate/schemas/billing/requests.ts';
import { snapshotBody } from '@tollgate/schemas/billing/snapshot.ts';
import { eventsQuery } from '@tollgate/schemas/http/exports.ts';
import { usageSetOf } from '../../closing/freeze.ts';
import { loadBilling } from '../../closing/streams.ts';
import type { ApiContext } from '../../context.ts';
import { type Column, csvLines, headerLine } from '../../exports/csv.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute, download } from '../../http/route.ts';

const POSITION = /^(\d{1,15})\.(\d{1,10})\.(\d{1,10})\.(\d{1,20})$/;

const columns: Column<SnapshotEvent>[] = [
  ...exportedFields.map(({ name, isPlain }) => ({
    name,
    isPlain,
    value: ({ fields }: SnapshotEvent) => fields[name] ?? null,
  })),
  { name: 'position', isPlain: true, value: ({ place }) => textOf(place) },
];

export const downloadEventsCsv = defineRoute({
  operationId: 'downloadPeriodEvents',
  method: 'GET',
  path: '/v1/periods/{period_id}/events.csv',
  tag: 'Downloads',
  summary: 'Download every event of a closed period as CSV; the costs add up to its snapshot',
  description:
    'In order of time, sent as it is read. A download that broke off goes on with `after`, the ' +
    '`position` of the last whole line: what comes then has no header, to be put behind what is there.',
  params: periodParams,
  query: eventsQuery,
  downloads: ['text/csv'],
  status: 200,
  response: download,
  errors: ['period_not_found', 'period_not_closed'],
  async handler({ params, query, signal }, context) {
    const { set, totals } = await eventsOf(context, params.period_id);
    const after = query.after === undefined ? null : placeOf(query.after);
    const manner = { after, asIs: query.escape === 'none', signal, totals };
    return {
      type: `text/csv; charset=utf-8; header=${after === null ? 'present' : 'absent'}`,
      filename: `${params.period_id}-events.csv`,
      body: linesOf(context, set, manner),
      compressible: true,
    };
  },
});

export const downloadEventsParquet = defineRoute({
  operationId: 'downloadPeriodEventsParquet',
  method: 'GET',
  path: '/v1/periods/{period_id}/events.parquet',
  tag: 'Downloads',
  summary: 'Download every event of a closed period as Parquet; the costs add up to its snapshot',
  description: 'Costs are Decimal(38, 12), quantities 64-bit integers, what is not known is null.',
  params: periodParams,
  downloads: ['application/vnd.apache.parquet'],
  status: 200,
  response: download,
  errors: ['period_not_found', 'period_not_closed'],
  async handler({ params }, context) {
    const { set } = await eventsOf(context, params.period_id);
    return {
      type: 'application/vnd.apache.parquet',
      filename: `${params.period_id}-events.parquet`,
      body: eventsAsParquet(context.warehouse, set),
      // Its columns are packed already.
      compressible: false,
    };
  },
});

type Totals = { events: number; cost: string };

async function eventsOf(
  { billing: index, ledger }: ApiContext,
  periodId: string,
): Promise<{ set: UsageSet; totals: Totals }> {
  const entry = index.period(periodId);
  if (entry === undefined) throw new ApiProblem('period_not_found');
  const { billing } = await loadBilling(ledger, entry.customerId);
  const period = frozenPeriod(billing, entry.number);
  if (period === undefined) throw new ApiProblem('period_not_closed');
  const { totals } = snapshotBody.parse(JSON.parse(period.snapshot.body));
  const set = usageSetOf(entry.customerId, period, frozenPeriod(billing, entry.number - 1));
  return { set, totals };
}

/**
 * One page is read when the one before was taken, so what waits is bounded whatever there is to send. A
 * file from the beginning that does not add up to its snapshot breaks off before its end.
 */
async function* linesOf(
  { warehouse, limits }: ApiContext,
  set: UsageSet,
  manner: { after: EventPlace | null; asIs: boolean; signal: AbortSignal; totals: Totals },
): AsyncGenerator<string, void> {
  const { asIs, signal, totals } = manner;
  const rows = limits.exportPageEvents;
  let { after } = manner;
  let [events, cost] = [0, 0n];
  if (after === null) yield headerLine(columns);
  for (;;) {
    signal.throwIfAborted();
    const page = await pageOfEvents(warehouse, set, { after, rows });
    for (const { fields } of page) {
      events += 1;
      if (typeof fields['cost'] === 'string') cost += parseDecimal12(fields['cost']);
    }
    const isLast = page.length < rows;
    // seam: file-adds-up
    if (isLast && manner.after === null) assertAddsUp({ events, cost }, totals);
    if (page.length > 0) yield csvLines(columns, page, asIs);
    const last = page.at(-1);
    if (isLast || last === undefined) return;
    after = last.place;
  }
}

function assertAddsUp(found: { events: number; cost: bigint }, totals: Totals): void {
  const cost = formatDecimal12(found.cost);
  if (found.events === totals.events && cost === totals.cost) return;
  throw new Error(
    `${found.events} events of ${cost} in a file, ${totals.events} of ${totals.cost} in its snapshot`,
  );
}

function textOf({ timeMs, log, partition, offset }: EventPlace): string {
  return `${timeMs}.${log}.${partition}.${offset}`;
}

function placeOf(text: string): EventPlace {
  const [, timeMs, log, partition, offset = ''] = POSITION.exec(text) ?? [];
  return { timeMs: Number(timeMs), log: Number(log), partition: Number(partition), offset };
}
