/**
 * The store of whose the objects are that providers keep: the server that has the counters of rates, or a
 * file that all proxies of this machine share.
 */
import { readFileSync } from 'node:fs';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { dataFolder } from '../config/data-folder.ts';
import { resolveSecret } from '../config/load-config.ts';
import type { StoredObjects } from '../stored-objects/stored-objects.ts';

/** Never waits for a server: one that is away fails the calls that name what is stored. */
export async function openStoredObjects(options: {
  config: Pick<TollgateConfig, 'engines'>;
  data: string;
  logger: { warn(fields: object, message: string): void };
}): Promise<StoredObjects> {
  const { config, data, logger } = options;
  const valkey = config.engines.rates?.valkey;
  if (valkey === undefined) {
    const { openSqliteStoredObjects } = await import('../stored-objects/sqlite-stored-objects.ts');
    return openSqliteStoredObjects({ path: dataFolder(data).storedObjects });
  }
  const { openValkeyStoredObjects } = await import('../stored-objects/valkey-stored-objects.ts');
  return openValkeyStoredObjects({
    url: resolveSecret(valkey.url, process.env),
    prefix: valkey.key_prefix,
    logger,
    ...(valkey.tls === undefined ? {} : { ca: readFileSync(valkey.tls.ca.file, 'utf8') }),
  });
}
