/** The open window of a budget: what a change of the definition tells it at once. */
import { budgetWindowEvents } from '@tollgate/adapters/ledger/categories.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { foldStream } from '@tollgate/adapters/ledger/read-stream.ts';
import { evolveAccount, noAccount } from '@tollgate/domain/budget/account.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { windowChanges } from '@tollgate/domain/budget/limit.ts';
import { windowBounds, windowStream } from '@tollgate/domain/budget/window.ts';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';

/**
 * A window that is not open yet reads the definition when it opens (docs/design.md, Budgets:
 * leases). If this is cut short, the next proxy that grants does it.
 *
 * @throws ApiProblem concurrent_change
 */
export async function changeOpenWindow(
  context: ApiContext,
  definition: BudgetDefinition,
): Promise<void> {
  // Windows of end users are any number: each follows at its next grant.
  if (definition.per !== null) return;
  const nowMs = context.clock();
  const { startMs } = windowBounds(definition, nowMs);
  const stream = windowStream(definition.budget_id, startMs);
  for (let attempt = 0; attempt < context.limits.appendConflictsMax; attempt++) {
    const window = await loadWindow(context, stream);
    if (window.revision === 'no_stream') return;
    const changes = windowChanges(window.state, definition, nowMs);
    if (changes.length === 0) return;
    const events = changes.map(({ event, subject }) => newLedgerEvent(stream, event, subject));
    if ((await context.ledger.append(stream, window.revision, events)).ok) return;
  }
  throw new ApiProblem('concurrent_change');
}

export function loadWindow({ ledger, limits }: ApiContext, stream: string) {
  const window = { category: budgetWindowEvents, stream, pageEvents: limits.ledgerPageEvents };
  return foldStream(ledger, window, evolveAccount, noAccount);
}
