/**
 * Opens the stores that the configuration names, embedded or on servers, for a command. On the data
 * folder nothing else may run meanwhile. Whether anything runs on servers cannot be seen from here, so
 * a rebuild asks the fence (commands/rebuild/rebuild.ts).
 */
import { existsSync } from 'node:fs';
import { dataFolder } from '@tollgate/adapters/config/data-folder.ts';
import { tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import { openLedger } from '@tollgate/adapters/stores/open-ledger.ts';
import { openLog } from '@tollgate/adapters/stores/open-log.ts';
import { openWarehouse } from '@tollgate/adapters/stores/open-warehouse.ts';
import { migrate } from '@tollgate/adapters/warehouse/migrate.ts';
import type { Stores } from '@tollgate/audit/stores.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { CommandError } from './errors.ts';

export type InstallationStores = Stores & {
  /** The cluster that the warehouse's tables are spread over, if they are. */
  cluster?: string | undefined;
};
export type OpenStores = InstallationStores & { close(): Promise<void> };

/**
 * @param data the folder of what is embedded, and of a Tollgate that may run here
 * @param config default: all embedded
 * @throws CommandError if there is no data, or a Tollgate runs on it; Error if a server does not answer
 */
export async function openStores(
  data: string,
  config: Pick<TollgateConfig, 'engines'> = { engines: {} },
  say: (line: string) => void = () => undefined,
): Promise<OpenStores> {
  const { engines } = config;
  const paths = dataFolder(data);
  const embedded = [
    ...(engines.log === undefined ? [paths.log] : []),
    ...(engines.ledger === undefined ? [paths.ledger] : []),
  ];
  if (!embedded.every((path) => existsSync(path))) {
    throw new CommandError(`${data} holds no data: name it with --data`);
  }
  const lock = existsSync(data) ? tryLock(paths.supervisorLock) : undefined;
  if (lock === null) {
    throw new CommandError(`a Tollgate runs on ${data}: stop it first, then run this again`);
  }
  const opened: { close(): Promise<void> }[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(opened.map((store) => store.close()));
    lock?.release();
  };
  const keep = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const store = await opening;
    opened.push(store);
    return store;
  };
  const logger = { warn: (_fields: object, message: string) => say(message) };
  const options = { config, data, clientId: 'tollgate-operator', logger };
  const cluster = engines.warehouse?.clickhouse.cluster;
  try {
    const log = await keep(openLog(options, 'usage'));
    const deadLetters = await keep(openLog(options, 'dead_letter'));
    const ledger = await keep(openLedger(options));
    const warehouse = await keep(openWarehouse(options));
    await migrate(warehouse, cluster === undefined ? {} : { cluster });
    return { log, deadLetters, ledger, warehouse, cluster, close };
  } catch (error) {
    await close();
    throw error;
  }
}
