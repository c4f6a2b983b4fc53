/**
 * The whole product on one machine. Takes the data folder; starts the simulator if there is no
 * provider, then the core, then projectors (if the warehouse is a server) and the proxies behind one
 * port; and keeps them running.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataFolder, secretsPath } from '@tollgate/adapters/config/data-folder.ts';
import { makePrivateFolder } from '@tollgate/adapters/files/private-folder.ts';
import { tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import { openKeptCounters } from '@tollgate/adapters/rates/kept-counters.ts';
import { rateSeat } from '@tollgate/adapters/rates/rate-desk.ts';
import { replaceUnseenAdminToken } from '@tollgate/adapters/secrets/admin-tokens.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import {
  NOT_BILLED_STATUSES,
  type TollgateConfig,
} from '@tollgate/schemas/config/tollgate-config.ts';
import { type RunningSimulator, startSimulator } from '@tollgate/simulator/start.ts';
import { Child } from './child.ts';
import { type ChildKind, childEnvironment } from './child-environment.ts';
import { FleetMetrics } from './fleet-metrics.ts';
import { checkStart, FolderInUse, portsOf } from './preflight.ts';
import { SIMULATOR_KEY_VARIABLE, withSimulator } from './simulator-provider.ts';

export type Platform = {
  proxyUrl: string;
  apiUrl: string;
  /** Of the first start, and of the next ones until a start has shown it (`adminTokenWasShown`). */
  adminToken: string | null;
  simulator: { url: string; bill: string } | null;
  pids: Pids;
  stop(): Promise<void>;
};

/** Of the children as of now; they change when one is restarted. */
export type Pids = {
  supervisor: number;
  /** The core, or the billing API where the warehouse is a server. */
  core: number | null;
  projectors: (number | null)[];
  proxies: (number | null)[];
};

const moduleOf = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** @throws FolderInUse if another supervisor has the data folder; ConfigError */
export async function startSupervisor(
  given: TollgateConfig,
  onGivenUp: (reason: string) => void,
): Promise<Platform> {
  checkStart(given, process.env);
  const ports = await portsOf(given);
  const paths = dataFolder(given.data);
  [given.data, paths.run, dirname(paths.simulatorBill)].forEach(makePrivateFolder);
  const lock = tryLock(paths.supervisorLock);
  if (lock === null) throw new FolderInUse(`another Tollgate runs on ${given.data}`);
  const simulator = await simulatorFor(given, paths.simulatorBill);
  const billing_api_url = `http://${inUrl(reachable(given.host))}:${ports.api_port}`;
  const unlessGiven = { access_log: true, billing_api_url };
  const config = { ...unlessGiven, ...withProvider(given, simulator), ...ports };
  const secrets = secretsPath(given, given.data);
  const adminToken = openSecrets(secrets).newAdminToken ?? replaceUnseenAdminToken(secrets);
  const configFile = join(paths.run, 'config.json');
  writeFileSync(configFile, JSON.stringify(config, null, 2), { mode: 0o600 });

  const rates = openKeptCounters(paths.rates, Date.now);
  const own = { ...process.env, UV_THREADPOOL_SIZE: '16', [SIMULATOR_KEY_VARIABLE]: 'simulator' };
  const shared = ['--config', configFile, '--data', given.data];
  const state = () => ({
    supervisor: process.pid,
    core: core.pid,
    projectors: projectors.map((projector) => projector.pid),
    proxies: proxies.map((proxy) => proxy.pid),
  });
  // Written under another name and renamed: a reader never sees half a file.
  const saveState = () => {
    const file = join(paths.run, 'state.json');
    writeFileSync(`${file}.new`, JSON.stringify(state()), { mode: 0o600 });
    renameSync(`${file}.new`, file);
  };
  const child = (kind: ChildKind, name: string, module: string, args: string[]) =>
    new Child({
      name,
      module: moduleOf(module),
      args: [...shared, ...args],
      env: childEnvironment(kind, config, own),
      logFile: join(paths.run, `${name}.log`),
      // The lines of calls, of all proxies.
      outputFile: kind === 'proxy' ? join(paths.run, 'access.log') : undefined,
      rates: () => rateSeat(rates.counters),
      ...{ onGivenUp, onRestart: saveState },
      metrics: () => metrics.text(),
    });
  // An embedded warehouse belongs to one process; a server serves any number of them.
  const onServer = config.engines.warehouse !== undefined;
  const api = ['--port', String(config.api_port)];
  const core = onServer
    ? child('meter', 'billing-api', '../billing-api/main.ts', api)
    : child('meter', 'core', './core-main.ts', api);
  const meters = (names: readonly string[], module: string) =>
    names.map((name) => child('meter', name, module, []));
  const projectors = meters(projectorNames(config), '../projector/main.ts');
  const exporters = meters(exporterNames(config), '../exporter/main.ts');
  const at = ['--port', String(config.proxy_port), '--host', config.host];
  const proxies = Array.from({ length: config.proxies }, (_, i) =>
    child('proxy', `proxy-${i + 1}`, '../proxy/main.ts', at),
  );
  const all = [core, ...projectors, ...exporters, ...proxies];
  const metrics = new FleetMetrics(all);
  endWithThisProcess(all, simulator);
  // The core publishes the prices that proxies need, so it starts first and ends last.
  await core.start();
  await Promise.all([...projectors, ...exporters, ...proxies].map((one) => one.start()));
  saveState();
  return {
    proxyUrl: `http://${inUrl(config.host)}:${config.proxy_port}`,
    apiUrl: `http://${inUrl(config.host)}:${config.api_port}`,
    adminToken,
    simulator: simulator === null ? null : { url: simulator.url, bill: simulator.billPath },
    get pids() {
      return state();
    },
    async stop() {
      for (const one of all) one.expectEnd();
      await Promise.all(proxies.map((proxy) => proxy.stop()));
      rates.keep();
      await Promise.all([core, ...projectors, ...exporters].map((one) => one.stop()));
      await simulator?.stop();
      lock.release();
    },
  };
}

