/** What no body may do to a proxy. */

/** One thing may keep the event loop for so long, ms of the main thread. */
export const LOOP_BLOCKED_MS_MAX = 100;
/** Of the whole process under four hostile connections, MiB: bodies, and the heap of their reader. */
export const RSS_MIB_MAX = 1_024;
