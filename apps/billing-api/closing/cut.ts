/**
 * Takes the cut of a closing run and waits until the warehouse has applied it (design §10.2). One cut
 * per run, younger than the end of every period that it closes. A cut is believed only after every
 * offset below it has exactly one row (I2, I5).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import {
  countKeys,
  readContinuity,
  readProgress,
} from '@tollgate/adapters/warehouse/queries/progress.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { ID_RANDOM_BYTES, makeId } from '@tollgate/domain/ids/ids.ts';
import { formatInstant } from '@tollgate/domain/period/calendar.ts';
import { type CutTaken, cutStreams, type LogCut } from '@tollgate/domain/period/period-events.ts';
import type { ClosingDeps } from './closing-deps.ts';
import { ClosingError } from './closing-error.ts';
import { closingLimits } from './closing-limits.ts';

export type Cut = { id: string; logs: LogCut[] };

/** Durable in the ledger before anything refers to it. */
export async function takeCut(deps: ClosingDeps): Promise<Cut> {
  const ends = await deps.log.ends();
  const logs = [{ log: deps.log.ordinal, ends: ends.map(String) }];
  const takenAtMs = deps.clock();
  const id = makeId('cut', takenAtMs, deps.randomBytes(ID_RANDOM_BYTES));
  const data: CutTaken['data'] = { cut_id: id, logs, taken_at: formatInstant(takenAtMs) };
  const stream = cutStreams.of(id);
  const event = { id: ledgerEventId(stream, 'CutTaken', id), type: 'CutTaken', data };
  const result = await deps.ledger.append(stream, 'no_stream', [event]);
  if (!result.ok) throw new Error(`${stream} was not new`);
  return { id, logs };
}

/** @throws ClosingError projector_behind after the deadline, log_not_continuous */
export async function waitUntilApplied(
  { warehouse, projectorWaitMs }: ClosingDeps,
  logs: readonly LogCut[],
): Promise<void> {
  const deadlineMs = performance.now() + (projectorWaitMs ?? closingLimits.projectorWaitMs);
  while (true) {
    const missing = await firstMissing(warehouse, logs);
    if (missing === undefined) break;
    if (performance.now() >= deadlineMs) {
      throw new ClosingError('projector_behind', `the projector has not applied ${missing}`);
    }
    await sleep(closingLimits.projectorPollMs);
  }
  await assertContinuous(warehouse, logs);
}

/** The first position below the cut that the projector has not applied, as text. */
async function firstMissing(
  warehouse: Warehouse,
  logs: readonly LogCut[],
): Promise<string | undefined> {
  const progress = await readProgress(warehouse);
  const applied = new Map(progress.map((row) => [`${row.log}/${row.partition}`, row.next]));
  for (const { log, ends } of logs) {
    for (const [partition, end] of ends.entries()) {
      const next = applied.get(`${log}/${partition}`) ?? 0n;
      if (next < BigInt(end)) return `log ${log}, partition ${partition}, offset ${next}`;
    }
  }
  return undefined;
}

/** Offsets are distinct and dense, so as many rows as offsets means exactly one row for each. */
async function assertContinuous(warehouse: Warehouse, logs: readonly LogCut[]): Promise<void> {
  const continuity = await readContinuity(warehouse, logs);
  const found = new Map(continuity.map((row) => [`${row.log}/${row.partition}`, row]));
  for (const { log, ends } of logs) {
    for (const [partition, end] of ends.entries()) {
      const { rows, offsets } = found.get(`${log}/${partition}`) ?? { rows: 0n, offsets: 0n };
      if (rows === BigInt(end) && offsets === BigInt(end)) continue;
      const place = `log ${log}, partition ${partition}: ${end} offsets`;
      throw new ClosingError('log_not_continuous', `${place}, ${rows} rows of ${offsets} offsets`);
    }
  }
}

/** @throws ClosingError event_counted_twice (I2) */
export async function assertCountedOnce(
  warehouse: Warehouse,
  customerId: string,
  logs: readonly LogCut[],
): Promise<void> {
  const { rows, keys } = await countKeys(warehouse, customerId, logs);
  if (rows === keys) return;
  const text = `${rows} counted rows with ${keys} keys`;
  throw new ClosingError('event_counted_twice', `${customerId}: ${text}`);
}
