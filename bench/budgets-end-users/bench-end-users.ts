/**
 * A budget template with many end users behind one key: what a first call waits alone, in a crowd and
 * next to a stampede, what the ledger gets of each end user, and what is left of them in memory. The real
 * book of budgets on the embedded ledger and a journal; no HTTP, so that nothing else is measured.
 */
import { statSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { BudgetBook } from '@tollgate/proxy/budget/budget-book.ts';
import { type BenchBook, openBenchBook } from '../budgets/bench-book.ts';
import { report } from '../harness/results.ts';
import { percentile } from '../harness/stats.ts';
import { EndUserCalls, heapBytes, otherBudgets } from './end-user-calls.ts';

export const endUsersBenchUsage = `  budgets-end-users [--end-users 100000] [--per-second 300] [--calls 3] [--stampede 2000] [--compare FILE]
      End users behind one key, each with a budget of their own: what a first call waits, alone and while
      so many new ones come each second; events and bytes of the ledger for each; memory of a window in
      use, and of an idle end user; what others wait while a stampede of new ones comes at once.
`;

const ALONE = 500;
/** How often others begin while a stampede is on, ms, and how many of each kind there are. */
const OTHER_EVERY_MS = 10;
const OTHERS = 500;
/** Of a hundred first calls of the crowd one is written down. */
const SAMPLE = 100;

type Options = { endUsers: number; perSecond: number; calls: number; stampede: number };

export async function benchEndUsers(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      'end-users': { type: 'string', default: '100000' },
      'per-second': { type: 'string', default: '300' },
      calls: { type: 'string', default: '3' },
      stampede: { type: 'string', default: '2000' },
      compare: { type: 'string' },
    },
  });
  const options = {
    endUsers: Number(values['end-users']),
    perSecond: Number(values['per-second']),
    calls: Number(values.calls),
    stampede: Number(values.stampede),
  };
  const bench = await openBenchBook();
  try {
    const { raw, summary } = await measure(bench, options);
    const { endUsers: end_users, perSecond: per_second, calls, stampede } = options;
    const told = { end_users, per_second, calls, stampede };
    report('budgets-end-users', told, raw, summary, values.compare);
  } finally {
    await bench.close();
  }
}

async function measure(
  { book, path, ledger, events }: BenchBook,
  { endUsers, perSecond, calls, stampede }: Options,
) {
  const made = new EndUserCalls(book);
  const alone: number[] = [];
  for (let n = 0; n < ALONE; n++) alone.push(await made.call(`alone ${n}`));
  await forgotten(book);

  const emptyBytes = heapBytes();
  const before = { events: events(), bytes: fileBytes(path) };
  const crowd = await made.crowd({ endUsers, perSecond, calls }, () => ({
    heap: heapBytes() - emptyBytes,
    windows: book.endUserWindows,
  }));
  await forgotten(book);
  const idleBytes = heapBytes() - emptyBytes;
  const gained = {
    events: events() - before.events,
    bytes: fileBytes(path) - before.bytes,
  };

  const others = await otherBudgets(ledger, OTHERS);
  const stampeded = await made.stampede(stampede, OTHER_EVERY_MS, others);
  const { cold, warm, midway } = crowd;
  const summary = {
    cold_alone_p50_ms: percentile(alone, 50),
    cold_alone_p99_ms: percentile(alone, 99),
    cold_crowd_p50_ms: percentile(cold, 50),
    cold_crowd_p99_ms: percentile(cold, 99),
    cold_p99_ratio: percentile(cold, 99) / percentile(alone, 99),
    warm_p99_ms: percentile(warm, 99),
    new_end_users_per_s: endUsers / crowd.seconds,
    ledger_events_per_end_user: gained.events / endUsers,
    ledger_bytes_per_end_user: gained.bytes / endUsers,
    windows_in_memory: midway.windows,
    heap_bytes_per_window_in_use: midway.heap / Math.max(1, midway.windows),
    heap_bytes_per_idle_end_user: idleBytes / endUsers,
    stampede_end_users_per_s: stampede / stampeded.seconds,
    stampede_refused: stampeded.refused,
    stampede_other_template_p99_ms: percentile(stampeded.otherTemplate, 99),
    stampede_other_budget_p99_ms: percentile(stampeded.otherBudget, 99),
  };
  const sampled = cold.filter((_, index) => index % SAMPLE === 0);
  const { otherTemplate, otherBudget } = stampeded;
  return { raw: { alone, crowd: sampled, otherTemplate, otherBudget }, summary };
}

/** All slices have gone back, and no window of an end user is in memory. */
async function forgotten(book: BudgetBook): Promise<void> {
  while (book.endUserWindows > 0) await pause(50);
}

function fileBytes(path: string): number {
  const wal = `${path}-wal`;
  return [path, wal].reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
