/** Starts the product as a user would, as a process of its own, and finds its proxies. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import type { Pids } from './supervisor.ts';

export type Started = {
  proxyUrl: string;
  apiUrl: string;
  adminToken: string;
  bill: string;
  /** Process ids of the proxies as of now; they change when one is restarted. */
  proxyPids(): number[];
  supervisorPid(): number;
  stop(): Promise<void>;
};

type ReadyLine = {
  proxy_url: string;
  api_url: string;
  admin_token: string;
  /** Null where the configuration names the providers. */
  simulator: { bill: string } | null;
};

export type PlatformOptions = {
  data: string;
  proxies: number;
  /** Names the engines; default: all embedded. Names the providers too, if there is a `bill`. */
  config?: string;
  /** Of the simulator that is among them. */
  bill?: string;
};

/** Always with a simulator as the provider: it costs nothing, and its bill can be audited. */
export async function startPlatform(options: PlatformOptions): Promise<Started> {
  const { data, proxies, config } = options;
  const main = fileURLToPath(new URL('./main.ts', import.meta.url));
  const flags = ['--json', '--data', data, '--proxies', String(proxies)];
  if (config !== undefined) flags.push('--config', config);
  const { OPENAI_API_KEY: _, ...env } = process.env;
  const args = [main, ...flags, '--proxy-port', '0', '--api-port', '0'];
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout });
  const first = await Promise.race([once(lines, 'line'), exited.then(() => null)]);
  if (first === null) throw new Error('the platform did not start');
  const ready = JSON.parse(String(first[0])) as ReadyLine;
  const bill = options.bill ?? ready.simulator?.bill;
  if (bill === undefined) throw new Error('the configuration names providers, and no bill of them');
  return {
    proxyUrl: ready.proxy_url,
    apiUrl: ready.api_url,
    adminToken: ready.admin_token,
    bill,
    proxyPids: () => readPids(data).proxies.filter((pid) => pid !== null),
    supervisorPid: () => readPids(data).supervisor,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

function readPids(data: string): Pids {
  return JSON.parse(readFileSync(join(data, 'run', 'state.json'), 'utf8')) as Pids;
}

/** What the running product was started with, the simulator and the ports included. */
export function runningConfig(data: string): TollgateConfig {
  return loadConfig(join(data, 'run', 'config.json'));
}
