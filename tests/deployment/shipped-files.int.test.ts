/** The shipped configuration and the override for local images, compared with the compose file. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { exporterLimits } from '@tollgate/exporter/limits.ts';
import { withSimulator } from '@tollgate/standalone/simulator-provider.ts';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

type Service = {
  image?: string;
  build?: object;
  secrets?: string[];
  pull_policy?: string;
  entrypoint?: string[];
  profiles?: string[];
  environment?: Record<string, string>;
  stop_grace_period?: string;
};

const path = (file: string) => fileURLToPath(new URL(`../../${file}`, import.meta.url));
const yaml = (file: string) =>
  // `!override` and `!reset` are tags of Compose: only the values matter here.
  parse(readFileSync(path(file), 'utf8').replace(/!(override|reset) /g, ''), { merge: true });
const { services, secrets } = yaml('docker-compose.yml') as {
  services: Record<string, Service>;
  secrets: Record<string, object>;
};

describe('the shipped deploy/tollgate.yaml', () => {
  const config = loadConfig(path('deploy/tollgate.yaml'));

  it('passes the schema, and names only services of the compose file', () => {
    const { log, ledger, warehouse } = config.engines;
    const asked = [
      ...(log?.kafka.brokers ?? []).map((broker) => broker.split(':')[0]),
      new URL(warehouse?.clickhouse.url ?? '').hostname,
      ...Object.values(config.providers).map(({ base_url }) => new URL(base_url).hostname),
    ];
    expect(asked).toEqual(['kafka', 'clickhouse', 'simulator']);
    expect(ledger).toBeDefined();
    expect(Object.keys(services)).toEqual(expect.arrayContaining(asked));
  });

  it('I12: finds each of its secrets as a file in the services that read it', () => {
    const text = readFileSync(path('deploy/tollgate.yaml'), 'utf8').replace(/#.*$/gm, '');
    const named = new Set([...text.matchAll(/\/run\/secrets\/(\w+)/g)].map(([, name]) => name));
    const readers = (name: string) =>
      Object.keys(services).filter((service) => services[service]?.secrets?.includes(name));
    expect([...named].sort()).toEqual(Object.keys(secrets).sort());
    expect(readers('provider_api_key')).toEqual(['proxy-1', 'proxy-2']);
    expect(readers('clickhouse_password')).toEqual([
      'clickhouse',
      'projector-1',
      'projector-2',
      'billing-api',
    ]);
  });

  it('starts an exporter with `payments`, which ends after the exporter has', () => {
    const { entrypoint, profiles, environment, stop_grace_period } = services['exporter'] ?? {};
    expect(existsSync(path(entrypoint?.[1] ?? ''))).toBe(true);
    expect(profiles).toEqual(['payments']);
    // What docs/stripe.md names, and what the API needs to know of the same account.
    const asked = Object.keys(environment ?? {});
    expect(asked).toEqual(['STRIPE_SECRET_KEY']);
    expect(Object.keys(services['billing-api']?.environment ?? {})).toEqual([
      ...asked,
      'STRIPE_WEBHOOK_SECRET',
    ]);
    const graceMs = Number.parseInt(stop_grace_period ?? '', 10) * 1_000;
    expect(graceMs).toBeGreaterThan(exporterLimits.drainTimeoutMs);
  });

  it('prices the simulator as it bills: the demo profile is served and invoiced without a change', () => {
    const known = withSimulator(config, 'http://simulator').prices;
    const prices = config.prices.filter(({ provider }) => provider === 'simulator');
    expect(prices).toEqual(known.filter(({ model }) => ['sim-small', 'sim-large'].includes(model)));
  });
});

describe('the override for local images', () => {
  it('takes every image from this machine, and contacts no registry', () => {
    const local = (yaml('deploy/compose.local.yml') as { services: Record<string, Service> })
      .services;
    expect(Object.keys(local).sort()).toEqual(Object.keys(services).sort());
    const others = Object.entries(local).filter(
      ([, { image, pull_policy }]) =>
        !/^localhost\/tollgate\/[a-z-]+:local$/.test(image ?? '') || pull_policy !== 'never',
    );
    expect(others).toEqual([]);
  });
});
