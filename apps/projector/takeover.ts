/**
 * Taking over partitions (design §9): a new epoch from the ledger, written to the fence; wait until
 * no older statement runs; only then look at what stands.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExpectedRevision, Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { z } from 'zod';
import type { ProjectorLimits } from './limits.ts';
import { FENCED } from './raw-writer.ts';

export const COMMIT_GROUP = 'projector';
/** Offsets behind the last intent that are looked through for holes: a few batches. */
const LATE_OFFSETS_MAX = 200_000n;

/** What a batch will write, recorded durably before its first write. */
const intentSchema = z.strictObject({
  epoch: z.string(),
  first: z.string(),
  last: z.string(),
});

export type Resume = {
  /** First offset after everything that stands or was intended. */
  next: bigint;
  /** Offsets of a torn batch that have no row yet. */
  missing: bigint[];
};

export type TakeoverDeps = {
  ledger: Pick<Ledger, 'append'>;
  log: Log;
  warehouse: Warehouse;
  owner: string;
};

/** A new epoch of each of these partitions, in force in the fence. */
export async function takePartitions(
  deps: TakeoverDeps,
  partitions: readonly number[],
  limits: ProjectorLimits,
): Promise<Map<number, bigint>> {
  const { log, warehouse } = deps;
  const epochs = new Map(
    await Promise.all(
      partitions.map(async (p): Promise<[number, bigint]> => [p, await nextEpoch(deps, p)]),
    ),
  );
  const lines = [...epochs].map(
    ([partition, epoch]) => `{"log":${log.ordinal},"partition":${partition},"epoch":${epoch}}\n`,
  );
  await warehouse.insertLines('tollgate.fence', lines.join(''));
  await waitForOlderStatements(warehouse, limits);
  return epochs;
}

async function nextEpoch(deps: TakeoverDeps, partition: number): Promise<bigint> {
  const stream = `fence-${deps.log.ordinal}.${partition}`;
  const event = { id: randomUUID(), type: 'FenceTaken', data: { owner: deps.owner } };
  let expected: ExpectedRevision = 'no_stream';
  // Each conflict means that the stream has grown: the guess is then the answer's.
  while (true) {
    const result = await deps.ledger.append(stream, expected, [event]);
    if (result.ok) return result.revision + 1n;
    expected = result.actual;
  }
}

/**
 * A statement that began under the old fence may still write; those that run now are waited out.
 * Younger ones see the new fence, whoever sent them.
 */
async function waitForOlderStatements(
  warehouse: Warehouse,
  limits: ProjectorLimits,
): Promise<void> {
  const deadlineMs = performance.now() + limits.takeoverWaitMs;
  let older = await fencedStatements(warehouse);
  while (older.size > 0) {
    if (performance.now() > deadlineMs) {
      throw new Error('statements of an older projector do not end: kill them and start again');
    }
    await sleep(limits.takeoverPollMs);
    older = older.intersection(await fencedStatements(warehouse));
  }
}

async function fencedStatements(warehouse: Warehouse): Promise<Set<string>> {
  const rows = await warehouse.query<{ query_id: string }>(
    `SELECT query_id FROM system.processes
     WHERE position(query, '${FENCED}') > 0 AND query NOT LIKE '%system.processes%'`,
  );
  return new Set(rows.map((row) => row.query_id));
}

type Standing = { rows: bigint; next: bigint };

/**
 * Where to go on in each of these partitions: what stands in the warehouse decides, the log's commit says only
 * which range may be torn.
 *
 * @throws Error naming the partition if rows are missing below the last intent
 */
