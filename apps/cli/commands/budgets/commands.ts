/** `tollgate budgets …`. */
import type { raiseView, topUpView } from '@tollgate/schemas/http/budget-limits.ts';
import type { z } from 'zod';
import type { Command, CommandContext } from '../../command.ts';
import type { Api } from '../../connection/api.ts';
import { UsageError } from '../../errors.ts';
import { amountIn, parseAmount } from '../../input/amount.ts';
import { mostOf, mostOption } from '../../input/most.ts';
import { oneScope, scopeFilter, scopeOptions } from '../../input/scope.ts';
import { parseTime } from '../../input/time.ts';
import { amountText, timeText } from '../../output/values.ts';
import { type Budget, budgetColumns, type Detail, showBudget } from './budget-text.ts';

const BUDGET = { name: 'BUDGET', help: 'its id, as `budgets list` shows it' } as const;
const AMOUNT = { name: 'AMOUNT', help: 'in the unit of the budget, as $5 or 10k' } as const;
const STATUS = ['active', 'archived'] as const;

export const budgetsList: Command = {
  name: 'budgets list',
  summary: 'list budgets, newest first, and what is used of each',
  options: {
    ...{ ...scopeOptions, ...mostOption },
    status: {
      type: 'string',
      value: 'STATUS',
      help: 'only these (default: active)',
      oneOf: STATUS,
    },
  },
  examples: [
    { line: 'tollgate budgets list', help: 'those that are in force' },
    {
      line: 'tollgate budgets list --customer acme --json',
      help: 'of a customer, its teams and its keys',
    },
  ],
  async run({ api, values, output }) {
    const query = { status: 'active', ...scopeFilter(values), ...pick(values['status'], 'status') };
    const pages = (await api()).pages<Budget>('/v1/budgets', query, mostOf(values));
    await output.list(pages, budgetColumns(output), 'There is no such budget.');
    return 0;
  },
};

export const budgetsShow: Command = {
  name: 'budgets show',
  summary: 'show a budget: what is spent, held and left, and how fast it goes',
  parameters: [BUDGET],
  options: {
    'end-user': { type: 'string', value: 'NAME', help: 'of a budget per end user: whose window' },
  },
  examples: [{ line: 'tollgate budgets show bud_1', help: 'with raises and top-ups in force' }],
  async run(context) {
    const { api, values, output, timeZone } = context;
    const query = pick(values['end-user'], 'end_user');
    const budget = await (await api()).get<Detail>(pathOf(context), query);
    const zone = await timeZone();
    output.object(budget, () => showBudget(output, budget, zone));
    return 0;
  },
};

export const budgetsCreate: Command = {
  name: 'budgets create',
  summary: 'make a budget',
  parameters: [{ name: 'LIMIT', help: 'as $5, "10k tokens" or "1000 requests"' }],
  options: {
    ...scopeOptions,
    installation: { type: 'boolean', help: 'of all customers together' },
    window: {
      ...{ type: 'string', value: 'WINDOW', help: 'when it begins again (default: month)' },
      oneOf: ['hour', 'day', 'week', 'month', 'total'],
    },
    model: { type: 'string', value: 'PATTERN', help: 'only calls of these models; * is any text' },
    soft: { type: 'boolean', help: 'raises alarms and refuses nothing' },
    clamp: { type: 'boolean', help: 'a call gets the output limit that is left of it' },
  },
  examples: [
    { line: 'tollgate budgets create $5 --key key_1', help: 'five dollars a month for one key' },
    {
      line: 'tollgate budgets create "10k tokens" --customer acme --window day --model "gpt-4o*"',
      help: 'a day, for some models',
    },
  ],
  async run({ api, values, words: [text = ''], output, print, say }) {
    const { value: limit, unit } = parseAmount('LIMIT', text);
    if (unit === undefined)
      throw new UsageError(`LIMIT: is it $${limit}, "${text} tokens" or "${text} requests"?`);
    const { window, model } = values;
    const body = {
      ...{ scope: oneScope(values), limit, unit, window, model },
      ...(values['soft'] === true ? { enforcement: 'soft' } : {}),
      ...(values['clamp'] === true ? { on_exceeded: 'clamp' } : {}),
    };
    const budget = await (await api()).post<Budget>('/v1/budgets', body);
    output.object(budget, () => print(budget.id));
    say(`${amountText(budget.limit, budget.unit)} per ${budget.window}.`);
    return 0;
  },
};

