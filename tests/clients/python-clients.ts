/**
 * Clients of Python in a virtual environment that is made for them once and kept in the user's cache folder,
 * so that a machine fetches their packages once.
 */
import { execFile, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Feature, Gate } from './client.ts';
import type { Seen } from './table.ts';

const FOLDER = fileURLToPath(new URL('./python/', import.meta.url));
const REQUIREMENTS = join(FOLDER, 'requirements.txt');
/** A cold fetch takes about 20 s; a slow mirror is given this long, ms. */
const FETCH_TIMEOUT_MS = 150_000;
const RUN_TIMEOUT_MS = 150_000;

/** Each with the packages whose version its rows state. */
export const PYTHON_SCRIPTS: readonly (readonly [script: string, packaged: string])[] = [
  ['openai_clients.py', 'openai'],
  ['anthropic_client.py', 'anthropic'],
  ['litellm_clients.py', 'litellm'],
];

export type Python = { python: string } | { missing: string };

/** What runs Python with the clients in it, or why nothing can. */
export function pythonWithClients(): Python {
  const pinned = readFileSync(REQUIREMENTS);
  const cache = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const digest = createHash('sha256').update(pinned).digest('hex').slice(0, 12);
  const folder = join(cache, 'tollgate', `python-clients-${digest}`);
  const python = join(folder, 'bin', 'python');
  if (existsSync(python)) return { python };
  const version = spawnSync('python3', [
    '-c',
    'import sys, venv; print(sys.version_info >= (3, 10))',
  ]);
  if (version.stdout?.toString().trim() !== 'True') {
    return {
      missing: 'there is no Python of 3.10 or later with venv: apt-get install python3-venv',
    };
  }
  // Moved to its place when it is whole: a run that ends in the middle leaves nothing that looks so.
  const made = `${folder}.${process.pid}`;
  mkdirSync(join(cache, 'tollgate'), { recursive: true });
  const options = { timeout: FETCH_TIMEOUT_MS, encoding: 'utf8' as const };
  const venv = spawnSync('python3', ['-m', 'venv', made], options);
  const pip = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--disable-pip-version-check',
    '-r',
    REQUIREMENTS,
  ];
  const install = venv.status === 0 ? spawnSync(join(made, 'bin', 'python'), pip, options) : venv;
  if (install.status !== 0) {
    rmSync(made, { recursive: true, force: true });
    return { missing: `its packages cannot be installed: ${install.stderr?.slice(-300)}` };
  }
  if (existsSync(folder)) rmSync(made, { recursive: true, force: true });
  else renameSync(made, folder);
  return { python };
}

const run = promisify(execFile);

/** What came of each use, of each client of a script. */
export async function seenInPython(
  python: string,
  [script, packaged]: (typeof PYTHON_SCRIPTS)[number],
  gate: Gate & { providerUrl: string },
): Promise<Seen[]> {
  const { stdout } = await run(python, [join(FOLDER, script)], {
    timeout: RUN_TIMEOUT_MS,
    env: {
      ...{ PATH: process.env['PATH'], HOME: process.env['HOME'], PYTHONDONTWRITEBYTECODE: '1' },
      ...{ GATE_URL: gate.url, GATE_SECRET: gate.secret, GATE_PROVIDER: gate.providerUrl },
      ...{ GATE_BUDGETED: gate.budgeted, GATE_POOR: gate.poor },
    },
  });
  const version = new RegExp(`^${packaged}==(.+)$`, 'm').exec(readFileSync(REQUIREMENTS, 'utf8'));
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => {
      const { name, cells } = JSON.parse(line) as { name: string; cells: Record<Feature, string> };
      return { name, version: version?.[1] ?? '', cells };
    });
}
