/** Whether everything that the configuration takes from elsewhere is there, before anything is opened. */
import { accessSync, constants } from 'node:fs';
import { secretsOf } from '@tollgate/schemas/config/provider-keys.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { ConfigError, resolveSecret } from './load-config.ts';

type Reference = { env: string } | { file: string } | undefined;

/** @throws ConfigError naming the field and what is missing, never what it is (I12) */
export function checkSecrets(
  config: TollgateConfig,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const { log, ledger, warehouse, rates } = config.engines;
  const references: [field: string, reference: Reference][] = [
    ...Object.entries(config.providers).flatMap(([name, provider]) =>
      secretsOf(provider).map(({ field, secret }): [string, Reference] => [
        `providers.${name}.${field}`,
        secret,
      ]),
    ),
    ['metrics_token', config.metrics_token],
    ['payments.stripe.secret_key', config.payments.stripe?.secret_key],
    ['payments.stripe.webhook_secret', config.payments.stripe?.webhook_secret],
    ['payments.stripe.meter_reports_secret', config.payments.stripe?.meter_reports_secret],
    ...Object.entries(config.guardrails).map(([name, { webhook }]): [string, Reference] => [
      `guardrails.${name}.webhook.secret`,
      webhook?.secret,
    ]),
    ['engines.log.kafka.sasl.password', log?.kafka.sasl?.password],
    ['engines.ledger.eventstoredb.connection_string', ledger?.eventstoredb.connection_string],
    ['engines.warehouse.clickhouse.password', warehouse?.clickhouse.password],
    ['engines.rates.valkey.url', rates?.valkey.url],
  ];
  for (const [field, reference] of references) {
    try {
      resolveSecret(reference, environment);
    } catch (error) {
      throw new ConfigError(`${field}: ${error instanceof Error ? error.message : error}`);
    }
  }
  const { ssl } = log?.kafka ?? {};
  const authorities: [field: string, file: string | undefined][] = [
    ['engines.log.kafka.ssl.ca', typeof ssl === 'object' ? ssl.ca.file : undefined],
    ['engines.warehouse.clickhouse.tls.ca', warehouse?.clickhouse.tls?.ca.file],
    ['engines.rates.valkey.tls.ca', rates?.valkey.tls?.ca.file],
  ];
  for (const [field, file] of authorities) {
    if (file === undefined) continue;
    try {
      accessSync(file, constants.R_OK);
    } catch {
      throw new ConfigError(`${field}: the file ${file} cannot be read`);
    }
  }
}
