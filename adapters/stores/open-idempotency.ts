/**
 * The store of clients' `Idempotency-Key`s: the server that has the counters of rates, or a file that all
 * proxies of this machine share.
 */
import { readFileSync } from 'node:fs';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { dataFolder } from '../config/data-folder.ts';
import { resolveSecret } from '../config/load-config.ts';
import type { IdempotencyStore } from '../idempotency/idempotency-store.ts';

/** Never waits for a server: one that is away fails the calls that state a key. */
export async function openIdempotency(options: {
  config: Pick<TollgateConfig, 'engines'>;
  data: string;
  logger: { warn(fields: object, message: string): void };
}): Promise<IdempotencyStore> {
  const { config, data, logger } = options;
  const valkey = config.engines.rates?.valkey;
  if (valkey === undefined) {
    const { openSqliteIdempotency } = await import('../idempotency/sqlite-idempotency.ts');
    return openSqliteIdempotency({ path: dataFolder(data).clientKeys });
  }
  const { openValkeyIdempotency } = await import('../idempotency/valkey-idempotency.ts');
  return openValkeyIdempotency({
    url: resolveSecret(valkey.url, process.env),
    prefix: valkey.key_prefix,
    logger,
    ...(valkey.tls === undefined ? {} : { ca: readFileSync(valkey.tls.ca.file, 'utf8') }),
  });
}
