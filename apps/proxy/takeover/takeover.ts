/**
 * Taking over the journals of dead instances (docs/design.md, Settling and taking over). The proxy
 * that gets a dead instance's lock finishes that instance's work (`finish-journal.ts`), and removes
 * the journal once it is empty. The lock file is never removed.
 */
import { existsSync } from 'node:fs';
import {
  instancesWithJournal,
  journalPath,
  lockPath,
} from '@tollgate/adapters/journal/instance-files.ts';
import { openJournal } from '@tollgate/adapters/journal/journal.ts';
import { finishRemovals, removeJournal } from '@tollgate/adapters/journal/journal-folder.ts';
import { tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import { type FinishDeps, type Finished, finishJournal, isEmpty } from './finish-journal.ts';

export type TakeoverDeps = FinishDeps & {
  /** The folder of all journals and locks. */
  folder: string;
  instanceId: string;
};

export type TakenOver = Finished & { instanceId: string };

/**
 * Tries every other instance's lock once. A journal that cannot be read does not keep the others from
 * being taken over.
 *
 * @throws the error of the instance that could not be finished, or all of them as an AggregateError
 */
export async function takeOverDead(
  deps: TakeoverDeps,
  onTaken: (taken: TakenOver) => void,
): Promise<void> {
  finishRemovals(deps.folder);
  const errors: unknown[] = [];
  for (const instanceId of instancesWithJournal(deps.folder)) {
    if (instanceId === deps.instanceId) continue;
    try {
      const taken = await takeOver(deps, instanceId);
      if (taken !== null) onTaken(taken);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 1)
    throw new AggregateError(errors, 'several instances could not be finished');
  if (errors.length === 1) throw errors[0];
}

/** @returns null if the instance lives, or another taker was faster */
async function takeOver(deps: TakeoverDeps, instanceId: string): Promise<TakenOver | null> {
  const lock = tryLock(lockPath(deps.folder, instanceId));
  if (lock === null) return null;
  try {
    // Another taker may have been here between the listing and the lock.
    if (!existsSync(journalPath(deps.folder, instanceId))) return null;
    return await finishInstance(deps, instanceId);
  } finally {
    lock.release();
  }
}

async function finishInstance(deps: TakeoverDeps, instanceId: string): Promise<TakenOver> {
  const path = journalPath(deps.folder, instanceId);
  // seam: takeover-journal-opened
  const journal = await openJournal({ path });
  try {
    const finished = await finishJournal(deps, instanceId, journal);
    const empty = isEmpty(await journal.close());
    // seam: takeover-done-journal-not-removed
    if (empty) removeJournal(path);
    return { instanceId, ...finished };
  } catch (error) {
    // If the journal itself has failed, there is nothing to close.
    await journal.close().catch(() => undefined);
    throw error;
  }
}
