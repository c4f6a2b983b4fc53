/**
 * The core process owns the embedded warehouse. It runs the projector, the billing API, the resolver
 * and the exporter, and publishes prices. Log and ledger may be on servers.
 */
import { dataFolder, secretsPath } from '@tollgate/adapters/config/data-folder.ts';
import { httpSettings } from '@tollgate/adapters/config/http-settings.ts';
import { payloadSettings } from '@tollgate/adapters/config/payload-settings.ts';
import { paymentSettings } from '@tollgate/adapters/config/payment-settings.ts';
import { readProcessSettings } from '@tollgate/adapters/config/process-arguments.ts';
import { makePrivateFiles, makePrivateFolder } from '@tollgate/adapters/files/private-folder.ts';
import { openPayloads } from '@tollgate/adapters/payloads/sqlite-payloads.ts';
import { createJsonLogger } from '@tollgate/adapters/process/json-logger.ts';
import { logUncaught } from '@tollgate/adapters/process/log-uncaught.ts';
import { cannotRun, supervised } from '@tollgate/adapters/process/supervised.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { openLedger } from '@tollgate/adapters/stores/open-ledger.ts';
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { EngineMissingError, openWarehouse } from '@tollgate/adapters/stores/open-warehouse.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import { storesHealth } from '@tollgate/billing-api/health/stores-health.ts';
import { apiLimits } from '@tollgate/billing-api/limits.ts';
import { paymentDeps } from '@tollgate/billing-api/payments/open-payments.ts';
import { publishConfiguredPrices, startBilling } from '@tollgate/billing-api/start-billing.ts';
import { startProjector } from '@tollgate/projector/projector.ts';

const { config, data, host, port } = readProcessSettings(
  'apps/standalone/core-main.ts',
  'Runs projector and billing API on one data folder; `npm start` does it for you.',
);
makePrivateFiles();
makePrivateFolder(data);
const logger = createJsonLogger('core');
logUncaught(logger);
const stores = { config, data, clientId: 'tollgate-core', logger };
const ledger = await openLedger(stores);
await publishConfiguredPrices(ledger, config);
const log = await openLog(stores, 'usage');
const deadLetters = await openLog(stores, 'dead_letter');
const warehouse = await openWarehouse(stores).catch((error: unknown) => {
  if (error instanceof EngineMissingError) return cannotRun(error.message);
  throw error;
});
await migrate(warehouse);
const projector = await startProjector({
  log,
  deadLetters,
  ledger,
  warehouse,
  owner: 'core',
  logger,
});
const payments = paymentSettings(config, process.env);
const payloads = payloadSettings(config, data);
const billing = await startBilling({
  ledger,
  log,
  warehouse,
  secrets: openSecrets(secretsPath(config, data)),
  replayFolder: dataFolder(data).replayKeys,
  http: httpSettings(config, host, process.env),
  payloads:
    payloads === null
      ? undefined
      : openPayloads({
          ...payloads,
          onError: (err) => logger.error({ err }, 'old payloads cannot be deleted'),
        }),
  topicPrefix: config.engines.log?.kafka.topic_prefix,
  webhooksAllow: config.webhooks.allow,
  exchangeRates: config.exchange_rates,
  models: config.models,
  payments: await paymentDeps(payments),
  invoicing: config.invoicing,
  logger,
  health: storesHealth({
    ...{ log, warehouse, folder: data },
    applied: () => projector.applied(),
  }),
  metrics: () => child.metrics(),
});
// Its client is loaded only where it is asked for.
const exporter =
  payments === null
    ? null
    : await (await import('@tollgate/exporter/open-exporter.ts')).openExporter({
        ...{ ledger, logger, settings: payments, invoicing: config.invoicing },
      });
const child = supervised({
  drainTimeoutMs: apiLimits.drainTimeoutMs,
  name: 'core',
  families: async () => [...(await billing.families()), ...projector.families()],
  onStop: async () => {
    await billing.stop();
    await exporter?.stop();
    await projector.stop();
    await Promise.all([warehouse.close(), log.close(), deadLetters.close(), ledger.close()]);
  },
});
const url = await billing.app.listen({ port: port ?? config.api_port, host });
logger.info({ url }, 'the billing API listens');
child.ready({ url });
