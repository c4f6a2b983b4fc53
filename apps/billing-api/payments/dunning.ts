/** Carries out what the dunning policy asks (`domain/payment/dunning.ts`), a key at a time. */
import { appendDecided } from '@tollgate/adapters/ledger/append-decided.ts';
import { keyEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { type RunningProcess, startProcess } from '@tollgate/adapters/ledger/process-manager.ts';
import {
  decideResumeKey,
  decideSuspendKey,
  evolveKey,
  type KeyRefusal,
  type KeyState,
} from '@tollgate/domain/key/key.ts';
import type { KeyEvent } from '@tollgate/domain/key/key-events.ts';
import {
  type DunningAction,
  dunningActions,
  dunningReason,
} from '@tollgate/domain/payment/dunning.ts';
import type { ApiLimits } from '../limits.ts';
import type { ResourceIndex } from '../resources/resource-index.ts';
import type { ExportIndex } from './export-index.ts';

export type DunningDeps = {
  ledger: Ledger;
  directory: Pick<ResourceIndex, 'keys'>;
  exports: Pick<ExportIndex, 'all'>;
  /** How long after it was due an invoice may stay unpaid, ms; null: nobody is suspended. */
  suspendAfterMs: number | null;
  clock: () => number;
  limits: ApiLimits;
  onError: (message: string, error: unknown) => void;
};

export function startDunning(deps: DunningDeps): RunningProcess {
  const { limits, onError, clock } = deps;
  return startProcess<DunningAction>({
    name: 'dunning',
    async due() {
      const keys = deps.directory.keys.all().map(({ state }) => state);
      return dunningActions(keys, deps.exports.all(), clock(), deps.suspendAfterMs);
    },
    idOf: ({ kind, keyId, invoiceId }) => `${kind} ${keyId} ${invoiceId}`,
    handle: (action) => carryOut(deps, action),
    pollMs: limits.dunningPollMs,
    retryMs: { first: limits.dunningPollMs, max: 10 * limits.dunningPollMs },
    onError,
  });
}

/**
 * Once for each key and invoice: a key that an operator resumes is not suspended for it again, because the
 * command was carried out.
 */
async function carryOut(deps: DunningDeps, action: DunningAction): Promise<void> {
  const { kind, keyId, invoiceId } = action;
  const { limits, ledger } = deps;
  const reason = dunningReason(invoiceId);
  const outcome = await appendDecided<KeyState, KeyEvent, KeyRefusal['refused']>(
    ledger,
    {
      category: keyEvents,
      id: keyId,
      commandId: `dunning|${kind}|${invoiceId}`,
      evolve: evolveKey,
      decide(key) {
        if (kind === 'suspend') return decideSuspendKey(key, reason);
        // Somebody has suspended it for another reason since.
        return key?.suspend_reason === reason ? decideResumeKey(key) : null;
      },
    },
    {
      conflictsMax: limits.appendConflictsMax,
      failuresMax: limits.appendRetriesMax,
      pageEvents: limits.ledgerPageEvents,
    },
  );
  if (outcome.kind === 'contended') throw new Error(`key ${keyId} is contended`);
  if (outcome.kind === 'unavailable') throw new Error('no answer', { cause: outcome.cause });
}
