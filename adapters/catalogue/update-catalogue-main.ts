/**
 * `npm run catalogue:update [VERSION]`: installs another version of the catalogue's package, the latest unless
 * one is named, and says what it prices otherwise. What is not to be taken goes back with the lockfile.
 */
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { catalogueChanges } from './catalogue-changes.ts';

const PACKAGE = '@pydantic/genai-prices';
const WORKSPACE = 'adapters';
const OUTPUT_BYTES_MAX = 64 * 1024 * 1024;
const TIMEOUT_MS = 300_000;
const root = fileURLToPath(new URL('../../', import.meta.url));
const main = fileURLToPath(new URL('print-catalogue-main.ts', import.meta.url));

/** In a process of its own: a package that is loaded stays what it was. */
const installed = () =>
  JSON.parse(
    execFileSync(process.execPath, [main], { maxBuffer: OUTPUT_BYTES_MAX }).toString(),
  ) as Parameters<typeof catalogueChanges>[0];

const version = process.argv[2] ?? 'latest';
const before = installed();
execFileSync(
  'npm',
  [
    ...['install', `${PACKAGE}@${version}`, '--save-exact', '--ignore-scripts'],
    ...['--workspace', WORKSPACE, '--no-audit', '--no-fund'],
  ],
  { cwd: root, stdio: ['ignore', 'ignore', 'inherit'], timeout: TIMEOUT_MS },
);
const changes = catalogueChanges(before, installed());
process.stdout.write(changes.map((line) => `${line}\n`).join(''));
const said = changes.length === 0 ? 'Nothing is priced otherwise.' : `${changes.length} changes.`;
process.stdout.write(`${said} Prices are USD per million units. Restart to publish them.\n`);
