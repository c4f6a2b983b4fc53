/** Starts one projector process; any number of them share the log. */

import { randomBytes } from 'node:crypto';
import { httpSettings } from '@tollgate/adapters/config/http-settings.ts';
import { readProcessSettings } from '@tollgate/adapters/config/process-arguments.ts';
import { createJsonLogger } from '@tollgate/adapters/process/json-logger.ts';
import { logUncaught } from '@tollgate/adapters/process/log-uncaught.ts';
import { supervised } from '@tollgate/adapters/process/supervised.ts';
import { openLedger } from '@tollgate/adapters/stores/open-ledger.ts';
import { openLog, openOwnership } from '@tollgate/adapters/stores/open-log.ts';
import { openWarehouse } from '@tollgate/adapters/stores/open-warehouse.ts';
import { waitForSchema } from '@tollgate/adapters/warehouse/migrate.ts';
import { healthServer } from './health-server.ts';
import { projectorLimits } from './limits.ts';
import { startProjector } from './projector.ts';

const { config, data, host, port } = readProcessSettings(
  'apps/projector/main.ts',
  'Runs one projector. With Kafka any number of them share the partitions; port: /healthz, /readyz\nand /metrics (default: any free one).',
);
const logger = createJsonLogger('projector');
logUncaught(logger);
const stores = { config, data, clientId: 'tollgate-projector', logger };
const log = await openLog(stores, 'usage');
const deadLetters = await openLog(stores, 'dead_letter');
const ledger = await openLedger(stores);
const warehouse = await openWarehouse(stores);
await waitForSchema(warehouse, projectorLimits.schemaWaitMs);
const ownership = await openOwnership(stores);
const owner = `projector_${randomBytes(6).toString('hex')}`;
const projector = await startProjector({
  log,
  deadLetters,
  ledger,
  warehouse,
  owner,
  logger,
  ...(ownership === undefined ? {} : { ownership }),
});
const http = httpSettings(config, host, process.env);
const watched = { ...projector, metrics: () => child.metrics() };
const server = await healthServer(watched, { host, port: port ?? 0 }, http);
const stop = async () => {
  await projector.stop();
  await ownership?.close();
  await server.close();
  await Promise.all([warehouse.close(), log.close(), deadLetters.close(), ledger.close()]);
};
const child = supervised({
  drainTimeoutMs: projectorLimits.drainTimeoutMs,
  onStop: stop,
  name: owner,
  families: () => projector.families(),
});
// Without a group there is one projector: a newer one has taken over for good.
void projector.ended.then(async (how) => {
  if (how !== 'fenced') return;
  await stop();
  process.exit(1);
});
logger.info({ url: server.url }, 'the projector runs');
child.ready({ url: server.url });
