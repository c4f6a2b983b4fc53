/** `tollgate reconcile`: a provider's own totals against what was metered. */
import type { Command, CommandContext } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import type { Column } from '../../output/table.ts';
import { countText, usdText } from '../../output/values.ts';

type Share = {
  cause: string;
  candidates: string[];
  quantities: Record<string, number>;
  amount: string | null;
};
type Cause = Share & { days: number; first_day: string; last_day: string };
type Move = {
  model: string;
  bucket: string | null;
  first_day: string;
  theirs: string | null;
  ours: string | null;
};
type Cell = {
  day: string;
  model: string;
  theirs_cost: string | null;
  our_cost: string;
  difference_cost: string | null;
  unexplained_cost: string | null;
  buckets: { bucket: string; theirs: number | null; ours: number; unexplained: number | null }[];
  shares: Share[];
};
type Answer = {
  id: string | null;
  verdict: string;
  first_day: string;
  last_day: string;
  files: {
    name: string;
    source: string;
    problems_count: number;
    problems: { line: number; message: string }[];
    skipped: { reason: string; records: number }[];
  }[];
  report: {
    causes: Cause[];
    price_moves: Move[];
    models_only_on_bill: string[];
    models_only_ours: string[];
    unexplained_cost: string | null;
    buckets: { bucket: string; unexplained: number | null }[];
    cells: Cell[];
  };
};

/** A comparison reads a month of events in the warehouse. */
const WAIT_MS = 120_000;
const CELLS_SHOWN = 30;

export const reconcileCommand: Command = {
  name: 'reconcile',
  summary:
    'compare a provider’s usage or cost export with what was metered, and say why they differ',
  detail: `Takes exports of OpenAI, Anthropic, Google Cloud, AWS, OpenRouter and LiteLLM as they are. Several files
may be pages of one report, or a usage report and its costs. docs/reconcile.md says which, and by which rules
a difference is explained. It ends with 1 if something is left unexplained.`,
  parameters: [{ name: 'FILE', help: 'an export, JSON or CSV', many: true, optional: true }],
  options: {
    provider: {
      ...{ type: 'string', value: 'NAME', many: true },
      help: 'as the configuration calls it (default: what the export is usually called)',
    },
    own: {
      ...{ type: 'string', value: 'ID', many: true },
      help: 'credentials of the gateway, as api_key:ID, project:ID or workspace:ID',
    },
    model: {
      ...{ type: 'string', value: 'THEIRS=OURS', many: true },
      help: 'a name in the export, and its name here',
    },
    fetch: {
      ...{ type: 'string', value: 'PROVIDER', oneOf: ['openai', 'anthropic'] },
      help: 'instead of files: ask its admin API for usage and costs, with an admin key',
    },
    'admin-key-file': {
      ...{ type: 'string', value: 'PATH' },
      help: 'holds the admin key (default: OPENAI_ADMIN_KEY or ANTHROPIC_ADMIN_KEY)',
    },
    'first-day': {
      type: 'string',
      value: 'DAY',
      help: 'as 2026-11-01 (default: all of the export)',
    },
    'last-day': { type: 'string', value: 'DAY', help: 'included' },
    'dry-run': { type: 'boolean', help: 'compare, and keep nothing' },
  },
  examples: [
    {
      line: 'tollgate reconcile usage.csv --own api_key:key_1 --dry-run',
      help: 'the dashboard’s export; usage of other keys never passed the gateway',
    },
    {
      line: 'tollgate reconcile --fetch openai --first-day 2026-11-01 --last-day 2026-11-30',
      help: 'a month from the admin API; nothing asks it unless you do',
    },
  ],
  async run(context) {
    const { values, output } = context;
    const body = {
      ...(await filesOf(context)),
      ...(values['provider'] === undefined ? {} : { providers: values['provider'] }),
      own_identities: values['own'] ?? [],
      models: modelsOf((values['model'] ?? []) as readonly string[]),
      dry_run: values['dry-run'] === true,
    };
    const api = await context.api();
    const answer = await api.post<Answer>('/v1/reconciliations/totals', body, { waitMs: WAIT_MS });
    output.object(answer, () => show(context, answer));
    return isExplained(answer) ? 0 : 1;
  },
};

/** Of the files that are named, or of what an admin API answers. */
async function filesOf({ words, values, environment, say, signal }: CommandContext) {
  const { fetchFiles, readFiles } = await import('./read-files.ts');
  const { fetch, 'first-day': first, 'last-day': last } = values as Record<string, string>;
  const days = {
    ...(first === undefined ? {} : { first_day: first }),
    ...(last === undefined ? {} : { last_day: last }),
  };
  if (fetch === undefined) {
    if (words.length === 0) throw new UsageError('Name a FILE, or a provider with --fetch.');
    return { files: await readFiles(words, say), ...days };
  }
  if (words.length > 0) throw new UsageError('--fetch takes no FILE.');
  if (first === undefined || last === undefined) {
    throw new UsageError('--fetch needs --first-day and --last-day.');
  }
  const asked = { from: fetch as 'openai' | 'anthropic', firstDay: first, lastDay: last };
  const keyFile = values['admin-key-file'] as string | undefined;
  return { files: await fetchFiles(asked, { keyFile, environment, say, signal }), ...days };
}

