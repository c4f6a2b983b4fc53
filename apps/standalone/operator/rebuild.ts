/**
 * Raw rows and roll-ups anew from the log (design §9, I5), by the projector itself, into fresh tables
 * of another database; then the tables change places. Dead letters are read, not decided again. A
 * crash before the exchange leaves everything as it was; a crash within it is mended by running the
 * command again, which begins from the log as always.
 *
 * A projector that writes meanwhile would leave its rows in the tables that go. So a rebuild takes the
 * fence of every partition as a projector does: whoever writes after that takes it back first, which
 * is seen before the tables change places, and reads what stands there.
 */
import type { Log } from '@tollgate/adapters/log/log.ts';
import { inDatabase } from '@tollgate/adapters/warehouse/in-database.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { projectorLimits } from '@tollgate/projector/limits.ts';
import { claimPartitions } from '@tollgate/projector/partition-claim.ts';
import { type ProjectorOptions, startProjector } from '@tollgate/projector/projector.ts';
import { deadLetter } from '@tollgate/schemas/event/dead-letter.ts';
import { OperatorError, type Stores } from './stores.ts';

const PROGRESS_EVERY_MS = 1_000;
const PAGE = { maxRecords: 5_000, maxBytes: 64 * 1024 * 1024 };
/**
 * What the log alone decides; the fence stays, for its epochs are the ledger's. In this order: roll-ups
 * that know more than the raw rows are right as soon as these have caught up; raw rows beside roll-ups
 * and marks that know less would be missing in the views for ever.
 */
const REBUILT = ['rollup_15m', 'dirty_bucket', 'raw_usage', 'seam'];

export type BuildOptions = {
  database: string;
  /** Records per batch; default: the projector's own. */
  batch?: number;
  /** Exclusive ends to build up to; default: all of the log. */
  ends?: readonly bigint[];
  /** What the dead-letter topic says (`readDeadLetters`). */
  letters: ReadonlyMap<string, string>;
  /** Where letters go for what is dead only by today's code. */
  deadLetters: ProjectorOptions['deadLetters'];
  onProgress?: (rows: bigint, total: bigint) => void;
};

/** Builds a whole warehouse in a database of its own. @returns it; the caller drops it */
export async function buildScratch(
  stores: Pick<Stores, 'log' | 'warehouse'>,
  options: BuildOptions,
): Promise<Warehouse> {
  const { log, warehouse } = stores;
  const { database, onProgress } = options;
  await warehouse.command(`DROP DATABASE IF EXISTS ${database}`);
  await warehouse.command(`CREATE DATABASE ${database}`);
  const scratch = inDatabase(warehouse, database);
  await migrate(scratch);
  const ends = options.ends ?? (await log.ends());
  const { promise: failure, reject } = Promise.withResolvers<never>();
  const failed = (fields: object) => {
    reject(
      new Error('building from the log has failed', { cause: (fields as { err?: unknown }).err }),
    );
  };
  const projector = await startProjector({
    log: readOnly(log, ends),
    deadLetters: options.deadLetters,
    // Nobody else knows these tables: the first epoch is the only one.
    ledger: { append: async () => ({ ok: true, revision: 0n, position: '' }) },
    warehouse: scratch,
    owner: database,
    logger: { warn: () => undefined, error: (fields) => failed(fields) },
    deadBefore: options.letters,
    ...(options.batch === undefined ? {} : { limits: { batchRecordsMax: options.batch } }),
  });
  const total = ends.reduce((sum, end) => sum + end, 0n);
  const timer = setInterval(() => {
    onProgress?.(total - projector.lag(), total);
  }, PROGRESS_EVERY_MS);
  try {
    await Promise.race([projector.caughtUp(), failure]);
  } finally {
    clearInterval(timer);
    await projector.stop();
  }
  return scratch;
}

/**
 * @returns how many rows the new tables have
 * @throws OperatorError if a projector runs on the tables, or they are a cluster's
 */
export async function rebuild(
  stores: Stores,
  options: Pick<BuildOptions, 'batch' | 'onProgress'>,
): Promise<bigint> {
  const database = 'tollgate_rebuild';
  const { deadLetters, warehouse, log, cluster } = stores;
  if (cluster !== undefined) {
    throw new OperatorError(`a rebuild cannot exchange the tables of a cluster (${cluster}) yet`);
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
  { warehouse, log }: Stores,
  epochs: ReadonlyMap<number, bigint>,
): Promise<void> {
  const rows = await warehouse.query<{ partition: number; newest: string }>(
    'SELECT partition, max(epoch) AS newest FROM tollgate.fence WHERE log = {log:UInt32} GROUP BY partition',
    { log: log.ordinal },
  );
  const taken = rows.find(({ partition, newest }) => epochs.get(partition) !== BigInt(newest));
  if (taken === undefined) return;
  throw new OperatorError(
    `a projector has taken partition ${taken.partition} meanwhile: stop all projectors, run this again`,
  );
}

/** The log as it stands: no commits are read, none are written. */
function readOnly(log: Log, ends: readonly bigint[]): Log {
  return {
    ...log,
    ends: async () => [...ends],
    committed: async () => [],
    commit: async () => undefined,
  };
}

/** Reasons by `partition/offset`. The first letter of a place stands; a retry may have doubled it. */
export async function readDeadLetters(
  deadLetters: Log,
  onDamaged: (place: string, error: unknown) => void = (_place, error) => {
    throw error;
  },
): Promise<Map<string, string>> {
  const letters = new Map<string, string>();
  for (const [partition, end] of (await deadLetters.ends()).entries()) {
    for (let offset = 0n; offset < end; ) {
      const page = await readLetters(deadLetters, partition, offset);
      for (const [index, { value }] of page.entries()) {
        try {
          const letter = deadLetter.parse(JSON.parse(Buffer.from(value).toString()));
          const place = `${letter.partition}/${letter.offset}`;
          if (!letters.has(place)) letters.set(place, letter.reason);
        } catch (error) {
          onDamaged(`letter ${partition}/${offset + BigInt(index)}`, error);
        }
      }
      // A letter that is gone is a finding of the audit: its dead row has none.
      offset += BigInt(Math.max(1, page.length));
    }
  }
  return letters;
}

/** A page, or what can be read of it when it runs over a gap. */
async function readLetters(
  deadLetters: Log,
  partition: number,
  offset: bigint,
): Promise<readonly { value: Uint8Array }[]> {
  const page = await deadLetters.read({ partition, offset, ...PAGE }).catch(() => null);
  if (page !== null) return page;
  return deadLetters.read({ partition, offset, ...PAGE, maxRecords: 1 }).catch(() => []);
}
