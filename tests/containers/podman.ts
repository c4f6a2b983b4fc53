/**
 * A Docker-compatible socket on a bare Debian machine: podman's, with storage and settings in a
 * folder of our own, so that nothing of the machine's own containers is seen or touched.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const PACKAGES = 'podman runc netavark aardvark-dns iptables iproute2 debootstrap'.split(' ');
const SOCKET_TIMEOUT_MS = 20_000;
const SOCKET_POLL_MS = 100;

export type Podman = {
  socket: string;
  /** @returns what it printed; @throws Error with the end of its output if it fails or is late */
  run(args: readonly string[], timeoutMs: number): string;
  /** Ends the service and removes containers, images and storage. */
  stop(): Promise<void>;
};

/** @returns why there can be no podman here, or null; installs it where it may */
export function podmanUnavailable(): string | null {
  if (has('podman') && has('runc') && has('debootstrap')) return null;
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

/** @param folder one that is ours alone */
export async function startPodman(folder: string): Promise<Podman> {
  mkdirSync(folder, { recursive: true });
  const env = settings(folder);
  const socket = join(folder, 'podman.sock');
  const service = spawn('podman', ['system', 'service', '--time=0', `unix://${socket}`], {
    env,
    stdio: 'ignore',
  });
  const deadlineMs = performance.now() + SOCKET_TIMEOUT_MS;
  while (!existsSync(socket)) {
    if (service.exitCode !== null || performance.now() > deadlineMs) {
      service.kill('SIGKILL');
      throw new Error('podman system service does not start');
    }
    await sleep(SOCKET_POLL_MS);
  }
  const run = (args: readonly string[], timeoutMs: number) => {
    const options = { env, encoding: 'utf8', timeout: timeoutMs, maxBuffer: 64e6 } as const;
    const { status, error, stdout, stderr } = spawnSync('podman', [...args], options);
    if (status === 0) return stdout;
    const said = `${error?.message ?? ''} ${stdout} ${stderr}`.slice(-2_000);
    throw new Error(`podman ${args[0]}: ${said}`);
  };
  const stop = async () => {
    try {
      run(['rm', '--all', '--force', '--time=1'], 60_000);
      run(['rmi', '--all', '--force'], 60_000);
    } finally {
      await ended(service);
      rmSync(folder, { recursive: true, force: true });
    }
  };
  return { socket, run, stop };
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

async function ended(service: ChildProcess): Promise<void> {
  if (service.exitCode !== null) return;
  const gone = new Promise((resolve) => service.once('exit', resolve));
  service.kill('SIGTERM');
  const late = setTimeout(() => service.kill('SIGKILL'), 10_000);
  await gone;
  clearTimeout(late);
}

function has(command: string): boolean {
  return spawnSync(command, ['--version']).error === undefined;
}
