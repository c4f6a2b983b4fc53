/** What the HTTP servers of an installation have in common, from its configuration. */
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { type HostPolicy, hostPolicy } from '../http/manners.ts';
import { resolveSecret } from './load-config.ts';

export type HttpSettings = {
  /** Which names a request may ask for. */
  isOurHost: HostPolicy;
  /** Asked for by /metrics; undefined: nothing is. */
  metricsToken: string | undefined;
  /** Sites whose pages may call the proxy from a browser; default: none. */
  corsOrigins?: readonly string[];
};

/** @throws ConfigError naming the secret that is missing */
export function httpSettings(
  config: Pick<TollgateConfig, 'allowed_hosts' | 'metrics_token' | 'cors_origins'>,
  host: string,
  environment: Readonly<Record<string, string | undefined>>,
): HttpSettings {
  const token = resolveSecret(config.metrics_token, environment);
  return {
    isOurHost: hostPolicy(host, config.allowed_hosts),
    corsOrigins: config.cors_origins,
    metricsToken: token === '' ? undefined : token,
  };
}