export const budgetsSet: Command = {
  name: 'budgets set',
  summary: 'change the limit of a budget, from now on',
  parameters: [BUDGET, AMOUNT],
  examples: [{ line: 'tollgate budgets set bud_1 $25', help: 'the open window has it at once' }],
  async run(context) {
    const { api, output, say } = context;
    const client = await api();
    const before = await client.get<Budget>(pathOf(context));
    const limit = amountOf(context, before);
    const after = await client.patch<Budget>(pathOf(context), { limit });
    output.object(after, () => undefined);
    say(
      `${amountText(before.limit, before.unit)} → ${amountText(after.limit, after.unit)} per ${after.window}.`,
    );
    return 0;
  },
};

export const budgetsRaise: Command = {
  name: 'budgets raise',
  summary: 'add to the limit of a budget until an instant',
  parameters: [BUDGET, AMOUNT],
  options: { until: { type: 'string', value: 'TIME', help: 'as 2026-12-31 or "in 2h"' } },
  examples: [
    {
      line: 'tollgate budgets raise bud_1 $10 --until "in 2h"',
      help: 'then the limit is what it was',
    },
  ],
  async run(context) {
    const until = await instantOf(context, 'until');
    if (until === undefined) throw new UsageError('--until: when does it end?');
    const { client, budget } = await known(context);
    const body = { amount: amountOf(context, budget), until };
    const raise = await client.post<z.output<typeof raiseView>>(`${pathOf(context)}/raises`, body);
    const zone = await context.timeZone();
    context.output.object(raise, () => context.print(raise.id));
    context.say(
      `${amountText(raise.amount, budget.unit)} more until ${timeText(raise.until, zone)} ${zone}.`,
    );
    return 0;
  },
};

export const budgetsTopUp: Command = {
  name: 'budgets top-up',
  summary: 'add prepaid credit to a budget whose window is total',
  parameters: [BUDGET, AMOUNT],
  options: {
    expires: { type: 'string', value: 'TIME', help: 'what is left then is gone (default: never)' },
  },
  examples: [{ line: 'tollgate budgets top-up bud_2 $50', help: 'credit that does not end' }],
  async run(context) {
    const expires_at = await instantOf(context, 'expires');
    const { client, budget } = await known(context);
    const body = { amount: amountOf(context, budget), expires_at };
    const topUp = await client.post<z.output<typeof topUpView>>(`${pathOf(context)}/top-ups`, body);
    context.output.object(topUp, () => context.print(topUp.id));
    context.say(`${amountText(topUp.amount, budget.unit)} more.`);
    return 0;
  },
};

export const budgetsArchive: Command = {
  name: 'budgets archive',
  summary: 'end a budget: it limits nothing any more',
  parameters: [BUDGET],
  examples: [{ line: 'tollgate budgets archive bud_1', help: 'its history stays' }],
  async run(context) {
    const budget = await (await context.api()).post<Budget>(`${pathOf(context)}/archive`);
    context.output.object(budget, () => undefined);
    context.say(`Budget ${budget.id} is archived.`);
    return 0;
  },
};

function pathOf({ words: [id = ''] }: CommandContext): string {
  return `/v1/budgets/${encodeURIComponent(id)}`;
}

async function known(context: CommandContext): Promise<{ client: Api; budget: Budget }> {
  const client = await context.api();
  return { client, budget: await client.get<Budget>(pathOf(context)) };
}

function amountOf({ words: [, text = ''] }: CommandContext, { unit }: Budget): string {
  return amountIn('AMOUNT', text, unit);
}

async function instantOf(
  { values, clock, timeZone }: CommandContext,
  name: string,
): Promise<string | undefined> {
  const text = values[name];
  if (typeof text !== 'string') return undefined;
  const context = { nowMs: clock(), timeZone: await timeZone() };
  return new Date(parseTime(`--${name}`, text, context)).toISOString();
}

function pick(value: unknown, name: string): Record<string, string> {
  return typeof value === 'string' ? { [name]: value } : {};
}
