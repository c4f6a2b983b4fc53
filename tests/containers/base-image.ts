/**
 * The base of our images where no registry answers: Debian from debootstrap, with the Node runtime
 * that `package.json` pins, and with this machine's npm and registry.
 */
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { command } from './command.ts';
import type { Podman } from './podman.ts';

export const BASE = 'localhost/tollgate-base:bookworm';
/** 50 to 70 s on two cores, ms. */
const DEBOOTSTRAP_TIMEOUT_MS = 300_000;

/** @param runtime the Node binary for the image */
export async function makeBaseImage(
  podman: Podman,
  folder: string,
  runtime: string,
  signal: AbortSignal,
): Promise<void> {
  const run = (name: string, args: readonly string[], timeoutMs: number) =>
    command(name, args, { timeoutMs, signal });
  const root = join(folder, 'base');
  // Node's own binary is linked against libatomic.
  const bootstrap = ['--variant=minbase', '--include=libatomic1', 'bookworm', root];
  await run('debootstrap', bootstrap, DEBOOTSTRAP_TIMEOUT_MS);
  cpSync(runtime, join(root, 'usr/local/bin/node'));
  const modules = join(root, 'usr/local/lib/node_modules');
  mkdirSync(modules, { recursive: true });
  const npm = join((await run('npm', ['root', '--global'], 20_000)).trim(), 'npm');
  cpSync(npm, join(modules, 'npm'), { recursive: true, dereference: true });
  symlinkSync('../lib/node_modules/npm/bin/npm-cli.js', join(root, 'usr/local/bin/npm'));
  await writeNpmSettings(root, signal);
  const archive = join(folder, 'base.tar');
  await run('tar', ['-C', root, '-cf', archive, '.'], 120_000);
  await podman.run(['import', archive, BASE], 120_000);
}

/** A build uses the registry and the certificates of this machine. */
async function writeNpmSettings(root: string, signal: AbortSignal): Promise<void> {
  const setting = async (name: string) =>
    (await command('npm', ['config', 'get', name], { timeoutMs: 20_000, signal })).trim();
  const lines = [`registry=${await setting('registry')}`];
  const authorities = await setting('cafile');
  if (authorities !== 'null' && authorities !== '') {
    const inside = 'etc/ssl/tollgate-build.crt';
    cpSync(authorities, join(root, inside), { dereference: true });
    lines.push(`cafile=/${inside}`);
  }
  mkdirSync(join(root, 'usr/local/etc'), { recursive: true });
  writeFileSync(join(root, 'usr/local/etc/npmrc'), `${lines.join('\n')}\n`);
}
