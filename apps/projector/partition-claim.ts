/**
 * Claiming partitions (docs/design.md, The fence). A projector takes a new epoch of each partition
 * from the ledger, writes it to the fence, and waits until no older statement runs. Only then may
 * it look at which rows exist (resume-points.ts). I2, I4: from then on no older owner can insert a
 * row.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExpectedRevision, Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { fencedStatements, writeEpochs } from '@tollgate/adapters/warehouse/queries/fence.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { fenceStream } from '@tollgate/domain/fence/fence-events.ts';
import type { ProjectorLimits } from './limits.ts';

export type ClaimDeps = {
  ledger: Pick<Ledger, 'append'>;
  log: Log;
  warehouse: Warehouse;
  owner: string;
};

/**
 * @returns the new epoch of each partition; the fence has it, and no older statement runs any more
 * @throws Error if older statements do not end within `claimWaitMs`
 */
export async function claimPartitions(
  deps: ClaimDeps,
  partitions: readonly number[],
  limits: ProjectorLimits,
): Promise<Map<number, bigint>> {
  const { log, warehouse } = deps;
  const epochs = new Map(
    await Promise.all(
      partitions.map(async (p): Promise<[number, bigint]> => [p, await nextEpoch(deps, p)]),
    ),
  );
  await writeEpochs(warehouse, log.ordinal, epochs);
  await waitForOlderStatements(warehouse, limits);
  return epochs;
}

async function nextEpoch(deps: ClaimDeps, partition: number): Promise<bigint> {
  const stream = fenceStream(deps.log.ordinal, partition);
  const taken = { type: 'FenceTaken', data: { owner: deps.owner } } as const;
  // Not derived: each claim is an epoch of its own.
  const event = newLedgerEvent(stream, taken, randomUUID());
  let expected: ExpectedRevision = 'no_stream';
  // A conflict means that the stream has grown, and says to which revision.
  while (true) {
    const result = await deps.ledger.append(stream, expected, [event]);
    if (result.ok) return result.revision + 1n;
    expected = result.actual;
  }
}

/**
 * A statement that began under the old fence may still write, so every statement that runs now is
 * waited for. Statements that start later see the new fence, whichever projector sent them.
 */
async function waitForOlderStatements(
  warehouse: Warehouse,
  limits: ProjectorLimits,
): Promise<void> {
  const deadlineMs = performance.now() + limits.claimWaitMs;
  let older = await fencedStatements(warehouse);
  while (older.size > 0) {
    if (performance.now() > deadlineMs) {
      throw new Error('statements of an older projector do not end: kill them and start again');
    }
    await sleep(limits.claimPollMs);
    older = older.intersection(await fencedStatements(warehouse));
  }
}
