/** Why a call was refused: the limit as the proxy saw it, and what the ledger knows of that instant. */
import type { AccountedEvent } from '@tollgate/adapters/warehouse/queries/call-account.ts';
import { available, noAccount } from '@tollgate/domain/budget/account.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { RefusedBudget, RefusedRate } from '@tollgate/domain/usage/refused-limit.ts';
import { refusedLimit } from '@tollgate/schemas/event/refused-limit.ts';
import type { callWhy } from '@tollgate/schemas/http/call-why.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { leasesOf } from '../budgets/budget-detail.ts';
import { readWindow, type WindowHistory } from '../budgets/window-history.ts';
import { budgetRemedies, otherRemedies, rateRemedies } from './remedies.ts';
import { windowTimes } from './window-times.ts';

type Refusal = NonNullable<z.input<typeof callWhy>['refusal']>;
type Limit = NonNullable<Refusal['limit']>;

export async function explainRefusal(event: AccountedEvent, context: ApiContext): Promise<Refusal> {
  const code = event.error_type ?? 'unknown';
  const by = event.source.replace(/^proxy\//, '');
  const { data: said } = refusedLimit.safeParse(event.refusal);
  // An event of before, or of a later version, says nothing that is understood here.
  if (said === undefined) return { code, limit: null, remedies: otherRemedies(code) };
  if (said.kind === 'guardrail') {
    const { guardrail, rule } = said;
    return { code, limit: { type: 'guardrail', guardrail, rule }, remedies: otherRemedies(code) };
  }
  if (said.kind === 'rate_limit') {
    return { code, limit: rateLimit(said, by, context), remedies: rateRemedies(said) };
  }
  const limit = await budgetLimit(said, by, context);
  return { code, limit, remedies: budgetRemedies(said, limit) };
}

async function budgetLimit(said: RefusedBudget, by: string, context: ApiContext) {
  const definition = context.directory.budgets.get(said.budget_id)?.state ?? null;
  const history = await windowAsOf(said, context);
  const { account } = history;
  const { window_start, window_end } = windowTimes(said.window, history.opened, definition);
  return {
    type: 'budget' as const,
    budget_id: said.budget_id,
    scope: definition?.scope ?? null,
    ...{
      unit: definition?.unit ?? null,
      counted_as: said.unit,
      window: definition?.window ?? null,
    },
    ...{ window_start, resets_at: window_end },
    limit: said.limit,
    spent: formatDecimal12(account.spent),
    held: formatDecimal12(account.held),
    available: formatDecimal12(available({ ...account, limit: parseDecimal12(said.limit) })),
    ...{ spent_or_reserved: said.spent, needed: said.needed, refused_by: by },
    leases: leasesOf(history),
  } satisfies Limit;
}

/** Up to the event that the proxy had read when it refused. */
async function windowAsOf(said: RefusedBudget, context: ApiContext): Promise<WindowHistory> {
  const { ledger, limits } = context;
  if (!/^\d+$/.test(said.revision)) {
    return { opened: null, account: noAccount, leases: new Map(), adjustments: [] };
  }
  const reader = { ledger, pageEvents: limits.ledgerPageEvents };
  return await readWindow(reader, said.window, BigInt(said.revision)).catch((cause: unknown) => {
    throw new ApiProblem('ledger_unavailable', { cause });
  });
}

function rateLimit(said: RefusedRate, by: string, { directory }: ApiContext): Limit {
  const definition = directory.rateLimits.get(said.rate_limit_id)?.state ?? null;
  return {
    type: 'rate_limit',
    rate_limit_id: said.rate_limit_id,
    scope: definition?.scope ?? null,
    ...{ measure: definition?.measure ?? null, window: definition?.per ?? null },
    resets_at: said.resets_at ?? null,
    ...{ limit: Number(said.limit), remaining: Number(said.remaining) },
    ...{ needed: Number(said.needed), refused_by: by },
  };
}