function modelsOf(pairs: readonly string[]): Record<string, string> {
  const entries = pairs.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1 || at === pair.length - 1)
      throw new UsageError(`--model ${pair}: write THEIRS=OURS.`);
    return [pair.slice(0, at), pair.slice(at + 1)] as const;
  });
  return Object.fromEntries(entries);
}

function isExplained({ report }: Answer): boolean {
  const left = report.buckets.some(({ unexplained }) => (unexplained ?? 0) !== 0);
  return !left && Number(report.unexplained_cost ?? 0) === 0;
}

function show({ output, say }: CommandContext, answer: Answer): void {
  const { report } = answer;
  for (const { name, source, problems_count, problems, skipped } of answer.files) {
    say(`${name}: ${source}, ${answer.first_day} to ${answer.last_day}`);
    for (const { line, message } of problems) say(`  line ${line}: ${message}`);
    if (problems_count > problems.length) say(`  … ${problems_count} such lines in all`);
    for (const { reason, records } of skipped)
      say(`  ${countText(records)} not compared: ${reason}`);
  }
  output.print(answer.verdict);
  if (report.causes.length > 0) {
    output.heading('What explains the difference');
    output.table(causeColumns, report.causes);
  }
  if (report.price_moves.length > 0) {
    output.heading('Prices that differ, USD per million');
    output.table(moveColumns, report.price_moves);
  }
  const differing = report.cells.filter(
    ({ shares, buckets }) => shares.length > 0 || isOpen(buckets),
  );
  if (differing.length > 0) {
    output.heading('Days and models that differ');
    output.table(cellColumns, differing.slice(0, CELLS_SHOWN));
    if (differing.length > CELLS_SHOWN)
      say(`… and ${differing.length - CELLS_SHOWN} more: --json has them.`);
  }
  for (const [names, what] of [
    [report.models_only_on_bill, 'Only in the export (--model THEIRS=OURS says what it is here)'],
    [report.models_only_ours, 'Only here'],
  ] as const) {
    if (names.length > 0) say(`${what}: ${names.join(', ')}`);
  }
  if (answer.id !== null) say(`Kept as ${answer.id}.`);
}

const isOpen = (buckets: Cell['buckets']) =>
  buckets.some(({ unexplained }) => (unexplained ?? 0) !== 0);

const nameOf = ({ cause, candidates }: Share) =>
  (cause === 'undecided' ? candidates.join(' or ') : cause).replaceAll('_', ' ');

function tokensOf({ quantities }: Share): number {
  const tokens = Object.entries(quantities).filter(([name]) => name.endsWith('_tokens'));
  return tokens.reduce((sum, [, value]) => sum + value, 0);
}

const causeColumns: Column<Cause>[] = [
  { title: 'cause', value: nameOf },
  { title: 'tokens', value: (cause) => countText(tokensOf(cause)), align: 'right' },
  { title: 'cost', value: ({ amount }) => usdText(amount), align: 'right' },
  { title: 'days', value: ({ days }) => countText(days), align: 'right' },
  { title: 'from', value: ({ first_day }) => first_day, spare: true },
  { title: 'to', value: ({ last_day }) => last_day, spare: true },
];

const moveColumns: Column<Move>[] = [
  { title: 'model', value: ({ model }) => model, min: 8 },
  { title: 'bucket', value: ({ bucket }) => bucket ?? 'all' },
  { title: 'theirs', value: ({ theirs }) => usdText(theirs), align: 'right' },
  { title: 'ours', value: ({ ours }) => usdText(ours), align: 'right' },
  { title: 'since', value: ({ first_day }) => first_day },
];

const cellColumns: Column<Cell>[] = [
  { title: 'day', value: ({ day }) => day },
  { title: 'model', value: ({ model }) => model, min: 8 },
  { title: 'theirs', value: ({ theirs_cost }) => usdText(theirs_cost), align: 'right' },
  { title: 'ours', value: ({ our_cost }) => usdText(our_cost), align: 'right' },
  { title: 'why', value: ({ shares }) => shares.map(nameOf).join(', '), min: 8 },
  {
    ...{ title: 'unexplained', align: 'right', spare: true },
    value: ({ buckets }) =>
      countText(buckets.reduce((sum, { unexplained }) => sum + Math.abs(unexplained ?? 0), 0)),
  },
];
