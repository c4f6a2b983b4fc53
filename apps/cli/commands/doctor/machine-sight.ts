/** The doctor's eyes on this machine. */
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { dataFolder } from '@tollgate/adapters/config/data-folder.ts';
import { instancesWithJournal, lockPath } from '@tollgate/adapters/journal/instance-files.ts';
import { tryLock } from '@tollgate/adapters/lock/file-lock.ts';
import { releaseVersion } from '@tollgate/adapters/process/release-version.ts';
import { logFaults } from '@tollgate/adapters/stores/open-log.ts';
import type { CommandContext } from '../../command.ts';
import { readersOf } from '../../connection/private-file.ts';
import { profilesPath } from '../../connection/profiles.ts';
import type { Sight } from './sight.ts';

const ASK_WAIT_MS = 5_000;

export function machineSight(context: CommandContext): Sight {
  const { environment, signal, fetch: send } = context;
  return {
    ...{ environment, signal, fetch: send, clock: context.clock },
    ...{ installation: context.installation, connection: context.connection, api: context.api },
    nodeVersion: process.versions.node,
    version: releaseVersion,
    profilesPath: profilesPath(environment),
    openFilesMax,
    freeBytes,
    readersOf: (path) => (existsSync(path) ? (readersOf(path) ?? 'nobody') : null),
    isRunning: (data) => isLocked(dataFolder(data).supervisorLock),
    portIsFree,
    journals: (data) => {
      const { journals } = dataFolder(data);
      return instancesWithJournal(journals).map((instance) => ({
        instance,
        isOwned: isLocked(lockPath(journals, instance)),
      }));
    },
    topicFaults: ({ config, data }) =>
      logFaults({ config, data, clientId: 'tollgate-doctor', logger: { warn: () => undefined } }),
    async ask(url, token) {
      const answer = await send(url, {
        redirect: 'manual',
        headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
        signal: AbortSignal.any([AbortSignal.timeout(ASK_WAIT_MS), signal]),
      });
      return { status: answer.status, text: await answer.text(), date: answer.headers.get('date') };
    },
  };
}

/** A lock that nobody has is given back at once; a file that is not there is nobody's. */
function isLocked(path: string): boolean {
  if (!existsSync(path)) return false;
  const lock = tryLock(path);
  lock?.release();
  return lock === null;
}

function openFilesMax(): number | null {
  try {
    const line = /^Max open files\s+(\d+|unlimited)/m.exec(
      readFileSync('/proc/self/limits', 'utf8'),
    );
    if (line === null) return null;
    return line[1] === 'unlimited' ? Number.MAX_SAFE_INTEGER : Number(line[1]);
  } catch {
    // Elsewhere than on Linux.
    return null;
  }
}

function freeBytes(path: string): number | null {
  let existing = resolve(path);
  while (!existsSync(existing)) existing = dirname(existing);
  const { bavail, bsize } = statfsSync(existing);
  return bavail * bsize;
}

function portIsFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