/** None where the core does it. */
function projectorNames({ engines, projectors }: TollgateConfig): string[] {
  const length = engines.warehouse === undefined ? 0 : projectors;
  return Array.from({ length }, (_, i) => `projector-${i + 1}`);
}

/** None where the core does it, or nobody. */
function exporterNames({ engines, payments }: TollgateConfig): string[] {
  const isOwn = engines.warehouse !== undefined && payments.stripe !== undefined;
  return isOwn ? ['exporter'] : [];
}

/** However this process ends, nothing that it started runs on. */
function endWithThisProcess(children: readonly Child[], simulator: RunningSimulator | null): void {
  process.on('exit', () => {
    for (const one of children) one.kill();
    void simulator?.kill('SIGKILL');
  });
}

/** Where to reach a server that listens on this address, which may mean all of this machine's. */
function reachable(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' ? '::1' : host;
}

/** An IPv6 address needs brackets in a URL. */
function inUrl(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

async function simulatorFor(
  config: TollgateConfig,
  billPath: string,
): Promise<RunningSimulator | null> {
  const configured = Object.keys(config.providers).length > 0;
  if (configured || (process.env['OPENAI_API_KEY'] ?? '').trim() !== '') return null;
  return startSimulator({ billPath });
}

function withProvider(config: TollgateConfig, simulator: RunningSimulator | null): TollgateConfig {
  if (simulator !== null) return withSimulator(config, simulator.url);
  if (Object.keys(config.providers).length > 0) return config;
  const openai = {
    base_url: 'https://api.openai.com/v1',
    api_key: { env: 'OPENAI_API_KEY' },
    dialects: ['openai' as const],
    headers: {},
    pass_through: [],
    asks_for_usage: true,
    not_billed_statuses: [...NOT_BILLED_STATUSES],
  };
  return { ...config, providers: { openai } };
}
