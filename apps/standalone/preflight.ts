/**
 * What makes a start impossible, found before anything is made: each fault is one sentence, and the
 * folder, the lock and the secrets are as they were.
 */
import { existsSync, mkdtempSync, rmSync, statfsSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { checkEmbeddings } from '@tollgate/adapters/config/check-embeddings.ts';
import { checkGuardrails } from '@tollgate/adapters/config/check-guardrails.ts';
import { checkInvoicing } from '@tollgate/adapters/config/check-invoicing.ts';
import { checkSecrets } from '@tollgate/adapters/config/check-secrets.ts';
import { dataFolder, secretsPath } from '@tollgate/adapters/config/data-folder.ts';
import { ConfigError } from '@tollgate/adapters/config/load-config.ts';
import { tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { supervisorLimits } from './limits.ts';

export class FolderInUse extends Error {}

/** @throws ConfigError or FolderInUse; the message is one sentence */
export function checkStart(
  config: TollgateConfig,
  environment: Readonly<Record<string, string | undefined>>,
): void {
  const { proxy_port, api_port, data } = config;
  if (proxy_port === api_port && proxy_port !== 0) {
    throw new ConfigError(`proxy_port and api_port are both ${proxy_port}: choose another for one`);
  }
  // seam: secrets-are-checked-first
  checkSecrets(config, environment);
  checkGuardrails(config, environment);
  checkEmbeddings(config);
  checkInvoicing(config);
  checkFolder('the data folder', data);
  const secrets = secretsPath(config, data);
  if (existsSync(secrets)) openSecrets(secrets);
  else checkFolder('the folder of secrets_file', dirname(secrets));
  checkLock(data);
}

/** Its nearest part that exists takes a file, and has room. */
function checkFolder(what: string, path: string): void {
  let existing = resolve(path);
  while (!existsSync(existing)) existing = dirname(existing);
  if (!statSync(existing).isDirectory()) {
    throw new ConfigError(`${what} ${path} cannot be used: ${existing} is no folder`);
  }
  const { diskFreeBytesMin } = supervisorLimits;
  const { bavail, bsize } = statfsSync(existing);
  const freeBytes = bavail * bsize;
  try {
    const probe = mkdtempSync(join(existing, '.tollgate-probe-'));
    try {
      writeFileSync(join(probe, 'probe'), Buffer.alloc(supervisorLimits.probeBytes));
    } finally {
      rmSync(probe, { recursive: true });
    }
  } catch (cause) {
    const reason = REASONS[(cause as NodeJS.ErrnoException).code ?? ''] ?? String(cause);
    throw new ConfigError(`${what} ${path} cannot be written: ${reason}`, { cause });
  }
  if (freeBytes >= diskFreeBytesMin) return;
  const mib = (bytes: number) => `${Math.floor(bytes / 1_048_576)} MiB`;
  const room = `${mib(freeBytes)} of the ${mib(diskFreeBytesMin)} that a start needs`;
  throw new ConfigError(`${what} ${path} has too little room: the disk has ${room}`);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not write there',
  EPERM: 'this user may not write there',
  ENOENT: 'nothing can be made there',
  EROFS: 'it is on a file system that is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the quota of this user is used up',
};

/** Before its ports are found taken: that it runs already is the better answer. */
function checkLock(data: string): void {
  const path = dataFolder(data).supervisorLock;
  if (!existsSync(path)) return;
  const lock = tryLock(path);
  if (lock === null) throw new FolderInUse(`another Tollgate runs on ${data}`);
  lock.release();
}

/**
 * Chosen once, so that restarted children get the same port.
 *
 * @throws ConfigError if a port or the host cannot be used
 */
export async function portsOf({ proxy_port, api_port, host }: TollgateConfig) {
  return {
    proxy_port: await portOf('proxy_port', proxy_port, host),
    api_port: await portOf('api_port', api_port, host),
  };
}

function portOf(field: string, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (cause: NodeJS.ErrnoException) => {
      const reason = PORT_REASONS[cause.code ?? ''] ?? `${cause.code}`;
      const message = `${field}: ${port} on ${host} cannot be used (${reason}): choose another`;
      reject(new ConfigError(message, { cause }));
    });
    server.listen(port, host, () => {
      const address = server.address();
      const found = typeof address === 'object' && address !== null ? address.port : port;
      server.close(() => resolve(found));
    });
  });
}

const PORT_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another process has it',
  EACCES: 'this user may not listen there',
  EADDRNOTAVAIL: 'the host is no address of this machine',
  ENOTFOUND: 'the host is not known',
};
