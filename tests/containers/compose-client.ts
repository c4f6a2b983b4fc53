/**
 * A Compose client: the machine's own (`docker compose`), else one that is built from its Go modules
 * (`compose-client/go.mod` pins it and everything below it) and kept in the user's cache folder.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { command } from './command.ts';

const MODULE = join(import.meta.dirname, 'compose-client');
const PACKAGE = 'github.com/docker/compose/v2';
/** 84 s on two cores, 170 s on busy ones, including the fetch of the modules; ms. */
const BUILD_TIMEOUT_MS = 900_000;

export type ComposeClient = { name: string; args: readonly string[]; about: string };

/** @returns the client, or why there is none */
export async function composeClient(signal: AbortSignal): Promise<ComposeClient | string> {
  const own = spawnSync('docker', ['compose', 'version', '--short'], { encoding: 'utf8' });
  if (own.status === 0) {
    return { name: 'docker', args: ['compose'], about: `docker compose ${own.stdout.trim()}` };
  }
  const { binary, version } = cached();
  if (!existsSync(binary)) {
    if (spawnSync('go', ['version']).status !== 0) {
      return 'neither `docker compose` nor Go 1.24 to build it: see https://go.dev/doc/install';
    }
    await build(binary, signal);
  }
  return { name: binary, args: [], about: `Compose ${version}, built from its Go modules` };
}

function cached(): { binary: string; version: string } {
  const pinned = new RegExp(`^\\s*(?:require )?${PACKAGE} (v\\S+)`, 'm');
  const version = pinned.exec(readFileSync(join(MODULE, 'go.mod'), 'utf8'))?.[1];
  if (version === undefined) throw new Error(`go.mod does not name a version of ${PACKAGE}`);
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  return { binary: join(cache, 'tollgate', `docker-compose-${version}`), version };
}

/** Writes the whole file or nothing: several processes may do so at once. */
async function build(binary: string, signal: AbortSignal): Promise<void> {
  mkdirSync(join(binary, '..'), { recursive: true });
  const made = `${binary}.${process.pid}`;
  try {
    const args = ['build', '-o', made, `${PACKAGE}/cmd`];
    await command('go', args, { timeoutMs: BUILD_TIMEOUT_MS, cwd: MODULE, signal });
    renameSync(made, binary);
  } finally {
    rmSync(made, { force: true });
  }
}
