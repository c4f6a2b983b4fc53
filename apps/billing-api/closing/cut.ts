/**
 * Takes the cut of a closing run and waits until the warehouse has applied it (docs/design.md, The
 * cut). There is one cut per run, taken after the end of every period that the run closes. A cut is
 * trusted only when every offset below it has exactly one row (I2, I5).
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import {
  countKeys,
  readContinuity,
  readProgress,
} from '@tollgate/adapters/warehouse/queries/progress.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { ID_RANDOM_BYTES, makeId } from '@tollgate/domain/ids/ids.ts';
import { formatInstant } from '@tollgate/domain/period/calendar.ts';
import { firstDiscontinuity, firstUnapplied } from '@tollgate/domain/period/cut.ts';
import { type CutTaken, cutStreams, type LogCut } from '@tollgate/domain/period/period-events.ts';
import { type ClosingDeps, limitsOf } from './closing-deps.ts';
import { ClosingError } from './closing-error.ts';

export type Cut = { id: string; logs: LogCut[] };

/** The cut is durable in the ledger before anything refers to it. */
export async function takeCut(deps: ClosingDeps): Promise<Cut> {
  const ends = await deps.log.ends();
  const logs = [{ log: deps.log.ordinal, ends: ends.map(String) }];
  const takenAtMs = deps.clock();
  const id = makeId('cut', takenAtMs, deps.randomBytes(ID_RANDOM_BYTES));
  const data: CutTaken['data'] = { cut_id: id, logs, taken_at: formatInstant(takenAtMs) };
  const stream = cutStreams.of(id);
  const event = newLedgerEvent(stream, { type: 'CutTaken', data }, id);
  const result = await deps.ledger.append(stream, 'no_stream', [event]);
  if (!result.ok) throw new Error(`${stream} was not new`);
  return { id, logs };
}

/** @throws ClosingError projector_behind after the deadline, log_not_continuous */
export async function waitUntilApplied(
  deps: Pick<ClosingDeps, 'warehouse' | 'closingLimits'>,
  logs: readonly LogCut[],
): Promise<void> {
  const { projectorWaitMs, projectorPollMs } = limitsOf(deps);
  const deadlineMs = performance.now() + projectorWaitMs;
  while (true) {
    const missing = firstUnapplied(logs, await readProgress(deps.warehouse));
    if (missing === undefined) break;
    if (performance.now() >= deadlineMs) {
      const text = `the projector has not applied ${placeOf(missing)}, offset ${missing.offset}`;
      throw new ClosingError('projector_behind', text);
    }
    await sleep(projectorPollMs);
  }
  await assertContinuous(deps.warehouse, logs);
}

async function assertContinuous(warehouse: Warehouse, logs: readonly LogCut[]): Promise<void> {
  const gap = firstDiscontinuity(logs, await readContinuity(warehouse, logs));
  if (gap === undefined) return;
  const what = `${gap.end} offsets, ${gap.rows} rows of ${gap.offsets} offsets`;
  throw new ClosingError('log_not_continuous', `${placeOf(gap)}: ${what}`);
}

function placeOf({ log, partition }: { log: number; partition: number }): string {
  return `log ${log}, partition ${partition}`;
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
