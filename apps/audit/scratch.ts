/**
 * Projects a log into a database of its own, by the projector itself (I5): for a rebuild, which then
 * exchanges the tables, and for an audit, which compares them. Dead letters are read, not decided again.
 */
import type { Log } from '@tollgate/adapters/log/log.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import { readSeams } from '@tollgate/adapters/warehouse/queries/roll-up.ts';
import { createScratchDatabase } from '@tollgate/adapters/warehouse/queries/scratch-database.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { type ProjectorOptions, startProjector } from '@tollgate/projector/projector.ts';
import { deadLetter } from '@tollgate/schemas/event/dead-letter.ts';
import type { Stores } from './stores.ts';

const PROGRESS_EVERY_MS = 1_000;
const PAGE = { maxRecords: 5_000, maxBytes: 64 * 1024 * 1024 };

export type BuildOptions = {
  database: string;
  /** Records per batch; default: the projector's own. */
  batch?: number;
  /** Exclusive ends to build up to; default: all of the log. */
  ends?: readonly bigint[];
  /** What the dead-letter topic says (`readDeadLetters`). */
  letters: ReadonlyMap<string, string>;
  /** Takes the letters of records that only today's code finds dead. */
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
  const scratch = await createScratchDatabase(warehouse, database);
  await migrate(scratch);
  const ends = options.ends ?? (await log.ends());
  const aheadMs = await rolledUpToMs(stores);
  const { promise: failure, reject } = Promise.withResolvers<never>();
  const failed = (fields: object) => {
    reject(
      new Error('building from the log has failed', { cause: (fields as { err?: unknown }).err }),
    );
  };
  const projector = await startProjector({
    log: readOnly(log, ends),
    deadLetters: options.deadLetters,
    // No other process knows these tables: the first epoch is the only one.
    ledger: { append: async () => ({ ok: true, revision: 0n, position: '' }) },
    warehouse: scratch,
    owner: database,
    logger: { warn: () => undefined, error: (fields) => failed(fields) },
    deadBefore: options.letters,
    // A clock that was set back since has closed buckets that it has yet to come to. A seam never goes back.
    // seam: scratch-is-rolled-up-as-far
    clock: () => Math.max(Date.now(), aheadMs),
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

/** Up to where the tables that are in use are rolled up. */
async function rolledUpToMs({
  log,
  warehouse,
}: Pick<Stores, 'log' | 'warehouse'>): Promise<number> {
  const partitions = Array.from({ length: log.partitions }, (_, partition) => partition);
  const { newestS } = await readSeams(warehouse, log.ordinal, partitions);
  return newestS * 1_000;
}

/**
 * The log up to these ends, without commits: none are read, none are written. What comes behind an
 * end is not asked for: a record may be missing there.
 */
function readOnly(log: Log, ends: readonly bigint[]): Log {
  return {
    ...log,
    ends: async () => [...ends],
    async read(request) {
      const left = (ends[request.partition] ?? 0n) - request.offset;
      if (left <= 0n) return [];
      const maxRecords = Math.min(request.maxRecords, Number(left));
      return log.read({ ...request, maxRecords });
    },
    committed: async () => [],
    commit: async () => undefined,
  };
}

/** Reasons by `partition/offset`. A retry may have doubled a letter: the first of a place counts. */
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
      // The audit finds a missing letter by its dead row.
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
