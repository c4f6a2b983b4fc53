/** `tollgate periods …`: billing periods, and their closing. */
import type { PeriodView } from '@tollgate/schemas/billing/requests.ts';
import type { Command, CommandContext } from '../../command.ts';
import type { Api } from '../../connection/api.ts';
import { UsageError } from '../../errors.ts';
import { parseCount } from '../../input/amount.ts';
import { mostOf, mostOption } from '../../input/most.ts';
import { scopeOptions } from '../../input/scope.ts';
import { parseTime } from '../../input/time.ts';
import type { Column } from '../../output/table.ts';
import { timeText } from '../../output/values.ts';

type ClosingRun = {
  closed: PeriodView[];
  failed: { customer_id: string; code: string; detail: string }[];
};

/** A closing reads all usage of a period. */
const CLOSE_WAIT_MS = 30 * 60_000;
const LOOK_EVERY_MS = 1_000;

const columns: Column<PeriodView>[] = [
  { title: 'id', value: ({ id }) => id },
  { title: 'customer', value: ({ customer_id }) => customer_id, spare: true },
  { title: 'from', value: (one) => timeText(one.start, one.time_zone).slice(0, 10) },
  { title: 'until', value: (one) => timeText(one.end, one.time_zone).slice(0, 10) },
  { title: 'zone', value: ({ time_zone }) => time_zone, spare: true },
  { title: 'status', value: ({ status }) => status },
  { title: 'invoice', value: ({ invoice_id }) => invoice_id ?? '', spare: true },
];

export const periodsList: Command = {
  name: 'periods list',
  summary: 'list billing periods, newest first',
  options: { customer: scopeOptions.customer, ...mostOption },
  examples: [
    { line: 'tollgate periods list', help: 'which are open, and what the others came to' },
  ],
  async run({ api, values, output }) {
    const { customer: customer_id } = values as { customer?: string };
    const pages = (await api()).pages<PeriodView>('/v1/periods', { customer_id }, mostOf(values));
    await output.list(pages, columns, 'There is no billing period.');
    return 0;
  },
};

export const periodsOpen: Command = {
  name: 'periods open',
  summary: "open a customer's next billing period",
  parameters: [{ name: 'CUSTOMER', help: 'its id' }],
  examples: [{ line: 'tollgate periods open cus_1', help: 'the calendar month in its time zone' }],
  async run({ api, words: [customer_id], output, print }) {
    const period = await (await api()).post<PeriodView>('/v1/periods', { customer_id });
    output.object(period, () => print(period.id));
    return 0;
  },
};

export const periodsClose: Command = {
  name: 'periods close',
  summary: 'close a period, or all that are due, and issue the invoices',
  detail: `A period closes at its end, once an hour of grace has passed for usage on its way; with --at it closes
early. To close again what is closed answers with the same invoice.`,
  parameters: [{ name: 'PERIOD', help: 'its id, as `periods list` shows it', optional: true }],
  options: {
    due: { type: 'boolean', help: 'all periods of all customers that are over' },
    at: { type: 'string', value: 'TIME', help: 'close early at this instant' },
    grace: {
      type: 'string',
      value: 'SECONDS',
      help: 'wait for so long after its end (default: 3600)',
    },
  },
  examples: [
    { line: 'tollgate periods close --due', help: 'on the first of a month' },
    { line: 'tollgate periods close per_1 --at now', help: 'a customer leaves' },
  ],
  async run(context) {
    const { words, values } = context;
    const isDue = values['due'] === true;
    if (isDue === words.length > 0) throw new UsageError('Name a period, or say --due.');
    return isDue ? await closeDue(context) : await closeOne(context);
  },
};

function graceOf({ values }: CommandContext): { grace_seconds?: number } {
  const { grace } = values;
  return typeof grace === 'string' ? { grace_seconds: parseCount('--grace', grace) } : {};
}

async function closeOne(context: CommandContext): Promise<number> {
  const { values, words, clock, timeZone, output, say } = context;
  const api = await context.api();
  const path = `/v1/periods/${encodeURIComponent(words[0] ?? '')}`;
  const at = values['at'];
  const zone = { nowMs: clock(), timeZone: await timeZone() };
  const instant =
    typeof at === 'string' ? { at: new Date(parseTime('--at', at, zone)).toISOString() } : {};
  const body = { ...instant, ...graceOf(context) };
  const closing = api.post<PeriodView>(`${path}/close`, body, { waitMs: CLOSE_WAIT_MS });
  const period = await withProgress(context, closing, async () => {
    const { status } = await api.get<PeriodView>(path);
    return status === 'open' ? 'waiting for what is on its way' : status;
  });
  output.object(period, () => undefined);
  say(`Period ${period.id} is closed: invoice ${period.invoice_id}.`);
  return 0;
}

async function closeDue(context: CommandContext): Promise<number> {
  const { output, say, print } = context;
  const api = await context.api();
  const before = await openPeriods(api);
  const closing = api.post<ClosingRun>('/v1/closing_runs', graceOf(context), {
    waitMs: CLOSE_WAIT_MS,
  });
  const run = await withProgress(context, closing, async () => {
    const closed = before - (await openPeriods(api));
    return `${closed} closed, ${before} were open`;
  });
  output.object(run, () => {
    output.table(columns, run.closed);
    for (const { customer_id, code, detail } of run.failed) {
      print(output.paint('red', `${customer_id}: ${detail} (${code})`));
    }
  });
  say(`${run.closed.length} closed, ${run.failed.length} could not be.`);
  return run.failed.length === 0 ? 0 : 1;
}

async function openPeriods(api: Api): Promise<number> {
  let count = 0;
  for await (const page of api.pages<PeriodView>('/v1/periods')) {
    count += page.filter(({ status }) => status !== 'closed').length;
  }
  return count;
}

/** Says how far it is until it has ended. What cannot be asked meanwhile is no failure of the work. */
async function withProgress<T>(
  { progress, output }: CommandContext,
  work: Promise<T>,
  look: () => Promise<string>,
): Promise<T> {
  const timer = setInterval(() => {
    look().then(progress, () => progress('at work'));
  }, LOOK_EVERY_MS);
  try {
    return await work;
  } finally {
    clearInterval(timer);
    output.progressEnds();
  }
}
