/** Starts one proxy process on a data folder. The only file of the proxy that knows everything. */
import { mkdirSync } from 'node:fs';
import { dataFolder, EMBEDDED_PARTITIONS } from '@tollgate/adapters/config/data-folder.ts';
import { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { createJsonLogger } from '@tollgate/adapters/process/json-logger.ts';
import { supervised } from '@tollgate/adapters/process/supervised.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { parseProxyArguments, proxyUsage } from './config.ts';
import { routingFromConfig } from './from-config.ts';
import { proxyLimits } from './limits.ts';
import { startProxy } from './proxy.ts';

const given = parseProxyArguments(process.argv.slice(2));
if (given === 'help') {
  console.log(proxyUsage);
  process.exit(0);
}
const config = loadConfig(given.config);
const data = given.data ?? config.data;
mkdirSync(data, { recursive: true });
const paths = dataFolder(data);
const logger = createJsonLogger('proxy');
const proxy = await startProxy({
  journalFolder: paths.journals,
  ledger: await openSqliteLedger({ path: paths.ledger }),
  log: await openSqliteLog({
    path: paths.log,
    topic: 'usage',
    ordinal: 0,
    partitions: EMBEDDED_PARTITIONS,
  }),
  secrets: openSecrets(paths.secrets),
  ...routingFromConfig(config, proxyLimits, process.env),
  limits: proxyLimits,
  logger,
  onFatal: (err) => {
    logger.error({ err }, 'the journal failed; another instance takes this one over');
    process.exit(1);
  },
});
const child = supervised({
  onStop: () => proxy.stop(),
  drainTimeoutMs: 3 * proxyLimits.drainTimeoutMs,
});
// Several proxies share one port: the kernel spreads connections over them.
const host = given.host ?? config.host;
const port = given.port ?? config.proxy_port;
const url = await proxy.app.listen({ port, host, reusePort: true } as { port: number });
logger.info({ url, instance: proxy.instanceId }, 'the proxy listens');
child.ready({ url, instance: proxy.instanceId });
