/**
 * What a child process gets of our environment: what the system and Node need, and of the secrets
 * that the configuration takes from variables only those that this kind of process uses (I12). Every
 * other variable of the shell that started us stays with us.
 */
import { secretsOf as secretsOfProvider } from '@tollgate/schemas/config/provider-keys.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';

export type ChildKind = 'proxy' | 'meter';

type Environment = Readonly<Record<string, string | undefined>>;
type Reference = { env: string } | { file: string } | undefined;

const SYSTEM = new Set(['PATH', 'HOME', 'USER', 'LANG', 'TZ', 'TMPDIR']);
const SYSTEM_PREFIXES = ['LC_', 'NODE_', 'UV_', 'SSL_CERT_', 'TOLLGATE_'];

/** OpenTelemetry's own variables: proxies trace calls. */
const TRACES_PREFIX = 'OTEL_';

export function childEnvironment(
  kind: ChildKind,
  config: TollgateConfig,
  environment: Environment,
): Record<string, string> {
  const { calls, shared, meter } = secretsOf(config);
  const secrets = new Set([...calls, ...shared, ...meter]);
  const needed = new Set([...shared, ...(kind === 'proxy' ? calls : meter)]);
  const given: Record<string, string> = {};
  for (const [name, value] of Object.entries(environment)) {
    if (value === undefined) continue;
    const isGiven = isOfSystem(name) || (kind === 'proxy' && name.startsWith(TRACES_PREFIX));
    if (needed.has(name) || (isGiven && !secrets.has(name))) given[name] = value;
  }
  return given;
}

function isOfSystem(name: string): boolean {
  return SYSTEM.has(name) || SYSTEM_PREFIXES.some((prefix) => name.startsWith(prefix));
}

/** Names of variables. */
function secretsOf(config: TollgateConfig) {
  const { engines, providers, metrics_token, tracing, payments } = config;
  const { log, ledger, warehouse, rates } = engines;
  return {
    calls: namesOf([
      ...Object.values(providers).flatMap((provider) =>
        secretsOfProvider(provider).map(({ secret }) => secret),
      ),
      ...Object.values(tracing?.headers ?? {}),
      rates?.valkey.url,
    ]),
    shared: namesOf([
      log?.kafka.sasl?.password,
      ledger?.eventstoredb.connection_string,
      metrics_token,
    ]),
    meter: namesOf([
      warehouse?.clickhouse.password,
      payments.stripe?.secret_key,
      payments.stripe?.webhook_secret,
    ]),
  };
}

function namesOf(references: readonly Reference[]): string[] {
  return references.flatMap((reference) =>
    reference !== undefined && 'env' in reference ? [reference.env] : [],
  );
}
