/** Budgets as people read them. */
import type { budgetDetail } from '@tollgate/schemas/http/budget-detail.ts';
import type { budgetView } from '@tollgate/schemas/http/resources.ts';
import type { z } from 'zod';
import type { Output } from '../../output/output.ts';
import type { Column } from '../../output/table.ts';
import { amountText, timeText } from '../../output/values.ts';

export type Budget = z.output<typeof budgetView>;
export type Detail = z.output<typeof budgetDetail>;

const BAR = 10;
/** From so much of the limit on, a budget is nearly used up. */
const NEAR_PERCENT = 80;

/** Percent of the limit; null: nobody knows. Only for the eye: sums are the API's. */
function percentOf({ current: { spent, limit } }: Budget): number | null {
  if (spent === null) return null;
  if (Number(limit) === 0) return Number(spent) > 0 ? 100 : 0;
  return (Number(spent) / Number(limit)) * 100;
}

function used(budget: Budget): string {
  const percent = percentOf(budget);
  if (percent === null) return 'unknown';
  const filled = Math.min(BAR, Math.floor((percent / 100) * BAR));
  return `${'█'.repeat(filled)}${'░'.repeat(BAR - filled)} ${String(Math.floor(percent)).padStart(3)} %`;
}

function colour(output: Output, budget: Budget, text: string): string {
  const percent = percentOf(budget) ?? 0;
  return output.paint(percent >= 100 ? 'red' : percent >= NEAR_PERCENT ? 'yellow' : 'green', text);
}

export function budgetColumns(output: Output): Column<Budget>[] {
  return [
    { title: 'id', value: ({ id }) => id },
    { title: 'scope', value: scopeText, min: 8 },
    { title: 'window', value: ({ window }) => window, spare: true },
    {
      title: 'limit',
      value: ({ current, unit }) => amountText(current.limit, unit),
      align: 'right',
    },
    {
      title: 'spent',
      value: ({ current, unit }) => amountText(current.spent, unit),
      align: 'right',
    },
    {
      title: 'used',
      value: used,
      style: (budget, text) => colour(output, budget, text),
      spare: true,
    },
    { title: 'model', value: ({ model }) => model ?? 'all', min: 6, spare: true },
    { title: 'kind', value: ({ enforcement }) => enforcement, spare: true },
    { title: 'status', value: ({ status }) => status, spare: true },
  ];
}

function scopeText({ scope, per }: Budget): string {
  const whose = scope.type === 'installation' ? 'installation' : `${scope.type} ${scope.id}`;
  return per === null ? whose : `${whose} per ${per.replace('_', ' ')}`;
}

export function showBudget(output: Output, budget: Detail, timeZone: string): void {
  const { current, unit } = budget;
  const amount = (decimal: string | null) => amountText(decimal, unit);
  const unresolved = current.unresolved;
  const pace = (rate: Detail['spending']['window']) => {
    if (rate === null) return 'not known';
    const { exhausted_at: end } = rate;
    const until = end === null ? '' : `, used up ${timeText(end, timeZone)}`;
    return `${amount(rate.per_hour)} an hour${until}`;
  };
  output.facts([
    ['id', budget.id],
    ['scope', scopeText(budget)],
    [
      'limit',
      `${amount(budget.limit)} per ${budget.window} (${budget.enforcement}, by ${budget.basis})`,
    ],
    ['model', budget.model ?? 'all'],
    ['when exceeded', budget.on_exceeded],
    ['status', budget.status],
    ['window', `since ${timeText(current.window_start, timeZone)} ${timeZone}`],
    ['resets', current.resets_at === null ? 'never' : timeText(current.resets_at, timeZone)],
    ['limit now', amount(current.limit)],
    ['spent', `${amount(current.spent)}  ${used(budget)}`],
    ['held', amount(current.held)],
    ['available', amount(current.available)],
    [
      'unresolved',
      unresolved === null
        ? 'unknown'
        : `${amount(unresolved.amount)} of ${unresolved.attempts} attempts`,
    ],
    ['pace', pace(budget.spending.window)],
    ['pace now', pace(budget.spending.recent)],
  ]);
  const { raises, credit } = current.parts;
  const parts = [
    ...raises.map((raise) => ({ ...raise, kind: 'raise', ends: raise.until })),
    ...credit.map((part) => ({ ...part, kind: 'top-up', ends: part.expires_at })),
  ];
  if (parts.length === 0) return;
  output.heading('Added to the limit');
  output.table(
    [
      { title: 'kind', value: ({ kind }) => kind },
      { title: 'id', value: ({ id }) => id },
      { title: 'amount', value: (part) => amount(part.amount), align: 'right' },
      { title: 'until', value: ({ ends }) => timeText(ends, timeZone) },
    ],
    parts,
  );
}
