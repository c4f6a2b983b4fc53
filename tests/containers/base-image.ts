/**
 * The base of our images where no registry answers: Debian by debootstrap, with the Node runtime that
 * `package.json` pins and this machine's npm and its registry.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Podman } from './podman.ts';

export const BASE = 'localhost/tollgate-base:bookworm';
/** 50 s on two cores, ms. */
const DEBOOTSTRAP_TIMEOUT_MS = 300_000;

/** @param runtime the Node binary that goes in */
export function makeBaseImage(podman: Podman, folder: string, runtime: string): void {
  const root = join(folder, 'base');
  // Node's own binary is linked against libatomic.
  const bootstrap = ['--variant=minbase', '--include=libatomic1', 'bookworm', root];
  command('debootstrap', bootstrap, DEBOOTSTRAP_TIMEOUT_MS);
  cpSync(runtime, join(root, 'usr/local/bin/node'));
  const modules = join(root, 'usr/local/lib/node_modules');
  mkdirSync(modules, { recursive: true });
  const npm = join(command('npm', ['root', '--global'], 20_000).trim(), 'npm');
  cpSync(npm, join(modules, 'npm'), { recursive: true, dereference: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  writeNpmSettings(root);
  const archive = join(folder, 'base.tar');
  command('tar', ['-C', root, '-cf', archive, '.'], 120_000);
  podman.run(['import', archive, BASE], 120_000);
}

/** A build asks the registry that this machine asks, and trusts whom it trusts. */
function writeNpmSettings(root: string): void {
  const setting = (name: string) => command('npm', ['config', 'get', name], 20_000).trim();
  const lines = [`registry=${setting('registry')}`];
  const authorities = setting('cafile');
  if (authorities !== 'null' && authorities !== '') {
    const inside = 'etc/ssl/tollgate-build.crt';
    cpSync(authorities, join(root, inside), { dereference: true });
    lines.push(`cafile=/${inside}`);
  }
  mkdirSync(join(root, 'usr/local/etc'), { recursive: true });
  writeFileSync(join(root, 'usr/local/etc/npmrc'), `${lines.join('\n')}\n`);
}

function command(name: string, args: readonly string[], timeoutMs: number): string {
  const options = { encoding: 'utf8', timeout: timeoutMs, maxBuffer: 64e6 } as const;
  const { status, error, stdout, stderr } = spawnSync(name, [...args], options);
  if (status === 0) return stdout;
  throw new Error(`${name}: ${`${error?.message ?? ''} ${stdout} ${stderr}`.slice(-1_000)}`);
}
