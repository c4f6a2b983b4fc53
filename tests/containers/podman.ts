/**
 * A Docker-compatible socket on a bare Debian machine: podman's, with storage, networks and
 * settings in a folder of our own, so the machine's own containers are neither seen nor touched.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { command, endGroup } from './command.ts';

const PACKAGES = 'podman runc netavark aardvark-dns iptables iproute2 catatonit debootstrap'.split(
  ' ',
);
const SOCKET_TIMEOUT_MS = 20_000;
const SOCKET_POLL_MS = 100;
const CLEAN_TIMEOUT_MS = 120_000;

export type Podman = {
  socket: string;
  /** What a client of the socket and of podman's own command line needs. */
  env: NodeJS.ProcessEnv;
  /** @returns what it printed; @throws Error with the end of its output if it fails or is late */
  run(args: readonly string[], timeoutMs: number): Promise<string>;
  /** Removes containers, networks, volumes, images and storage, and ends the service. */
  stop(): Promise<void>;
};

/** @returns why there can be no podman here, or null; installs it where it may */
export function podmanUnavailable(): string | null {
  if (['podman', 'runc', 'catatonit', 'debootstrap'].every(has)) return null;
  const how = `apt-get install ${PACKAGES.join(' ')}`;
  if (process.getuid?.() !== 0 || !has('apt-get')) return `podman is missing: ${how}`;
  const options = { encoding: 'utf8', timeout: 300_000 } as const;
  spawnSync('apt-get', ['update', '-qq'], options);
  const install = ['install', '-y', '-qq', '--no-install-recommends', ...PACKAGES];
  const done = spawnSync('apt-get', install, {
    ...options,
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
  return done.status === 0 ? null : `${how} failed: ${done.stderr.slice(-400)}`;
}

/**
 * @param folder one that is ours alone
 * @param signal aborted: running commands are ended; `stop` still works
 */
export async function startPodman(folder: string, signal: AbortSignal): Promise<Podman> {
  mkdirSync(folder, { recursive: true });
  const socket = join(folder, 'podman.sock');
  const env = { ...settings(folder), DOCKER_HOST: `unix://${socket}` };
  const service = spawn('podman', ['system', 'service', '--time=0', env.DOCKER_HOST], {
    env,
    stdio: 'ignore',
    detached: true,
  });
  const stop = async () => {
    try {
      await removeAll(env);
    } finally {
      await endGroup(service);
      endWatchers(folder);
      unmountBelow(folder);
      rmSync(folder, { recursive: true, force: true });
    }
  };
  try {
    await served(service, socket, signal);
  } catch (error) {
    await stop();
    throw error;
  }
  const run = (args: readonly string[], timeoutMs: number) =>
    command('podman', args, { timeoutMs, signal, env });
  return { socket, env, run, stop };
}

async function served(service: ChildProcess, socket: string, signal: AbortSignal): Promise<void> {
  const deadlineMs = performance.now() + SOCKET_TIMEOUT_MS;
  while (!existsSync(socket)) {
    if (service.exitCode !== null || performance.now() > deadlineMs) {
      throw new Error('podman system service does not start');
    }
    await sleep(SOCKET_POLL_MS, undefined, { signal });
  }
}

/** Tries each of them, even if an earlier one failed; the first failure is thrown at the end. */
async function removeAll(env: NodeJS.ProcessEnv): Promise<void> {
  const failures: unknown[] = [];
  for (const args of [
    ['rm', '--all', '--force', '--time=1'],
    // The remains of an interrupted build.
    ['container', 'prune', '--force'],
    ['network', 'prune', '--force'],
    ['volume', 'rm', '--all', '--force'],
    ['rmi', '--all', '--force'],
  ]) {
    const done = command('podman', args, { timeoutMs: CLEAN_TIMEOUT_MS, env });
    await done.catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

/**
 * Each `exec` through the socket leaves a conmon process that cleans up after five minutes, and
 * would create our folder again. The ones that name our folder are ours.
 */
function endWatchers(folder: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      const [program = '', ...args] = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
      if (!program.endsWith('/conmon')) continue;
      if (args.some((arg) => arg.startsWith(`${folder}/`))) process.kill(Number(pid), 'SIGKILL');
    } catch (error) {
      // A process may end while we look at it.
      if (!['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    }
  }
}

/** Mounts of a killed command: debootstrap's /proc, a build's layers. Innermost first. */
function unmountBelow(folder: string): void {
  const points = readFileSync('/proc/self/mounts', 'utf8')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${folder}/`));
  for (const point of points.reverse()) {
    const { status, stderr } = spawnSync('umount', ['--lazy', point], { encoding: 'utf8' });
    // Never delete through a mount.
    if (status !== 0) throw new Error(`${point} stays mounted: ${stderr}`);
  }
}

/** crun fails without systemd and cgroups of its own; runc with cgroupfs does not. */
function settings(folder: string): NodeJS.ProcessEnv {
  const containers = join(folder, 'containers.conf');
  const storage = join(folder, 'storage.conf');
  writeFileSync(
    containers,
    `[containers]
default_ulimits=["nofile=20000:20000","nproc=32768:32768"]
[engine]
runtime="runc"
cgroup_manager="cgroupfs"
events_logger="file"
[network]
network_config_dir="${join(folder, 'networks')}"
`,
  );
  writeFileSync(
    storage,
    `[storage]
driver="overlay"
graphroot="${join(folder, 'graph')}"
runroot="${join(folder, 'run')}"
`,
  );
  return { ...process.env, CONTAINERS_CONF: containers, CONTAINERS_STORAGE_CONF: storage };
}

function has(command: string): boolean {
  return spawnSync(command, ['--version']).error === undefined;
}
