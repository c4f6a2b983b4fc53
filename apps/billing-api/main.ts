/**
 * Starts the billing API as a process of its own, where projectors are processes of their own too.
 */

import { checkInvoicing } from '@tollgate/adapters/config/check-invoicing.ts';
import { dataFolder, secretsPath } from '@tollgate/adapters/config/data-folder.ts';
import { httpSettings } from '@tollgate/adapters/config/http-settings.ts';
import { paymentSettings } from '@tollgate/adapters/config/payment-settings.ts';
import { readProcessSettings } from '@tollgate/adapters/config/process-arguments.ts';
import { makePrivateFiles, makePrivateFolder } from '@tollgate/adapters/files/private-folder.ts';
import { createJsonLogger } from '@tollgate/adapters/process/json-logger.ts';
import { logUncaught } from '@tollgate/adapters/process/log-uncaught.ts';
import { supervised } from '@tollgate/adapters/process/supervised.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { openLedger } from '@tollgate/adapters/stores/open-ledger.ts';
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { openWarehouse } from '@tollgate/adapters/stores/open-warehouse.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import { storesHealth } from './health/stores-health.ts';
import { apiLimits } from './limits.ts';
import { paymentDeps } from './payments/open-payments.ts';
import { publishConfiguredPrices, startBilling } from './start-billing.ts';

const { config, data, host, port } = readProcessSettings(
  'apps/billing-api/main.ts',
  'Runs the control plane and billing API on servers; makes the tables of the warehouse.',
);
const logger = createJsonLogger('billing-api');
logUncaught(logger);
checkInvoicing(config);
makePrivateFiles();
makePrivateFolder(data);
const stores = { config, data, clientId: 'tollgate-billing-api', logger };
const ledger = await openLedger(stores);
await publishConfiguredPrices(ledger, config);
const log = await openLog(stores, 'usage');
const warehouse = await openWarehouse(stores);
const cluster = config.engines.warehouse?.clickhouse.cluster;
await migrate(warehouse, cluster === undefined ? {} : { cluster });
const billing = await startBilling({
  ledger,
  log,
  warehouse,
  secrets: openSecrets(secretsPath(config, data)),
  replayFolder: dataFolder(data).replayKeys,
  http: httpSettings(config, host, process.env),
  topicPrefix: config.engines.log?.kafka.topic_prefix,
  webhooksAllow: config.webhooks.allow,
  exchangeRates: config.exchange_rates,
  models: config.models,
  payments: await paymentDeps(paymentSettings(config, process.env)),
  invoicing: config.invoicing,
  logger,
  health: storesHealth({ log, warehouse, folder: data }),
  metrics: () => child.metrics(),
});
const child = supervised({
  drainTimeoutMs: apiLimits.drainTimeoutMs,
  name: 'billing-api',
  families: () => billing.families(),
  onStop: async () => {
    await billing.stop();
    await Promise.all([warehouse.close(), log.close(), ledger.close()]);
  },
});
const url = await billing.app.listen({ port: port ?? config.api_port, host });
logger.info({ url }, 'the billing API listens');
child.ready({ url });
