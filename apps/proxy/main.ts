/** Starts one proxy process. The only file of the proxy that knows everything. */
import { createOwnUsage } from '@tollgate/adapters/billing-api/own-usage.ts';
import { dataFolder, secretsPath } from '@tollgate/adapters/config/data-folder.ts';
import { httpSettings } from '@tollgate/adapters/config/http-settings.ts';
import { payloadSettings } from '@tollgate/adapters/config/payload-settings.ts';
import { readProcessSettings } from '@tollgate/adapters/config/process-arguments.ts';
import { makePrivateFiles, makePrivateFolder } from '@tollgate/adapters/files/private-folder.ts';
import { createJsonLogger } from '@tollgate/adapters/process/json-logger.ts';
import { logUncaught } from '@tollgate/adapters/process/log-uncaught.ts';
import { supervised } from '@tollgate/adapters/process/supervised.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { openCache } from '@tollgate/adapters/stores/open-cache.ts';
import { openEmbedder } from '@tollgate/adapters/stores/open-embedder.ts';
import { openIdempotency } from '@tollgate/adapters/stores/open-idempotency.ts';
import { openLedger } from '@tollgate/adapters/stores/open-ledger.ts';
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { openRates } from '@tollgate/adapters/stores/open-rates.ts';
import { openStoredObjects } from '@tollgate/adapters/stores/open-stored-objects.ts';
import {
  cacheFromConfig,
  limitsFromConfig,
  routingFromConfig,
  tracingFromConfig,
} from './from-config.ts';
import { guardrailsFromConfig } from './guardrails/from-config.ts';
import { startProxy } from './proxy.ts';

const STDOUT = 1;

const { config, data, host, port } = readProcessSettings(
  'apps/proxy/main.ts',
  'Runs one proxy instance. Several may share a data folder and a port.',
);
makePrivateFiles();
makePrivateFolder(data);
const logger = createJsonLogger('proxy');
logUncaught(logger);
// Without a ledger it refuses in words that a client understands; without a log the journal grows.
const stores = { config, data, clientId: 'tollgate-proxy', logger, mayBeAway: true };
const [ledger, log] = await Promise.all([openLedger(stores), openLog(stores, 'usage')]);
const limits = limitsFromConfig(config);
const proxy = await startProxy({
  journalFolder: dataFolder(data).journals,
  ledger,
  log,
  rates: await openRates(stores),
  answers: await openCache(stores),
  cache: cacheFromConfig(config),
  embedder: await openEmbedder(config),
  ownUsage: ownUsageOf(config.billing_api_url),
  secrets: openSecrets(secretsPath(config, data)),
  ...routingFromConfig(config, limits, process.env),
  guardrails: guardrailsFromConfig(config, limits, process.env),
  idempotency: {
    store: await openIdempotency(stores),
    lifeMs: config.idempotency.hours * 3_600_000,
  },
  storedObjects: await openStoredObjects(stores),
  limits,
  http: httpSettings(config, host, process.env),
  logger,
  metrics: () => child.metrics(),
  accessLogFd: config.access_log === true ? STDOUT : undefined,
  payloads: payloadSettings(config, data),
  tracing: tracingFromConfig(config, process.env, (message) => logger.warn({}, message)),
  onFatal: (err) => {
    logger.error({ err }, 'the journal failed; another instance takes this one over');
    process.exit(1);
  },
});
const child = supervised({
  onStop: async () => {
    await proxy.stop();
    await Promise.all([log.close(), ledger.close()]);
  },
  drainTimeoutMs: 3 * limits.drainTimeoutMs,
  name: proxy.instanceId,
  families: () => proxy.families(),
});
// Several proxies share one port: the kernel spreads connections over them.
const listening = { port: port ?? config.proxy_port, host, reusePort: true };
const url = await proxy.app.listen(listening as { port: number });
logger.info({ url, instance: proxy.instanceId }, 'the proxy listens');
child.ready({ url, instance: proxy.instanceId });

function ownUsageOf(apiUrl: string | undefined) {
  if (apiUrl === undefined) return undefined;
  const onError = (err: unknown) => logger.warn({ err }, 'the billing API does not tell of usage');
  return createOwnUsage({ apiUrl, waitMs: limits.meUsageWaitMs, onError });
}
