/**
 * What /readyz of the billing API says: whether its stores answer, whether the projector goes on where
 * there is something to do, and whether the disk has room.
 */
import { checkDisk, type Health, healthOf, Progress } from '@tollgate/adapters/http/readiness.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { probe } from '@tollgate/adapters/warehouse/queries/probe.ts';
import { countRows } from '@tollgate/adapters/warehouse/queries/progress.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { type ApiLimits, apiLimits } from '../limits.ts';

export type WatchedStores = {
  log: Pick<Log, 'ends'>;
  warehouse: Warehouse;
  /** The data folder. */
  folder: string;
  /** What a projector in this process has written; else the rows are counted. */
  applied?: () => bigint;
};

export function storesHealth(
  { log, warehouse, folder, applied }: WatchedStores,
  options: Partial<ApiLimits> & { nowMs?: () => number } = {},
): () => Promise<Health> {
  const { projectorStalledMs, diskFreeBytesMin, healthTimeoutMs, healthKeptMs } = {
    ...apiLimits,
    ...options,
  };
  const nowMs = options.nowMs ?? (() => performance.now());
  const progress = new Progress(projectorStalledMs);
  const ends = shared(() => log.ends());
  const rows = shared(async () => {
    if (applied === undefined) return countRows(warehouse);
    await probe(warehouse);
    return applied();
  });
  const checks = {
    log: () => ends().then(() => 'ok'),
    warehouse: () => rows().then(() => 'ok'),
    projector_lag: async () => {
      // The log first: what is counted after it may be ahead, and never falsely behind.
      const end = (await ends()).reduce((sum, offset) => sum + offset, 0n);
      const counted = await rows();
      return progress.look(counted, end - counted, nowMs());
    },
    disk: () => checkDisk(folder, diskFreeBytesMin),
  };
  return healthOf(checks, healthTimeoutMs, healthKeptMs);
}

/** One question under way serves all who ask meanwhile. */
function shared<T>(ask: () => Promise<T>): () => Promise<T> {
  let pending: Promise<T> | undefined;
  return () => {
    pending ??= ask().finally(() => {
      pending = undefined;
    });
    return pending;
  };
}