export async function resumePoints(
  deps: TakeoverDeps,
  partitions: readonly number[],
): Promise<Map<number, Resume>> {
  const standing = await readStanding(deps);
  const commits = new Map((await deps.log.committed(COMMIT_GROUP)).map((c) => [c.partition, c]));
  const resumes = new Map<number, Resume>();
  for (const partition of partitions) {
    const { rows, next } = standing.get(partition) ?? { rows: 0n, next: 0n };
    const metadata = commits.get(partition)?.metadata ?? '';
    if (metadata === '') {
      if (rows !== next) throw discontinuous(partition, rows, next);
      resumes.set(partition, { next, missing: [] });
      continue;
    }
    const intent = intentSchema.parse(JSON.parse(metadata));
    const first = BigInt(intent.first);
    const last = BigInt(intent.last);
    const present = await offsetsBetween(deps, partition, first, last);
    // A rebuild goes to the log's end, whatever was intended before it.
    const above = await rowsAbove(deps, partition, last);
    const below = rows - BigInt(present.size) - above;
    if (below !== first) throw discontinuous(partition, below, first);
    const missing = missingBetween(first, last, present);
    const holes = above > 0n ? next - (last + 1n + above) : 0n;
    if (holes !== 0n) {
      // Of a batch that tore later: an older projector's intent, held up, came behind the newer one's.
      const beyond = next - 1n - last;
      if (holes < 0n || beyond > LATE_OFFSETS_MAX) throw discontinuous(partition, above, next);
      const later = await offsetsBetween(deps, partition, last + 1n, next - 1n);
      missing.push(...missingBetween(last + 1n, next - 1n, later));
    }
    resumes.set(partition, { next: above > 0n ? next : last + 1n, missing });
  }
  return resumes;
}

function missingBetween(first: bigint, last: bigint, present: ReadonlySet<bigint>): bigint[] {
  const missing: bigint[] = [];
  for (let offset = first; offset <= last; offset++) {
    if (!present.has(offset)) missing.push(offset);
  }
  return missing;
}

function discontinuous(partition: number, rows: bigint, expected: bigint): Error {
  return new Error(
    `partition ${partition} has ${rows} rows below offset ${expected}: rebuild the warehouse`,
  );
}

async function readStanding(deps: TakeoverDeps): Promise<Map<number, Standing>> {
  const rows = await deps.warehouse.query<{ partition: number; rows: string; next: string }>(
    `SELECT partition, rows, first_offset_without_row AS next FROM tollgate.log_progress
     WHERE log = {log:UInt32}`,
    { log: deps.log.ordinal },
  );
  return new Map(
    rows.map((row) => [row.partition, { rows: BigInt(row.rows), next: BigInt(row.next) }]),
  );
}

/** At most a few batches of offsets. */
async function offsetsBetween(
  deps: TakeoverDeps,
  partition: number,
  first: bigint,
  last: bigint,
): Promise<Set<bigint>> {
  const rows = await deps.warehouse.query<{ at: string }>(
    `SELECT toString(\`offset\`) AS at FROM tollgate.raw_usage
     WHERE log = {log:UInt32} AND partition = {partition:UInt32}
       AND \`offset\` BETWEEN {first:UInt64} AND {last:UInt64}`,
    { log: deps.log.ordinal, partition, first, last },
  );
  return new Set(rows.map(({ at }) => BigInt(at)));
}

async function rowsAbove(deps: TakeoverDeps, partition: number, last: bigint): Promise<bigint> {
  const [row] = await deps.warehouse.query<{ n: string }>(
    `SELECT count() AS n FROM tollgate.raw_usage
     WHERE log = {log:UInt32} AND partition = {partition:UInt32} AND \`offset\` > {last:UInt64}`,
    { log: deps.log.ordinal, partition, last },
  );
  return BigInt(row?.n ?? 0);
}

/**
 * Staging tables that a killed projector left behind, on a server that outlived it. Whoever uses one
 * after so long finds it gone, is in doubt, and makes it anew.
 */
export async function dropForgottenStages(warehouse: Warehouse): Promise<void> {
  const rows = await warehouse.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = 'tollgate' AND startsWith(name, 'stage_')
       AND metadata_modification_time < now() - INTERVAL 1 DAY`,
  );
  for (const { name } of rows) {
    await warehouse.command(`DROP TABLE IF EXISTS tollgate.\`${name}\``);
  }
}
