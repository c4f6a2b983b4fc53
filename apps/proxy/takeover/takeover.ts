/**
 * Taking over the journals of dead instances (docs/design.md, Settling and taking over). The proxy
 * that gets a dead instance's lock finishes that instance's work, in an order that survives the
 * death of the proxy itself at any step:
 *
 * 1. every requested grant is appended once more, same id and revision: it is confirmed, or it
 *    conflicts and can never land;
 * 2. every unfinished attempt is finished by the ordinary transaction: status unknown, its holds
 *    added to its leases' totals;
 * 3. the outbox is shipped, stored bytes;
 * 4. every lease is settled from its total alone, and forgotten after the settlement was read back;
 * 5. the empty journal is removed. The lock file is never removed.
 *
 * I1: every attempt that was sent has its event. I3: every lease is settled once.
 */
import { existsSync } from 'node:fs';
import {
  instancesWithJournal,
  journalPath,
  lockPath,
} from '@tollgate/adapters/journal/instance-files.ts';
import { type Journal, openJournal } from '@tollgate/adapters/journal/journal.ts';
import { finishRemovals, removeJournal } from '@tollgate/adapters/journal/journal-folder.ts';
import type { JournalContents } from '@tollgate/adapters/journal/journal-writes.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { unknownOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { finishedText } from '@tollgate/domain/usage/event/event-text.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { appendGrant, settleLease } from '../budget/lease-events.ts';
import { shipOnce } from '../shipper/shipper.ts';

export type TakeoverDeps = {
  /** The folder of all journals and locks. */
  folder: string;
  instanceId: string;
  ledger: Ledger;
  log: Log;
  shipBatchRecordsMax: number;
};

export type TakenOver = { instanceId: string; unfinished: number; shipped: number; leases: number };

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
    const { leaseRequests, unfinished } = await journal.contents();
    for (const request of leaseRequests) {
      // seam: takeover-granted-not-journaled
      const granted = await appendGrant(deps.ledger, instanceId, request);
      const { leaseId } = request;
      await journal.write({ op: granted ? 'lease_granted' : 'lease_refused', leaseId });
    }
    for (const { attemptId, event } of unfinished) {
      // seam: takeover-attempt-finished
      await finishAttempt(journal, deps.log.partitions, attemptId, event);
    }
    const shipped = await shipAll(deps, journal);
    const { leases } = await journal.contents();
    for (const { leaseId, stream, spent } of leases) {
      // seam: takeover-settled-not-forgotten
      await settleLease(deps.ledger, stream, leaseId, spent);
      await journal.write({ op: 'lease_forgotten', leaseId });
    }
    const empty = isEmpty(await journal.close());
    // seam: takeover-done-journal-not-removed
    if (empty) removeJournal(path);
    return { instanceId, unfinished: unfinished.length, shipped, leases: leases.length };
  } catch (error) {
    // If the journal itself has failed, there is nothing to close.
    await journal.close().catch(() => undefined);
    throw error;
  }
}

async function shipAll(deps: TakeoverDeps, journal: Journal): Promise<number> {
  let shipped = 0;
  for (;;) {
    const records = await shipOnce(journal, deps.log, deps.shipBatchRecordsMax);
    if (records === 0) return shipped;
    // seam: takeover-batch-shipped
    shipped += records;
  }
}

type StartedEvent = Pick<UsageEvent, 'customer_id' | 'hold_lease_ids' | 'hold_amounts'>;

/** What only its end could have shown stays unknown; the model is the one that was asked for. */
async function finishAttempt(
  journal: Journal,
  partitions: number,
  attemptId: string,
  started: string,
): Promise<void> {
  const outcome = unknownOutcome(new Date().toISOString());
  const { deployment } = JSON.parse(started) as { deployment: string };
  outcome.model_served = deployment.slice(deployment.indexOf('/') + 1);
  const text = finishedText(started, outcome);
  // The text is our own. The projector applies the schema to it: a record that the schema refuses
  // must not keep the records behind it from being shipped.
  const event = JSON.parse(text) as StartedEvent;
  // seam: dead-attempt-is-charged
  const charges = event.hold_lease_ids.map((leaseId, index) => ({
    leaseId,
    amount: parseDecimal12(event.hold_amounts[index] ?? '0.000000000000'),
  }));
  await journal.write({
    op: 'finished',
    attemptId,
    partition: partitionOf(Buffer.from(event.customer_id), partitions),
    event: text,
    charges,
  });
}

export function isEmpty(contents: JournalContents): boolean {
  const { unfinished, leaseRequests, leases, outboxRecords } = contents;
  return unfinished.length + leaseRequests.length + leases.length + outboxRecords === 0;
}
