/** `tollgate usage`: what was used and what it cost, with its course over time. */
import type { Command, CommandContext } from '../../command.ts';
import type { Api } from '../../connection/api.ts';
import { Names } from '../../connection/names.ts';
import { type Range, rangeOf, rangeOptions } from '../../input/range.ts';
import type { Column } from '../../output/table.ts';
import { countText, sparkline, timeText, usdText } from '../../output/values.ts';
import {
  BY_HELP,
  type Grouping,
  groupingOf,
  type UsageRow,
  usageFilter,
  usageOptions,
} from './usage-query.ts';

const DAY_MS = 86_400_000;
/** A course of more hours than this is shown by days. */
const HOURS_SPAN_MS = 3 * DAY_MS;
const BARS_MAX = 31;

export const usageCommand: Command = {
  name: 'usage',
  summary: 'show what was used and what it cost',
  detail: `By default, the calls of this month by model. Amounts are what providers bill, before a markup. With
--window, a row for each hour, day or month.`,
  options: {
    ...rangeOptions,
    by: { type: 'string', value: 'NAMES', help: `${BY_HELP} (default: model)` },
    window: {
      ...{ type: 'string', value: 'WINDOW', help: 'a row for each' },
      oneOf: ['hour', 'day', 'month'],
    },
    ...usageOptions,
    history: { type: 'boolean', help: 'with what was imported, which is not billed here' },
  },
  examples: [
    { line: 'tollgate usage', help: 'this month by model, with its course' },
    { line: 'tollgate usage --in yesterday --by customer,model', help: 'who used what' },
    {
      line: 'tollgate usage --in 2026-11 --window day --by tag:app --json',
      help: 'a month day by day, by a tag of the keys, for a program',
    },
  ],
  async run(context) {
    const { values, output, say } = context;
    const range = await rangeOf(context, 'this month');
    const groups = groupingOf((values['by'] as string | undefined) ?? 'model');
    const api = await context.api();
    const window = values['window'] as string | undefined;
    const { data, has_more } = await read(api, context, range, groups, window ?? 'total');
    if (output.isJson) {
      for (const row of data) output.print(JSON.stringify(row));
    } else {
      const course = window === undefined ? await courseOf(api, context, range, groups) : undefined;
      await show(context, { range, groups, data, course, names: new Names(api) });
    }
    if (has_more) say('There is more: ask for a shorter time, or for less at once.');
    return 0;
  },
};

type Page = { data: UsageRow[]; has_more: boolean };

function read(
  api: Api,
  { values }: Pick<CommandContext, 'values'>,
  { startMs, endMs, timeZone }: Range,
  groups: readonly Grouping[],
  window: string,
): Promise<Page> {
  return api.get<Page>('/v1/usage', {
    ...usageFilter(values),
    ...(values['history'] === true ? { history: 'true' } : {}),
    ...{ window, time_zone: timeZone, group_by: groups.map(({ groupBy }) => groupBy).join(',') },
    start: new Date(startMs).toISOString(),
    end: new Date(endMs).toISOString(),
  });
}

type Course = { unit: string; of: Map<string, string> };

const nameOf = (row: UsageRow, groups: readonly Grouping[]) =>
  groups.map(({ field }) => String(row[field] ?? '')).join('\u0000');

/** Cost over time of each row; undefined: it is too long or too short a time to show one. */
async function courseOf(
  api: Api,
  context: CommandContext,
  range: Range,
  groups: readonly Grouping[],
): Promise<Course | undefined> {
  const spanMs = Math.min(range.endMs, context.clock()) - range.startMs;
  const unit = spanMs <= HOURS_SPAN_MS ? 'hour' : spanMs <= BARS_MAX * DAY_MS + 1 ? 'day' : 'month';
  const { data, has_more } = await read(api, context, range, groups, unit);
  if (has_more) return undefined;
  const starts = windowStarts(range, Math.min(range.endMs, context.clock()), unit);
  if (starts.length < 2 || starts.length > HOURS_SPAN_MS / 3_600_000 + 1) return undefined;
  const at = new Map(starts.map((ms, index) => [ms, index]));
  const costs = new Map<string, number[]>();
  for (const row of data) {
    const name = nameOf(row, groups);
    const figures = costs.get(name) ?? starts.map(() => 0);
    const index = at.get(Date.parse(row.window_start ?? ''));
    if (index !== undefined) figures[index] = Number(row.cost);
    costs.set(name, figures);
  }
  return { unit, of: new Map([...costs].map(([name, figures]) => [name, sparkline(figures)])) };
}

function windowStarts({ startMs, timeZone }: Range, untilMs: number, unit: string): number[] {
  const starts: number[] = [];
  const first = Temporal.Instant.fromEpochMilliseconds(startMs).toZonedDateTimeISO(timeZone);
  const step = unit === 'hour' ? { hours: 1 } : unit === 'day' ? { days: 1 } : { months: 1 };
  for (let at = first; at.epochMilliseconds < untilMs && starts.length < 400; at = at.add(step)) {
    starts.push(at.epochMilliseconds);
  }
  return starts;
}

type Shown = {
  range: Range;
  groups: readonly Grouping[];
  data: readonly UsageRow[];
  course: Course | undefined;
  names: Names;
};

async function show({ output, say }: CommandContext, shown: Shown): Promise<void> {
  const { range, groups, data, course, names } = shown;
  for (const { field } of groups) {
    await names.learn(
      field,
      data.map((row) => row[field] as string | null),
    );
  }
  const { startMs, endMs, timeZone } = range;
  say(`${timeText(startMs, timeZone)} to ${timeText(endMs, timeZone)}, ${timeZone}`);
  if (data.length === 0) return say('Nothing was used.');
  const byCost = [...data].sort((a, b) => Number(b.cost) - Number(a.cost));
  const isByTime = data[0]?.window_start !== null;
  output.table(
    columns(groups, names, course, isByTime ? timeZone : null),
    isByTime ? data : byCost,
  );
  const unpriced = data.reduce((sum, row) => sum + row.unpriced_events, 0);
  if (unpriced > 0)
    say(`The cost of ${countText(unpriced)} events is not known yet, and is not in it.`);
}

function columns(
  groups: readonly Grouping[],
  names: Names,
  course: Course | undefined,
  timeZone: string | null,
): Column<UsageRow>[] {
  const tokens = (row: UsageRow) => row.output_tokens + row.reasoning_tokens;
  return [
    ...(timeZone === null
      ? []
      : [{ title: 'from', value: (row: UsageRow) => timeText(row.window_start, timeZone) }]),
    ...groups.map(({ name, field }) => ({
      ...{ title: name, min: 8 },
      value: (row: UsageRow) => names.of(String(row[field] ?? '—')),
    })),
    { title: 'calls', value: (row) => countText(row.events - row.refusals), align: 'right' },
    { title: 'refused', value: (row) => countText(row.refusals), align: 'right', spare: true },
    { title: 'input', value: (row) => countText(row.input_tokens), align: 'right', spare: true },
    { title: 'output', value: (row) => countText(tokens(row)), align: 'right', spare: true },
    { title: 'cost', value: (row) => usdText(row.cost), align: 'right' },
    ...(course === undefined
      ? []
      : [
          {
            ...{ title: `cost by ${course.unit}`, min: 8, spare: true, keeps: 'end' as const },
            value: (row: UsageRow) => course.of.get(nameOf(row, groups)) ?? '',
          },
        ]),
  ];
}
