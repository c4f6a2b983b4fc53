/** Carries a command on one object out, and says over HTTP what became of it. */
import {
  appendDecided,
  type Command,
  type Decided,
} from '@tollgate/adapters/ledger/append-decided.ts';
import type { LedgerEventBody } from '@tollgate/adapters/ledger/categories.ts';
import type { ApiContext } from '../context.ts';
import { ApiProblem, type ErrorCode } from './errors.ts';

/** What a write is waited for in: `directory`, unless another one has the object. */
type ReadModel = { sees(stream: string, revision: bigint, timeoutMs: number): Promise<boolean> };

/**
 * Waits (bounded) until the read model shows the result.
 *
 * @returns the state afterwards
 * @throws ApiProblem with the code of a refusal, concurrent_change or ledger_unavailable
 */
export async function carryOut<S, E extends LedgerEventBody>(
  { ledger, limits, directory }: Pick<ApiContext, 'ledger' | 'limits'> & { directory: ReadModel },
  command: Command<S, E, ErrorCode>,
): Promise<Decided<S>> {
  const outcome = await appendDecided(ledger, command, {
    conflictsMax: limits.appendConflictsMax,
    failuresMax: limits.appendRetriesMax,
    pageEvents: limits.ledgerPageEvents,
  });
  switch (outcome.kind) {
    case 'done': {
      const stream = command.category.of(command.id);
      await directory.sees(stream, outcome.decided.revision, limits.readYourWritesMs);
      return outcome.decided;
    }
    case 'refused':
      throw new ApiProblem(outcome.refusal);
    case 'contended':
      throw new ApiProblem('concurrent_change');
    case 'unavailable':
      throw new ApiProblem('ledger_unavailable', { cause: outcome.cause });
    default:
      return outcome satisfies never;
  }
}
