/** The compose file, with the override of local images, on podman's socket. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { command } from './command.ts';
import type { ComposeClient } from './compose-client.ts';
import type { Podman } from './podman.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FILES = ['-f', 'docker-compose.yml', '-f', 'deploy/compose.local.yml'];
/** Ten services on two busy cores, Kafka and the engine's first start among them, ms. */
const UP_TIMEOUT_MS = 420_000;
const DOWN_TIMEOUT_MS = 180_000;
const ASK_TIMEOUT_MS = 30_000;
/** Between two rounds of health checks. */
const CHECK_PAUSE_MS = 1_000;

export type ComposeProject = {
  /** As `npm run deploy:secrets` printed it. */
  adminToken: string;
  /** Starts everything and waits until every health check passes. */
  up(): Promise<void>;
  /** A command in a running service. @returns what it printed */
  exec(service: string, args: readonly string[]): Promise<string>;
  /** The last lines of every service, for the report of a failure. */
  logs(): Promise<string>;
  /** Stops and removes containers, networks and volumes; works after an abort too. */
  down(): Promise<void>;
};

/**
 * @param folder becomes the project's folder: its secrets are made there, by the shipped command
 * @param ports on loopback, of the gateway and the billing API
 */
export function composeProject(
  client: ComposeClient,
  podman: Podman,
  folder: string,
  ports: { gateway: number; api: number },
  signal: AbortSignal,
): ComposeProject {
  const adminToken = makeProjectFolder(folder);
  const env = {
    ...podman.env,
    TOLLGATE_GATEWAY_PORT: String(ports.gateway),
    TOLLGATE_API_PORT: String(ports.api),
  };
  const flags = ['--progress', 'quiet', ...FILES, '--profile', 'demo'];
  const compose = (args: readonly string[], timeoutMs: number, until?: AbortSignal) =>
    command(client.name, [...client.args, ...flags, ...args], {
      timeoutMs,
      signal: until,
      env,
      cwd: folder,
    });
  return {
    adminToken,
    async up() {
      const seconds = String(UP_TIMEOUT_MS / 1000);
      const started = compose(
        ['up', '--no-build', '--wait', '--wait-timeout', seconds],
        UP_TIMEOUT_MS,
        signal,
      );
      const done = new AbortController();
      const checks = checkHealth(podman, AbortSignal.any([done.signal, signal]));
      try {
        await started;
      } finally {
        done.abort();
        await checks;
      }
    },
    exec: (service, args) => compose(['exec', '-T', service, ...args], ASK_TIMEOUT_MS, signal),
    logs: () => compose(['logs', '--tail', '15', '--no-color'], ASK_TIMEOUT_MS),
    async down() {
      await compose(['down', '--volumes', '--timeout', '20'], DOWN_TIMEOUT_MS);
    },
  };
}

/** A copy: the repository's own secrets, if there are any, are not touched. */
function makeProjectFolder(folder: string): string {
  mkdirSync(folder, { recursive: true });
  cpSync(join(ROOT, 'docker-compose.yml'), join(folder, 'docker-compose.yml'));
  for (const part of [
    ...['compose.local.yml', 'tollgate.yaml', 'haproxy', 'clickhouse', 'prometheus', 'grafana'],
  ]) {
    cpSync(join(ROOT, 'deploy', part), join(folder, 'deploy', part), { recursive: true });
  }
  const main = join(ROOT, 'apps/standalone/deployment/make-secrets-main.ts');
  const made = spawnSync(process.execPath, [main], { cwd: folder, encoding: 'utf8' });
  const token = /^admin token.*: (\S+)$/m.exec(made.stdout)?.[1];
  if (made.status === 0 && token !== undefined) return token;
  throw new Error(`the secrets could not be made: ${made.stderr}`);
}

/**
 * Podman leaves the timing of health checks to systemd, which does not run here. So each container
 * that is not yet healthy is checked again and again, until the signal comes.
 */
async function checkHealth(podman: Podman, signal: AbortSignal): Promise<void> {
  const healthy = new Set<string>();
  while (!signal.aborted) {
    const listed = await podman.run(['ps', '--format={{.Names}}'], ASK_TIMEOUT_MS).catch(() => '');
    for (const name of listed.split('\n')) {
      if (name === '' || healthy.has(name) || signal.aborted) continue;
      // The check of an unhealthy service exits with 1, of one that is ending with 125: both are
      // tried again.
      const passed = podman.run(['healthcheck', 'run', name], ASK_TIMEOUT_MS);
      await passed.then(
        () => healthy.add(name),
        () => undefined,
      );
    }
    await sleep(CHECK_PAUSE_MS, undefined, { signal }).catch(() => undefined);
  }
}
