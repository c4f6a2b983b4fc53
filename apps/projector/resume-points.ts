/**
 * Reads what the warehouse and the log know of claimed partitions, so that it can be decided where
 * each goes on. The claim comes first: until it holds, an older owner may still insert
 * (docs/design.md, Projection).
 */
import type { Log, LogRecord } from '@tollgate/adapters/log/log.ts';
import {
  countRowsAbove,
  offsetsWithRow,
  readProgressOf,
} from '@tollgate/adapters/warehouse/queries/progress.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { COMMIT_GROUP, readIntent } from './intent.ts';
import { decideResumePoint, offsetsWithoutRow } from './resume-decision.ts';

export type Resume = {
  /** First offset above everything that is stored or was intended. */
  next: bigint;
  /** Offsets of torn batches that have no row yet, in order. */
  missing: bigint[];
};

type ResumeDeps = { log: Log; warehouse: Warehouse };

/**
 * Where to go on in each of these partitions.
 *
 * @throws Error naming the partition if rows are missing below the last intent
 */
export async function resumePoints(
  deps: ResumeDeps,
  partitions: readonly number[],
): Promise<Map<number, Resume>> {
  const { log, warehouse } = deps;
  const progress = await readProgressOf(warehouse, log.ordinal);
  const commits = new Map((await log.committed(COMMIT_GROUP)).map((c) => [c.partition, c]));
  const resumes = new Map<number, Resume>();
  for (const partition of partitions) {
    const { rows, next } = progress.get(partition) ?? { rows: 0n, next: 0n };
    const intent = readIntent(commits.get(partition)?.metadata ?? '');
    const at = { log: log.ordinal, partition };
    const present = intent === null ? NONE : await offsetsWithRow(warehouse, at, intent);
    const above = intent === null ? 0n : await countRowsAbove(warehouse, at, intent.last);
    const point = decideResumePoint({ partition, rows, next, intent, present, above });
    const { missing, torn } = point;
    if (torn !== null) {
      missing.push(...offsetsWithoutRow(torn, await offsetsWithRow(warehouse, at, torn)));
    }
    resumes.set(partition, { next: point.next, missing });
  }
  return resumes;
}

/**
 * The records of torn batches that have no row yet, in the order of their partitions and offsets.
 *
 * @throws Error if the log does not give one of them
 */
export async function readTorn(
  log: Pick<Log, 'read'>,
  resumes: ReadonlyMap<number, Resume>,
): Promise<LogRecord[]> {
  const torn: LogRecord[] = [];
  for (const [partition, { missing }] of resumes) {
    for (const offset of missing) {
      const page = await log.read({ partition, offset, maxRecords: 1, maxBytes: 1 });
      const record = page.find((found) => found.offset === offset);
      // A broker that has just become the leader may not give it yet; skipping it would lose it.
      // seam: torn-record-must-be-readable
      if (record === undefined) throw new Error(unreadable(partition, offset));
      torn.push(record);
    }
  }
  return torn;
}

function unreadable(partition: number, offset: bigint): string {
  return `offset ${offset} of partition ${partition} belongs to a torn batch and cannot be read yet`;
}

const NONE: ReadonlySet<bigint> = new Set();
