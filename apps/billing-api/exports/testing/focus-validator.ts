/**
 * The FinOps Foundation's own validator. It needs Python 3.12, and is installed into a folder of its own,
 * once a machine, by `npm run test:focus`; nothing of it is committed.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const VERSION = '2.2.1';
/** Its own requirement of NumPy 1 excludes later ones, which it does not say. */
const PACKAGES = [`focus-validator==${VERSION}`, 'pyarrow==18.1.0'];
const FOLDER = join(homedir(), '.cache', 'tollgate', `focus-validator-${VERSION}`);
const PROGRAM = join(FOLDER, 'bin', 'focus-validator');
/** It finds its list of currencies only from here. */
const HOME = join(FOLDER, 'lib', 'python3.12', 'site-packages');
const INSTALL_MS_MAX = 300_000;
const RUN_MS_MAX = 120_000;

/** Why it cannot be had here, or null once it is installed. */
export function focusValidatorUnavailable(): string | null {
  if (existsSync(PROGRAM)) return null;
  if (process.env['TOLLGATE_FOCUS_VALIDATOR'] !== 'install') {
    return 'The validator is not installed: npm run test:focus installs it.';
  }
  const python = pythons().find((path) => spawnSync(path, ['--version']).status === 0);
  if (python === undefined)
    return 'Python 3.12 is missing: its packages have no wheels for others.';
  const bounds = { encoding: 'utf8', timeout: INSTALL_MS_MAX } as const;
  const made = spawnSync(python, ['-m', 'venv', FOLDER], bounds);
  if (made.status !== 0) return `Python could not make a folder of its own: ${made.stderr}`;
  const pip = spawnSync(join(FOLDER, 'bin', 'pip'), ['install', '--quiet', ...PACKAGES], bounds);
  return pip.status === 0 && existsSync(PROGRAM) ? null : `pip could not install it: ${pip.stderr}`;
}

function pythons(): string[] {
  const versions = join(homedir(), '.pyenv', 'versions');
  const known = existsSync(versions) ? readdirSync(versions) : [];
  const ours = known.filter((name) => name.startsWith('3.12.'));
  return ['python3.12', ...ours.map((name) => join(versions, name, 'bin', 'python'))];
}

/** What holds of us: it applies the rules that go with it (`--show-applicability-criteria`). */
const CRITERIA = [
  'ACCOUNT_NAMING_SUPPORTED',
  'USAGE_MEASUREMENT_SUPPORTED',
  'PRICING_BILLING_CURRENCY_DIFFERENCES_SUPPORTED',
];

/** Rules of 1.2 that a file passes and fails, without asking anything of the network. */
export function validated(csv: string): { passed: number; failed: string[] } {
  const words = ['--validate-version', '1.2', '--block-download', '--data-format', 'csv'];
  const run = spawnSync(PROGRAM, [...words, '--applicability-criteria', CRITERIA.join()], {
    ...{ cwd: HOME, input: csv, encoding: 'utf8', timeout: RUN_MS_MAX },
  });
  const rules = [...run.stdout.matchAll(/^\S+ (\S+): (PASS|FAIL)\b/gm)];
  if (rules.length === 0) throw new Error(`the validator says nothing: ${run.stderr}`);
  const failed = rules.filter(([, , how]) => how === 'FAIL').map(([, rule = '']) => rule);
  return { passed: rules.length - failed.length, failed: failed.sort() };
}
