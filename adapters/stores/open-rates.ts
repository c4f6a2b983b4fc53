/**
 * The store of rates that the configuration names: Valkey, or the embedded one, which a supervisor
 * has for the proxies that it started. A proxy that nobody supervises has none.
 */
import { readFileSync } from 'node:fs';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { resolveSecret } from '../config/load-config.ts';
import { absentRates } from '../rates/absent-rates.ts';
import type { RateStore } from '../rates/rates.ts';
import { createSupervisedRates, processChannel } from '../rates/supervised-rates.ts';

/** Never waits for a server: one that is away is the business of each limit's policy. */
export async function openRates(options: {
  config: Pick<TollgateConfig, 'engines'>;
  logger: { warn(fields: object, message: string): void };
}): Promise<RateStore> {
  const { config, logger } = options;
  const valkey = config.engines.rates?.valkey;
  if (valkey === undefined) {
    const channel = processChannel();
    return channel === null ? absentRates() : createSupervisedRates(channel);
  }
  const { openValkeyRates } = await import('../rates/valkey-rates.ts');
  return openValkeyRates({
    url: resolveSecret(valkey.url, process.env),
    prefix: valkey.key_prefix,
    logger,
    ...(valkey.tls === undefined ? {} : { ca: readFileSync(valkey.tls.ca.file, 'utf8') }),
  });
}
