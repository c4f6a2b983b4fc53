/**
 * The core process (design §4): the one that owns the warehouse. Projector, billing API, resolver and
 * price publishing on the embedded stores.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { readCatalogue } from '@tollgate/adapters/catalogue/genai-prices.ts';
import { dataFolder, EMBEDDED_PARTITIONS } from '@tollgate/adapters/config/data-folder.ts';
import { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { createJsonLogger } from '@tollgate/adapters/process/json-logger.ts';
import { supervised } from '@tollgate/adapters/process/supervised.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import { buildApi } from '@tollgate/billing-api/app.ts';
import { publishPrices } from '@tollgate/billing-api/price-book/publish-prices.ts';
import { startResolver } from '@tollgate/billing-api/reconciliation/resolver.ts';
import { priceListsFromOverrides } from '@tollgate/domain/pricing/from-overrides.ts';
import { startProjector } from '@tollgate/projector/projector.ts';

/** Longer than any statement of the warehouse may run. */
const DRAIN_TIMEOUT_MS = 70_000;

const { values } = parseArgs({
  options: { config: { type: 'string' }, data: { type: 'string' }, port: { type: 'string' } },
});
const logger = createJsonLogger('core');
const config = loadConfig(values.config);
const data = values.data ?? config.data;
mkdirSync(data, { recursive: true });
const paths = dataFolder(data);
const onError = (message: string, err: unknown) => logger.error({ err }, message);

const ledger = await openSqliteLedger({ path: paths.ledger });
const fingerprint = createHash('sha256').update(JSON.stringify(config.prices)).digest('hex');
await publishPrices(ledger, [
  ...(await readCatalogue()),
  ...priceListsFromOverrides(
    config.prices,
    (provider) => `config-${fingerprint.slice(0, 12)}-${provider}`,
  ),
]);
const topic = { path: paths.log, ordinal: 0, partitions: EMBEDDED_PARTITIONS };
const log = await openSqliteLog({ ...topic, topic: 'usage' });
const deadLetters = await openSqliteLog({ ...topic, topic: 'dead_letter' });
const warehouse = await openChdbWarehouse({ path: paths.warehouse });
await migrate(warehouse);
const projector = await startProjector({
  log,
  deadLetters,
  ledger,
  warehouse,
  owner: 'core',
  logger,
});
const api = await buildApi({
  ledger,
  log,
  warehouse,
  secrets: openSecrets(paths.secrets),
  clock: Date.now,
  randomBytes: (length) => randomBytes(length),
  onError,
  health: async () => ({ ready: true, checks: { projector_lag: String(projector.lag()) } }),
  metrics: () => projector.metrics(),
});
const { limits, directory } = api.context;
const resolver = startResolver({
  ledger,
  log,
  warehouse,
  imports: () => directory.imports.all().map(({ state }) => state),
  pollMs: limits.resolverIdleMs,
  batchEvents: limits.resolverBatchEvents,
  onError,
});
const child = supervised({
  drainTimeoutMs: DRAIN_TIMEOUT_MS,
  onStop: async () => {
    await api.stop();
    await resolver.stop();
    await projector.stop();
    await Promise.all([warehouse.close(), log.close(), deadLetters.close(), ledger.close()]);
  },
});
const port = Number(values.port ?? config.api_port);
const url = await api.app.listen({ port, host: config.host });
logger.info({ url }, 'the billing API listens');
child.ready({ url });
