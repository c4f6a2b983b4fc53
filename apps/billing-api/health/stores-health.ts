/** What /readyz of a separate billing API says: whether its stores answer, and how far rows lag. */
import type { Log } from '@tollgate/adapters/log/log.ts';
import { countRows } from '@tollgate/adapters/warehouse/queries/progress.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import type { Health } from './health.ts';

export function storesHealth(stores: { log: Log; warehouse: Warehouse }): () => Promise<Health> {
  return async () => {
    const checks: Record<string, string> = {};
    const ends = await checked(checks, 'log', () => stores.log.ends());
    const rows = await checked(checks, 'warehouse', () => countRows(stores.warehouse));
    if (ends !== null && rows !== null) {
      const end = ends.reduce((sum, offset) => sum + offset, 0n);
      checks['projector_lag'] = String(end - rows);
    }
    return { ready: ends !== null && rows !== null, checks };
  };
}

/** Internal details stay inside: the caller learns only which store does not answer. */
async function checked<T>(
  checks: Record<string, string>,
  name: string,
  ask: () => Promise<T>,
): Promise<T | null> {
  try {
    const answer = await ask();
    checks[name] = 'ok';
    return answer;
  } catch {
    checks[name] = 'does not answer';
    return null;
  }
}
