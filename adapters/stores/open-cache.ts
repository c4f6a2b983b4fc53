/** The store of answers that the configuration names: Valkey, or a file in the data folder. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import type { AnswerCache } from '../cache/answer-cache.ts';
import { dataFolder } from '../config/data-folder.ts';
import { resolveSecret } from '../config/load-config.ts';
import { makePrivateFolder } from '../files/private-folder.ts';

/**
 * Never waits for a server. Without rules there is none: what an earlier configuration has stored stays
 * where it is, until its time is over or it is purged.
 *
 * @returns undefined: nothing is cached
 */
export async function openCache(options: {
  config: Pick<TollgateConfig, 'engines' | 'cache'>;
  data: string;
  logger: { warn(fields: object, message: string): void };
}): Promise<AnswerCache | undefined> {
  const { config, data, logger } = options;
  if (config.cache.rules.length === 0) return undefined;
  const valkey = config.engines.cache?.valkey;
  if (valkey === undefined) {
    const { openSqliteCache } = await import('../cache/sqlite-cache.ts');
    const folder = dataFolder(data).cache;
    makePrivateFolder(folder);
    return openSqliteCache({ path: join(folder, 'answers.sqlite'), logger });
  }
  const { openValkeyCache } = await import('../cache/valkey-cache.ts');
  return openValkeyCache({
    url: resolveSecret(valkey.url, process.env),
    prefix: valkey.key_prefix,
    logger,
    ...(valkey.tls === undefined ? {} : { ca: readFileSync(valkey.tls.ca.file, 'utf8') }),
  });
}
