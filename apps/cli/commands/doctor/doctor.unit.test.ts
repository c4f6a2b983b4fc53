/** Each planted misconfiguration is found, and what to do is said; a healthy installation has none. */
import { type TollgateConfig, tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { describe, expect, it } from 'vitest';
import type { Api } from '../../connection/api.ts';
import { examine } from './examine.ts';
import { readMetrics } from './metrics.ts';
import type { Sight } from './sight.ts';

const NOW_MS = Date.parse('2026-11-30T12:00:00Z');
const MIB = 1_048_576;

type Planted = {
  sight?: Partial<Sight>;
  config?: object;
  /** What the provider answers; an error: nobody does. */
  provider?: { status: number; date?: string } | Error;
  ready?: Record<string, string>;
  metrics?: string;
  lists?: Record<string, object[]>;
  environment?: Record<string, string>;
};

const PROVIDER = { base_url: 'https://api.openai.com/v1', api_key: { env: 'OPENAI_API_KEY' } };
const METRICS = `# HELP tollgate_projector_lag_records Records.
tollgate_projector_lag_records{process="core"} 3
tollgate_ledger_age_seconds{process="proxy-1"} 0.2
tollgate_process_up{process="proxy-1"} 1
tollgate_build_info{process="proxy-1",version="1.2.3"} 1
`;

function installed({ config = {}, environment = {}, ...planted }: Planted) {
  const parsed = tollgateConfig.parse({ providers: { openai: PROVIDER }, ...config });
  const lists: Record<string, object[]> = { ...planted.lists };
  const api = {
    get: async (path: string) => ({ data: lists[path] ?? [] }),
    all: async (path: string) => lists[path] ?? [],
  } as unknown as Api;
  const { provider = { status: 200 } } = planted;
  const send = async () => {
    if (provider instanceof Error) throw provider;
    const date = provider.date ?? new Date(NOW_MS).toUTCString();
    return new Response('{"data":[{},{}]}', { status: provider.status, headers: { date } });
  };
  return sightOf(
    parsed,
    api,
    send as typeof fetch,
    { OPENAI_API_KEY: 'sk-x', ...environment },
    planted,
  );
}

function sightOf(
  config: TollgateConfig,
  api: Api,
  send: typeof fetch,
  environment: Record<string, string>,
  { ready = { log: 'ok', projector_lag: '3', disk: 'ok' }, metrics = METRICS, sight = {} }: Planted,
): Sight {
  const apiUrl = 'http://127.0.0.1:8788';
  return {
    ...{ clock: () => NOW_MS, signal: new AbortController().signal, fetch: send, environment },
    installation: async () => ({ config, data: '.tollgate' }),
    connection: async () => ({
      ...{ apiUrl, proxyUrl: null, token: null, timeZone: null, source: 'a test' },
    }),
    api: async () => api,
    ...{ nodeVersion: '26.10.0', version: '1.2.3', profilesPath: '/home/me/config.json' },
    openFilesMax: () => 65_536,
    freeBytes: () => 50_000 * MIB,
    readersOf: () => 'nobody',
    isRunning: () => true,
    portIsFree: async () => true,
    journals: () => [{ instance: 'ins_1', isOwned: true }],
    topicFaults: async () => [],
    ask: async (url) => ({
      ...{ status: 200, date: null },
      text: url.endsWith('/readyz') ? JSON.stringify({ ready: true, checks: ready }) : metrics,
    }),
    ...sight,
  };
}

const found = async (planted: Planted) =>
  (await examine(installed(planted))).filter(({ status }) => status !== 'ok');

const budget = (fields: object) => ({ id: 'bud_1', unit: 'usd', model: null, ...fields });
const used = (fields: object) => ({
  ...{ model: 'gpt-x', model_requested: 'x', provider: 'openai', events: 4, unpriced_events: 0 },
  ...fields,
});
const kafka = { log: { kafka: { brokers: ['k:9092'] } } };
const refused = Object.assign(new Error('fetch failed'), { cause: { code: 'ECONNREFUSED' } });
const webhook = { id: 'whk_1', url: 'https://hooks.example/a' };
const attempts = [{ number: 1, error: 'HTTP 500', http_status: 500 }];

describe('the doctor', () => {
  it('finds nothing in a healthy installation', async () => {
    expect(await found({})).toEqual([]);
  });

  const rows: [what: string, check: string, Planted, says: RegExp, advice: RegExp][] = [
    [
      'a wrong provider key',
      'provider_key',
      { provider: { status: 401 } },
      /key refused.*HTTP 401/,
      /api_key/,
    ],
    [
      'a provider that cannot be reached',
      'provider_unreachable',
      { provider: refused },
      /ECONNREFUSED/,
      /base_url/,
    ],
    ['a provider that fails', 'provider', { provider: { status: 503 } }, /HTTP 503/, /status page/],
    [
      'a tax that is added twice',
      'configuration',
      {
        config: {
          invoicing: {
            sellers: {
              a: {
                ...{ legal_name: 'A', tax: { name: 'VAT', rate: '19' } },
                address: { line1: 'Street 1', city: 'Berlin', country: 'DE' },
              },
            },
          },
          payments: { stripe: { secret_key: { env: 'OPENAI_API_KEY' }, automatic_tax: true } },
        },
      },
      /sellers\.a\.tax: payments\.stripe\.automatic_tax adds a tax too/,
      /check-config/,
    ],
    [
      'a clock that is off',
      'clock',
      { provider: { status: 200, date: new Date(NOW_MS + 90_000).toUTCString() } },
      /90 s behind/,
      /time synchronisation/,
    ],
    [
      'a disk that is full',
      'disk',
      { sight: { freeBytes: () => 10 * MIB } },
      /10 MiB free/,
      /Make room/,
    ],
    [
      'a disk that is nearly full',
      'disk',
      { sight: { freeBytes: () => 500 * MIB } },
      /only 500 MiB/,
      /Make room/,
    ],
    [
      'a model in use without a price',
      'unpriced_model',
      { lists: { '/v1/usage': [used({ unpriced_events: 3 })] } },
      /3 events of gpt-x at openai/,
      /price/,
    ],
    [
      'a topic that loses records',
      'topics',
      {
        config: { engines: kafka },
        sight: { topicFaults: async () => ['topic t: retention.ms is 604800000'] },
      },
      /retention\.ms/,
      /Run the command/,
    ],
    [
      'a projector that does not go on',
      'projector_lag',
      { ready: { projector_lag: 'does not advance, 20 records left' } },
      /does not advance/,
      /projector/,
    ],
    [
      'a projector that lags',
      'projector_lag',
      { metrics: METRICS.replace('"core"} 3', '"core"} 20000') },
      /20000 records behind/,
      /add projectors/,
    ],
    [
      'a journal that nobody has taken over',
      'journals',
      { sight: { journals: () => [{ instance: 'ins_9', isOwned: false }] } },
      /ins_9.*has not taken them over/,
      /a take-over failed/,
    ],
    [
      'a stale view of the ledger',
      'ledger_view',
      { metrics: METRICS.replace('} 0.2', '} 17.4') },
      /proxy-1 has not heard of the ledger for 17 s/,
      /30 s/,
    ],
    [
      'a token that everybody can read',
      'private_files',
      { sight: { readersOf: () => 'everybody' } },
      /every user/,
      /chmod 600/,
    ],
    [
      'a key that goes out in clear',
      'transport',
      { config: { providers: { openai: { ...PROVIDER, base_url: 'http://llm.example/v1' } } } },
      /in clear/,
      /https/,
    ],
    [
      'a missing secret of a webhook',
      'webhook_secret',
      {
        config: {
          guardrails: {
            g: {
              webhook: {
                url: 'https://g.example',
                secret: { env: 'G' },
                on: ['request'],
                when_unavailable: 'closed',
              },
            },
          },
        },
      },
      /webhook\.secret: the environment variable G is not set/,
      /whsec_/,
    ],
    [
      'a webhook whose deliveries failed',
      'webhook_deliveries',
      {
        lists: {
          '/v1/webhooks': [webhook],
          '/v1/webhooks/whk_1/deliveries': [{ status: 'failed', attempts }],
        },
      },
      /hooks\.example \(whk_1\) fail: HTTP 500/,
      /receiver/,
    ],
    [
      'a budget of dollars on a model without a price',
      'budget_unit',
      {
        lists: {
          '/v1/budgets': [budget({ model: 'gpt-*' })],
          '/v1/usage': [used({ unpriced_events: 4 })],
        },
      },
      /bud_1 limits gpt-\* in dollars/,
      /in tokens/,
    ],
    [
      'a budget in a unit without a price',
      'budget_unit',
      { lists: { '/v1/budgets': [budget({ unit: 'eur' })] } },
      /is in eur/,
      /usd, tokens or requests/,
    ],
    [
      'a Node that is too old',
      'node',
      { sight: { nodeVersion: '20.20.2' } },
      /too old/,
      /npx tollgate/,
    ],
    [
      'too few file descriptors',
      'open_files',
      { sight: { openFilesMax: () => 1_024 } },
      /512 calls/,
      /ulimit/,
    ],
    [
      'a port that is in use',
      'ports',
      { sight: { isRunning: () => false, portIsFree: async (_host, port) => port !== 8788 } },
      /api_port 8788/,
      /another `api_port`/,
    ],
    [
      'processes of several versions',
      'versions',
      { metrics: `${METRICS}tollgate_build_info{process="core",version="1.1.0"} 1\n` },
      /1\.2\.3: proxy-1; 1\.1\.0: core/,
      /End the upgrade/,
    ],
    [
      'a process that does not answer',
      'processes',
      { metrics: METRICS.replace('up{process="proxy-1"} 1', 'up{process="proxy-1"} 0') },
      /proxy-1 does not answer/,
      /run\/proxy-1\.log/,
    ],
    [
      'a Tollgate that does not run',
      'processes',
      { sight: { ask: () => Promise.reject(new Error('ECONNREFUSED')) } },
      /no billing API answers/,
      /tollgate start/,
    ],
  ];

  it.each(rows)('finds %s', async (_what, check, planted, says, advice) => {
    const findings = await found(planted);
    const [finding] = findings.filter((one) => one.check === check);
    expect([finding?.what, finding?.advice]).toEqual([
      expect.stringMatching(says),
      expect.stringMatching(advice),
    ]);
  });

  it('a look that fails says so, and the others go on', async () => {
    const sight = installed({ provider: { status: 401 } });
    const installation = () => Promise.reject(new Error('tollgate.yaml:1:1: no such field'));
    const findings = await examine({ ...sight, installation, nodeVersion: '20.0.0' });
    const bad = findings.filter(({ status }) => status === 'problem').map(({ what }) => what);
    expect(bad).toEqual([
      expect.stringContaining('Node 20.0.0'),
      'tollgate.yaml:1:1: no such field',
    ]);
  });

  it('I12: no finding has a key or a token in it', async () => {
    const text = JSON.stringify(await examine(installed({ provider: { status: 401 } })));
    expect(text).not.toContain('sk-x');
  });
});

it('reads what processes measure, whatever is in a label', () => {
  const metrics = readMetrics('# TYPE a gauge\na{x="1,y=\\"2\\"",z="}"} 4.5\nb 1\nnonsense\n');
  expect([...metrics]).toEqual([
    ['a', [{ labels: { x: '1,y=\\"2\\"', z: '}' }, value: 4.5 }]],
    ['b', [{ labels: {}, value: 1 }]],
  ]);
});
