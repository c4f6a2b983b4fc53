/**
 * Tokens in the keychain of the desktop, by the command that comes with it: `security` on macOS,
 * `secret-tool` (libsecret) elsewhere. Nothing is kept in a file of ours.
 */
import { execFile } from 'node:child_process';
import { CommandError } from '../errors.ts';

const SERVICE = 'tollgate';
/** A keychain may ask its user for a password. */
const WAIT_MS = 60_000;

export type RunCommand = (command: string, args: readonly string[]) => Promise<string>;

/** @throws CommandError saying how one puts it there */
export async function tokenFromKeychain(
  name: string,
  platform: NodeJS.Platform = process.platform,
  run: RunCommand = execute,
): Promise<string> {
  const isMac = platform === 'darwin';
  const command = isMac ? 'security' : 'secret-tool';
  const args = isMac
    ? ['find-generic-password', '-s', SERVICE, '-a', name, '-w']
    : ['lookup', 'service', SERVICE, 'account', name];
  try {
    const token = (await run(command, args)).trim();
    if (token !== '') return token;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') {
      const why = `${command} is not on this machine: put the token into a file`;
      throw new CommandError(`The keychain cannot be asked: ${why} (--token-file).`, { cause });
    }
  }
  const put = isMac
    ? `security add-generic-password -s ${SERVICE} -a ${name} -w`
    : `secret-tool store --label Tollgate service ${SERVICE} account ${name}`;
  throw new CommandError(`The keychain has no token ${name}: \`${put}\` puts one there.`);
}

function execute(command: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(command, [...args], { timeout: WAIT_MS }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(error);
    });
  });
}
