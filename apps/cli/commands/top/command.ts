/** `tollgate top`: who spends now, and how fast. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command, CommandContext } from '../../command.ts';
import type { Api } from '../../connection/api.ts';
import { Names } from '../../connection/names.ts';
import { UsageError } from '../../errors.ts';
import { parseTime } from '../../input/time.ts';
import { type Column, Table } from '../../output/table.ts';
import { countText, timeText, usdText } from '../../output/values.ts';
import { type Grouping, groupingOf, type UsageRow } from '../usage/usage-query.ts';
import { LiveScreen } from './live-screen.ts';
import { Pace, type Paced } from './pace.ts';

const EVERY_MS = 2_000;
const ROWS_ONCE = 20;
/** Head, titles and foot of the screen. */
const OTHER_LINES = 4;

export const topCommand: Command = {
  name: 'top',
  summary: 'show who spends now, and how fast',
  detail: `The figures are refreshed every two seconds, until Ctrl-C. The pace is what was spent between the last
looks: a call counts when it has ended. Without a terminal, with --once or --json it shows them once.`,
  options: {
    by: {
      ...{ type: 'string', value: 'NAME', help: 'default: customer' },
      oneOf: ['customer', 'key', 'team', 'model', 'provider'],
    },
    from: { type: 'string', value: 'TIME', help: 'spent since then (default: today)' },
    once: { type: 'boolean', help: 'show it once' },
    rows: { type: 'string', value: 'N', help: 'at most so many (default: as many as fit)' },
  },
  examples: [
    { line: 'tollgate top --once', help: 'the customers of today' },
    { line: 'tollgate top --by model --from "1h ago" --json', help: 'for a program' },
  ],
  async run(context) {
    const { values, output, clock, timeZone } = context;
    const [group] = groupingOf((values['by'] as string | undefined) ?? 'customer');
    if (group === undefined) throw new UsageError('--by: by what?');
    const zone = await timeZone();
    const from = (values['from'] as string | undefined) ?? 'today';
    const startMs = parseTime('--from', from, { nowMs: clock(), timeZone: zone });
    const api = await context.api();
    const view = { api, group, startMs, zone, names: new Names(api), pace: new Pace() };
    if (output.isJson || values['once'] === true || !output.out.isTerminal) {
      return await showOnce(context, view);
    }
    return await showLive(context, view);
  },
};

type View = {
  api: Api;
  group: Grouping;
  startMs: number;
  zone: string;
  names: Names;
  pace: Pace;
};

async function look({ clock }: CommandContext, view: View): Promise<Paced[]> {
  const { api, group, startMs, names, pace } = view;
  const nowMs = clock();
  const { data } = await api.get<{ data: UsageRow[] }>('/v1/usage', {
    ...{ group_by: group.groupBy, window: 'total' },
    start: new Date(startMs).toISOString(),
    end: new Date(nowMs + 1).toISOString(),
  });
  await names.learn(
    group.field,
    data.map((row) => row[group.field] as string | null),
  );
  const spent = data.map((row) => ({ name: names.of(String(row[group.field] ?? '—')), row }));
  return pace.look(spent, nowMs);
}

async function showOnce(context: CommandContext, view: View): Promise<number> {
  const { output, say } = context;
  const rows = (await look(context, view)).slice(0, rowsOf(context, ROWS_ONCE));
  if (output.isJson) {
    for (const { name, row } of rows) output.print(JSON.stringify({ name, ...row }));
    return 0;
  }
  say(`Since ${timeText(view.startMs, view.zone)}, ${view.zone}`);
  if (rows.length === 0) say('Nothing was used.');
  output.table(columns(view.group), rows);
  return 0;
}

async function showLive(context: CommandContext, view: View): Promise<number> {
  const { output, signal, clock } = context;
  const screen = new LiveScreen(output.out);
  try {
    while (!signal.aborted) {
      const rows = await look(context, view);
      const shown = rows.slice(0, rowsOf(context, Math.max(1, screen.height - OTHER_LINES)));
      const table = new Table(columns(view.group), shown, output.width);
      const perMinute = rows.reduce((sum, { perMinuteUsd }) => sum + (perMinuteUsd ?? 0), 0);
      const total = rows.reduce((sum, { row }) => sum + Number(row.cost), 0);
      screen.show([
        `${timeText(clock(), view.zone)} ${view.zone}   since ${timeText(view.startMs, view.zone)}: ` +
          `${usdText(total.toFixed(12))}   now ${usdText(perMinute.toFixed(12))} a minute`,
        '',
        output.paint('bold', table.header()),
        ...shown.map((row) => table.row(row)),
      ]);
      await sleep(EVERY_MS, undefined, { signal });
    }
  } catch (error) {
    // Ctrl-C is how one leaves.
    if (!signal.aborted) throw error;
  } finally {
    screen.close();
  }
  return 0;
}

function rowsOf({ values }: CommandContext, usual: number): number {
  const { rows } = values;
  if (rows === undefined) return usual;
  const count = Number(rows);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UsageError('--rows: a whole number above 0.');
}

function columns({ name }: Grouping): Column<Paced>[] {
  return [
    { title: name, value: (one) => one.name, min: 10 },
    { title: 'spent', value: ({ row }) => usdText(row.cost), align: 'right' },
    {
      title: 'a minute',
      value: ({ perMinuteUsd }) => (perMinuteUsd === null ? '' : usdText(perMinuteUsd.toFixed(12))),
      align: 'right',
    },
    { title: 'calls', value: ({ row }) => countText(row.events - row.refusals), align: 'right' },
    { title: 'refused', value: ({ row }) => countText(row.refusals), align: 'right', spare: true },
    {
      title: 'input',
      value: ({ row }) => countText(row.input_tokens),
      align: 'right',
      spare: true,
    },
    {
      title: 'output',
      value: ({ row }) => countText(row.output_tokens),
      align: 'right',
      spare: true,
    },
  ];
}
