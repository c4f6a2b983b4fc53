/**
 * A log that could not be reached when it was opened. The first call that can reach it opens it;
 * until then every call rejects. A caller that delivers at least once must handle that anyway.
 */
import type { Log } from './log.ts';

/**
 * @param known the facts that are known without reaching the log
 * @param open tried by every call until it succeeds once; simultaneous calls share a try
 */
export function lateLog(known: Pick<Log, 'ordinal' | 'partitions'>, open: () => Promise<Log>): Log {
  let opening: Promise<Log> | null = null;
  let closed = false;
  const opened = async (): Promise<Log> => {
    if (closed) throw new Error('the log is closed');
    opening ??= open();
    try {
      return await opening;
    } catch (error) {
      opening = null;
      throw error;
    }
  };
  return {
    ...known,
    append: async (records) => (await opened()).append(records),
    read: async (page) => (await opened()).read(page),
    ends: async () => (await opened()).ends(),
    commit: async (group, commits) => (await opened()).commit(group, commits),
    committed: async (group) => (await opened()).committed(group),
    async close() {
      closed = true;
      const log = await opening?.catch(() => null);
      await log?.close();
    },
  };
}
