/** `tollgate calls …`: single calls, and why one was refused or cost what it did. */
import type { callWhy } from '@tollgate/schemas/http/call-why.ts';
import type { callView } from '@tollgate/schemas/http/calls.ts';
import type { z } from 'zod';
import type { Command, CommandContext } from '../../command.ts';
import { mostOf, mostOption } from '../../input/most.ts';
import { rangeOf, rangeOptions } from '../../input/range.ts';
import { scopeFilter, scopeOptions } from '../../input/scope.ts';
import type { Column } from '../../output/table.ts';
import { amountText, countText, timeText, usdText } from '../../output/values.ts';

type Call = z.output<typeof callView>;
type Why = z.output<typeof callWhy>;
type Attempt = Why['attempts'][number];

const tokens = (call: Call, name: 'input_tokens' | 'output_tokens') =>
  countText(call.events.reduce((sum, event) => sum + (event[name] ?? 0), 0));

const columns = (zone: string, paint: CommandContext['output']['paint']): Column<Call>[] => [
  { title: 'time', value: ({ time }) => timeText(time, zone) },
  { title: 'id', value: ({ id }) => id },
  { title: 'model', value: ({ model }) => model ?? '', min: 8 },
  { title: 'key', value: ({ key_id }) => key_id ?? '', spare: true },
  {
    title: 'status',
    value: ({ status, error_type }) => error_type ?? status,
    min: 8,
    style: ({ status }, text) => paint(status === 'ok' ? 'green' : 'red', text),
  },
  { title: 'input', value: (call) => tokens(call, 'input_tokens'), align: 'right', spare: true },
  { title: 'output', value: (call) => tokens(call, 'output_tokens'), align: 'right', spare: true },
  { title: 'cost', value: ({ cost }) => usdText(cost), align: 'right', spare: true },
];

export const callsList: Command = {
  name: 'calls list',
  summary: 'list calls of clients, newest first',
  options: {
    ...{ ...rangeOptions, ...scopeOptions, ...mostOption },
    model: { type: 'string', value: 'MODEL', help: 'as clients or the provider name it' },
    status: {
      ...{ type: 'string', value: 'STATUS', help: 'how it ended, as refused' },
      oneOf: ['ok', 'upstream_error', 'client_closed', 'timeout', 'refused', 'unknown'],
    },
    'error-type': { type: 'string', value: 'CODE', help: 'as budget_exceeded' },
  },
  examples: [
    { line: 'tollgate calls list --in today --most 20', help: 'the newest of today' },
    {
      line: 'tollgate calls list --from "2h ago" --status refused --json',
      help: 'what was refused lately, for a program',
    },
  ],
  async run(context) {
    const { api, values, output } = context;
    const { startMs, endMs, timeZone } = await rangeOf(context, 'this month');
    const { model, status, 'error-type': error_type } = values as Record<string, string>;
    const query = {
      ...{ ...scopeFilter(values), model, status, error_type },
      ...{ start: new Date(startMs).toISOString(), end: new Date(endMs).toISOString() },
    };
    const pages = (await api()).pages<Call>('/v1/calls', query, mostOf(values));
    await output.list(pages, columns(timeZone, output.paint), 'There is no such call.');
    return 0;
  },
};

export const callsWhy: Command = {
  name: 'calls why',
  summary: 'say why a call was refused, or how it was priced and charged',
  parameters: [{ name: 'CALL', help: 'the x-tollgate-call-id of its answer' }],
  examples: [
    {
      line: 'tollgate calls why 019b0000-0000-7000-8000-000000000001',
      help: 'which limit, who holds what of it, and what helps',
    },
  ],
  async run(context) {
    const { api, words, output, timeZone } = context;
    const path = `/v1/calls/${encodeURIComponent(words[0] ?? '')}/why`;
    const why = await (await api()).get<Why>(path);
    const zone = await timeZone();
    output.object(why, () => show(context, why, zone));
    return 0;
  },
};

function show(context: CommandContext, why: Why, zone: string): void {
  const { output, print } = context;
  const { refusal, attempts } = why;
  output.facts([
    ['call', why.id],
    ['time', `${timeText(why.time, zone)} ${zone}`],
    ['customer', why.customer_id],
    ['key', why.key_id ?? 'none'],
    ['model', why.model ?? 'none'],
    ['outcome', refusal === null ? 'admitted' : output.paint('red', `refused: ${refusal.code}`)],
  ]);
  if (refusal !== null) showRefusal(context, refusal, zone);
  for (const attempt of attempts) showAttempt(context, attempt);
  if (refusal === null && attempts.length === 0) print('Nothing was sent.');
}

function showRefusal(
  { output, print }: CommandContext,
  refusal: NonNullable<Why['refusal']>,
  zone: string,
) {
  const { limit, remedies } = refusal;
  if (limit?.type === 'budget') {
    const amount = (text: string) => counted(limit.counted_as, text);
    output.heading(`Budget ${limit.budget_id}`);
    output.facts([
      ['limit', amount(limit.limit)],
      ['spent', amount(limit.spent)],
      ['held', amount(limit.held)],
      ['available', amount(limit.available)],
      ['needed', output.paint('red', amount(limit.needed))],
      ['resets', timeText(limit.resets_at, zone)],
    ]);
  }
  if (limit?.type === 'rate_limit') {
    output.heading(`Rate limit ${limit.rate_limit_id}`);
    output.facts([
      ['limit', `${countText(limit.limit)} ${limit.measure ?? ''} per ${limit.window ?? 'moment'}`],
      ['remaining', countText(limit.remaining)],
      ['needed', countText(limit.needed)],
      ['resets', timeText(limit.resets_at, zone)],
    ]);
  }
  if (limit?.type === 'guardrail') {
    output.heading(`Guardrail ${limit.guardrail}`);
    output.facts([['rule', limit.rule]]);
  }
  if (remedies.length > 0) output.heading('What helps');
  for (const { detail } of remedies) print(`- ${detail}`);
}

function showAttempt({ output }: CommandContext, attempt: Attempt): void {
  const { price, budgets } = attempt;
  output.heading(
    `Attempt ${attempt.attempt}: ${attempt.provider ?? 'no provider'} ${attempt.model ?? ''}`,
  );
  output.facts([
    ['id', attempt.id],
    ['status', attempt.error_type ?? attempt.status],
    ['usage', attempt.usage_source],
    ['cost', usdText(attempt.cost)],
    ['price', price === null ? 'none' : `${price.version} (${price.source})`],
  ]);
  output.table(
    [
      { title: 'unit', value: ({ unit }) => unit, min: 8 },
      { title: 'quantity', value: ({ quantity }) => countText(quantity), align: 'right' },
      { title: '$ per million', value: (line) => usdText(line.usd_per_million), align: 'right' },
      { title: 'cost', value: ({ cost }) => usdText(cost), align: 'right' },
    ],
    price?.lines ?? [],
  );
  output.table(
    [
      { title: 'budget', value: ({ budget_id }) => budget_id },
      { title: 'held', value: (one) => counted(one.counted_as, one.held), align: 'right' },
      { title: 'charged', value: (one) => counted(one.counted_as, one.charged), align: 'right' },
      {
        title: 'adjusted',
        value: (one) => counted(one.counted_as, one.adjusted),
        align: 'right',
        spare: true,
      },
    ],
    budgets,
  );
}

/** `usd+200000ppm` is dollars with a markup, `tokens…` are tokens: the word at the start is the unit. */
function counted(countedAs: string, text: string): string {
  return amountText(text, /^[a-z]+/.exec(countedAs)?.[0] ?? countedAs);
}
