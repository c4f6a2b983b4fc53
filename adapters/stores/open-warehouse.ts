/**
 * The warehouse that the configuration names: a ClickHouse server, or the embedded engine on the
 * data folder. The proxy does not import this file, since its image has no engine.
 */
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { dataFolder } from '../config/data-folder.ts';
import { resolveSecret } from '../config/load-config.ts';
import { openClickhouseWarehouse } from '../warehouse/clickhouse-warehouse.ts';
import type { Warehouse } from '../warehouse/warehouse.ts';

/**
 * The embedded engine is an optional package: npm may have failed to install it without an error.
 */
export class EngineMissingError extends Error {
  constructor(cause: unknown) {
    const [reason] = (cause instanceof Error ? cause.message : String(cause)).split('\n');
    super(
      `the embedded warehouse needs the package chdb, which cannot be loaded: ${reason}\n` +
        'Install it with `npm ci --include=optional` (it is made for Linux with glibc and for macOS, ' +
        'x64 and arm64),\nor name a ClickHouse server in tollgate.yaml: engines.warehouse.clickhouse.url',
      { cause },
    );
  }
}

/**
 * @throws EngineMissingError; Error if it cannot be opened, or if another process has opened the
 *   embedded one
 */
export async function openWarehouse(options: {
  config: Pick<TollgateConfig, 'engines'>;
  data: string;
  logger: { warn(fields: object, message: string): void };
}): Promise<Warehouse> {
  const clickhouse = options.config.engines.warehouse?.clickhouse;
  if (clickhouse === undefined) {
    // Loaded only where it is used: an image for servers need not carry the engine.
    const engine = import('../warehouse/chdb-warehouse.ts').catch((cause: unknown) => {
      throw new EngineMissingError(cause);
    });
    const { openChdbWarehouse } = await engine;
    return openChdbWarehouse({ path: dataFolder(options.data).warehouse });
  }
  const { url, user, password, tls, compression, cluster } = clickhouse;
  return openClickhouseWarehouse({
    url,
    username: user,
    password: password === undefined ? '' : resolveSecret(password, process.env),
    compression,
    logger: options.logger,
    ...(tls === undefined ? {} : { tls: { caFile: tls.ca.file } }),
    ...(cluster === undefined ? {} : { cluster }),
  });
}
