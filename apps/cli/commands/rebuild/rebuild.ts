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
import { type BuildOptions, buildScratch, readDeadLetters } from '@tollgate/audit/scratch.ts';
import { projectorLimits } from '@tollgate/projector/limits.ts';
import { claimPartitions } from '@tollgate/projector/partition-claim.ts';
import { CommandError } from '../../command.ts';
import type { InstallationStores } from '../../stores.ts';

/**
 * The tables that follow from the log alone. The fence stays, because its epochs are the ledger's. The
 * order matters: roll-ups that know more than the raw rows are right as soon as these have caught up;
 * raw rows next to roll-ups and marks that know less would be missing in the views for ever.
 */
const REBUILT = ['rollup_15m', 'dirty_bucket', 'raw_usage', 'seam'];

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
  const [row] = await scratch.query<{ n: string }>('SELECT count() AS n FROM tollgate.raw_usage');
  await refuseOtherOwners(stores, epochs);
  for (const table of REBUILT) {
    await warehouse.command(`EXCHANGE TABLES tollgate.${table} AND ${database}.${table}`);
  }
  await refuseOtherOwners(stores, epochs);
  await warehouse.command(`DROP DATABASE ${database}`);
  return BigInt(row?.n ?? 0);
}

async function refuseOtherOwners(
  { warehouse, log }: InstallationStores,
  epochs: ReadonlyMap<number, bigint>,
): Promise<void> {
  const rows = await warehouse.query<{ partition: number; newest: string }>(
    'SELECT partition, max(epoch) AS newest FROM tollgate.fence WHERE log = {log:UInt32} GROUP BY partition',
    { log: log.ordinal },
  );
  const taken = rows.find(({ partition, newest }) => epochs.get(partition) !== BigInt(newest));
  if (taken === undefined) return;
  throw new CommandError(
    `a projector has taken partition ${taken.partition} meanwhile: stop all projectors, run this again`,
  );
}
