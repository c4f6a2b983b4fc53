/** `npm start`: the whole product on this machine. */
import { parseArgs } from 'node:util';
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { readCatalogue } from '@tollgate/adapters/catalogue/genai-prices.ts';
import { configWarnings } from '@tollgate/adapters/config/config-warnings.ts';
import { secretsPath } from '@tollgate/adapters/config/data-folder.ts';
import { ConfigError, loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { makePrivateFiles } from '@tollgate/adapters/files/private-folder.ts';
import { onStopSignals } from '@tollgate/adapters/process/stop-signals.ts';
import { adminTokenWasShown } from '@tollgate/adapters/secrets/admin-tokens.ts';
import { supervisorLimits } from './limits.ts';
import { FolderInUse } from './preflight.ts';
import { type Platform, startSupervisor } from './supervisor.ts';

const USAGE = `Usage: npm start -- [options]

Runs the proxies, the meter and the billing API on this machine, data in one folder.

  --data DIR        data folder (default .tollgate)
  --config FILE     tollgate.yaml (default: ./tollgate.yaml if it exists)
  --proxy-port N    port of the proxies (default 8787; 0: any)
  --api-port N      port of the billing API (default 8788; 0: any)
  --proxies N       proxy processes behind the port (default 1)
  --json            print one line of JSON when ready
  --help            this text
`;

const values = readArguments();
if (values.help === true) {
  console.log(USAGE);
  process.exit(0);
}

function fail(error: unknown): never {
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(error instanceof FolderInUse || error instanceof ConfigError ? 2 : 1);
}

function count(name: string, text: string | undefined, fallback: number, max: number): number {
  if (text === undefined) return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= max) return value;
  return fail(new ConfigError(`--${name}: a whole number from 0 to ${max}, not ${text}`));
}

function readArguments() {
  try {
    return parseArgs({
      options: {
        data: { type: 'string' },
        config: { type: 'string' },
        'proxy-port': { type: 'string' },
        'api-port': { type: 'string' },
        proxies: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    // Its first sentence names the option; the rest is advice about other programs.
    const [fault] = (error as Error).message.split('. ');
    return fail(new ConfigError(`${fault}: \`npm start -- --help\` lists the options`));
  }
}

async function demoKey(platform: Platform, token: string): Promise<string> {
  const api = adminClient(platform.apiUrl, token);
  const customer = await api.post<{ id: string }>('/v1/customers', { name: 'demo' });
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
    customer_id: customer.id,
    name: 'demo',
    environment: 'test',
  });
  const scope = { type: 'key', id: key.id };
  await api.post('/v1/budgets', { scope, limit: '10' });
  return key.secret;
}

/** Resolves when it is written: a token that nobody could read is shown again. */
function show(text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.write(`${text}\n`, (error) => (error ? reject(error) : resolve()));
  });
}

function describe(platform: Platform, key: string | null): string {
  const { proxyUrl, apiUrl, adminToken, simulator } = platform;
  const lines = [`Proxy  ${proxyUrl}/v1`, `API    ${apiUrl}  (docs: ${apiUrl}/docs)`];
  if (adminToken !== null) lines.push(`Admin token, shown this once: ${adminToken}`);
  if (simulator !== null) {
    lines.push('No provider is configured: calls go to the built-in simulator, not to a model.');
  }
  if (key !== null) {
    const body = '{"model":"sim-small","messages":[{"role":"user","content":"Hello"}]}';
    lines.push(
      'Try it:',
      `  curl ${proxyUrl}/v1/chat/completions -H 'authorization: Bearer ${key}' \\`,
      `    -H 'content-type: application/json' -d '${body}'`,
    );
  } else if (adminToken !== null) {
    lines.push('Next, a key with a budget and a first call: see “The first call” in README.md.');
  }
  return lines.join('\n');
}

let running: Platform | undefined;
onStopSignals({
  drain() {
    if (running === undefined) process.exit(1);
    console.error('Stopping: running calls may end. Ctrl-C again ends them at once.');
    running.stop().then(() => process.exit(0), fail);
  },
  endAtOnce: () => process.exit(1),
  echoMs: process.env['npm_lifecycle_event'] === undefined ? 0 : supervisorLimits.signalEchoMs,
});
try {
  makePrivateFiles();
  const config = loadConfig(values.config);
  const platform = await startSupervisor(
    {
      ...config,
      data: values.data ?? config.data,
      proxy_port: count('proxy-port', values['proxy-port'], config.proxy_port, 65_535),
      api_port: count('api-port', values['api-port'], config.api_port, 65_535),
      proxies: Math.max(1, count('proxies', values.proxies, config.proxies, 64)),
    },
    (reason) => fail(new Error(reason)),
  );
  running = platform;
  for (const warning of configWarnings(config, await readCatalogue(), Date.now())) {
    console.error(`warning: ${warning}`);
  }
  const { adminToken, simulator } = platform;
  const isFirst = adminToken !== null && simulator !== null;
  const key = isFirst && values.json !== true ? await demoKey(platform, adminToken) : null;
  if (values.json === true) {
    const { proxyUrl, apiUrl, pids } = platform;
    const ready = { proxy_url: proxyUrl, api_url: apiUrl, docs_url: `${apiUrl}/docs` };
    await show(JSON.stringify({ ...ready, admin_token: adminToken, simulator, pids }));
  } else {
    await show(describe(platform, key));
  }
  if (adminToken !== null) adminTokenWasShown(secretsPath(config, values.data ?? config.data));
} catch (error) {
  fail(error);
}
