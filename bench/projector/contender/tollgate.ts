/** Tollgate's own projector, until every record has its row and no closed bucket is dirty. */
import { startProjector } from '@tollgate/projector/projector.ts';
import type { BenchStores } from '../stores.ts';
import type { Contender, Found } from './run-contender.ts';

export const tollgate: Contender = { run: project, found };

async function project(stores: BenchStores): Promise<void> {
  const failures: object[] = [];
  const logger = {
    warn: () => undefined,
    error: (fields: object) => failures.push(fields),
  };
  const projector = await startProjector({ ...stores, owner: 'bench', logger });
  await projector.caughtUp();
  await projector.stop();
  if (failures.length > 0) throw new Error('the projector failed', { cause: failures[0] });
}

async function found({ warehouse }: BenchStores): Promise<Found> {
  const [raw] = await warehouse.query<{ rows: string; counted: string; cost: string }>(
    `SELECT count() AS rows, countIf(disposition = 'counted') AS counted,
       toString(sumIf(cost, disposition = 'counted')) AS cost FROM tollgate.raw_usage`,
  );
  const [rolled] = await warehouse.query<{ events: string; cost: string }>(
    'SELECT sum(events) AS events, toString(sum(cost)) AS cost FROM tollgate.usage_hourly',
  );
  if (raw?.counted !== rolled?.events || raw?.cost !== rolled?.cost) {
    throw new Error(`raw and roll-ups differ: ${JSON.stringify({ raw, rolled })}`);
  }
  return { rows: Number(raw?.rows), counted: Number(raw?.counted) };
}
