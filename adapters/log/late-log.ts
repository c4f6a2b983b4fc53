/**
 * A log that was away when it was asked for: opened by the first call that finds it there. Until then
 * every call rejects, which whoever appends at least once must bear anyway.
 */
import type { Log } from './log.ts';

/**
 * @param known what is known of it without it
 * @param open tried by each call until it succeeds once; calls at the same time share a try
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
