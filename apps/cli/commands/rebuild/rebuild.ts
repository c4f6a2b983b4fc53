/**
 * Builds raw rows and roll-ups again from the log (docs/design.md, I5), in fresh tables of another
 * database; then the tables change places. A crash before the exchange leaves everything as it was. A
 * crash within it is repaired by running the command again, which begins from the log as always.
 *
 * A projector that writes meanwhile would leave its rows in the tables that are dropped. So a rebuild
 * takes the fence of every partition, as a projector does. A projector that writes after that must
 * first take the fence back. The rebuild sees this before the tables change places, and refuses; the
 * projector reads which rows are there.
 */
import { newestEpochs } from '@tollgate/adapters/warehouse/queries/fence.ts';
import { countRows } from '@tollgate/adapters/warehouse/queries/progress.ts';
import {
  dropScratchDatabase,
  exchangeTables,
} from '@tollgate/adapters/warehouse/queries/scratch-database.ts';
import { type BuildOptions, buildScratch, readDeadLetters } from '@tollgate/audit/scratch.ts';
import { projectorLimits } from '@tollgate/projector/limits.ts';
import { claimPartitions } from '@tollgate/projector/partition-claim.ts';
import { CommandError } from '../../errors.ts';
import type { InstallationStores } from '../../stores.ts';

/**
 * @returns how many rows the new tables have
 * @throws CommandError if a projector runs on the tables, or they are a cluster's
 */
export async function rebuild(
  stores: InstallationStores,
  options: Pick<BuildOptions, 'batch' | 'onProgress'>,
): Promise<bigint> {
  const database = 'tollgate_rebuild';
  const { deadLetters, warehouse, log, cluster } = stores;
  if (cluster !== undefined) {
    throw new CommandError(`a rebuild cannot exchange the tables of a cluster (${cluster}) yet`);
  }
  const partitions = Array.from({ length: log.partitions }, (_, partition) => partition);
  const epochs = await claimPartitions(
    { ...stores, owner: 'rebuild' },
    partitions,
    projectorLimits,
  );
  const letters = await readDeadLetters(deadLetters);
  const scratch = await buildScratch(stores, { ...options, database, letters, deadLetters });
  const rows = await countRows(scratch);
  await refuseOtherOwners(stores, epochs);
  await exchangeTables(warehouse, database);
  await refuseOtherOwners(stores, epochs);
  await dropScratchDatabase(warehouse, database);
  return rows;
}

async function refuseOtherOwners(
  { warehouse, log }: InstallationStores,
  epochs: ReadonlyMap<number, bigint>,
): Promise<void> {
  const newest = await newestEpochs(warehouse, log.ordinal);
  const taken = [...newest].find(([partition, epoch]) => epochs.get(partition) !== epoch);
  if (taken === undefined) return;
  throw new CommandError(
    `a projector has taken partition ${taken[0]} meanwhile: stop all projectors, run this again`,
  );
}
