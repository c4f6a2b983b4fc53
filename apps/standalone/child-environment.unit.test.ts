import { parseConfig } from '@tollgate/adapters/config/load-config.ts';
import { expect, it } from 'vitest';
import { childEnvironment } from './child-environment.ts';

const config = parseConfig(
  't.yaml',
  `metrics_token: { env: METRICS }
payments: { stripe: { secret_key: { env: STRIPE_KEY }, webhook_secret: { env: STRIPE_HOOK } } }
tracing: { headers: { authorization: { env: COLLECTOR } } }
providers:
  p: { base_url: 'http://h:1', api_key: { env: TOLLGATE_PROVIDER_KEY }, headers: { x-project: { env: PROJECT } } }
  q: { base_url: 'http://h:1', api_keys: { a: { key: { env: KEY_A } }, b: { key: { env: KEY_B } } } }
engines:
  log: { kafka: { brokers: ['h:1'], sasl: { mechanism: plain, username: u, password: { env: KAFKA } } } }
  ledger: { eventstoredb: { connection_string: { env: LEDGER } } }
  warehouse: { clickhouse: { url: 'http://h:1', password: { env: WAREHOUSE } } }
  rates: { valkey: { url: { env: RATES } } }`,
);

const shell = {
  ...{ PATH: '/bin', HOME: '/h', TZ: 'UTC', LC_ALL: 'C', NODE_OPTIONS: '--x', UNSET: undefined },
  ...{
    METRICS: 'm',
    TOLLGATE_PROVIDER_KEY: 'sk',
    PROJECT: 'p',
    KEY_A: 'a',
    KEY_B: 'b',
    KAFKA: 'k',
    LEDGER: 'l',
    WAREHOUSE: 'w',
    RATES: 'r',
    COLLECTOR: 'c',
    STRIPE_KEY: 'sk',
    STRIPE_HOOK: 'whsec',
    OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318',
  },
  ...{ AWS_SECRET_ACCESS_KEY: 'a', GITHUB_TOKEN: 'g', OPENAI_API_KEY: 'o' },
};

it('I12: a child gets the secrets that it uses, and no other variable of the shell', () => {
  const system = ['PATH', 'HOME', 'TZ', 'LC_ALL', 'NODE_OPTIONS'];
  const names = (kind: 'proxy' | 'meter') => Object.keys(childEnvironment(kind, config, shell));
  expect(names('proxy').sort()).toEqual(
    [
      ...[
        ...system,
        'METRICS',
        'TOLLGATE_PROVIDER_KEY',
        'PROJECT',
        'KEY_A',
        'KEY_B',
        'KAFKA',
        'LEDGER',
        'RATES',
      ],
      ...['COLLECTOR', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    ].sort(),
  );
  expect(names('meter').sort()).toEqual(
    [...system, 'METRICS', 'KAFKA', 'LEDGER', 'WAREHOUSE', 'STRIPE_KEY', 'STRIPE_HOOK'].sort(),
  );
});
