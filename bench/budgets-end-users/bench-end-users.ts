/**
 * A budget template with many end users behind one key: what a first call waits, what the ledger gets
 * of each end user, and what is left of them in memory. The real book of budgets on the embedded ledger
 * and a journal; no HTTP, so that nothing else is measured.
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { endUserDigest } from '@tollgate/adapters/digest/end-user-digest.ts';
import { openJournal } from '@tollgate/adapters/journal/journal.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { BudgetBook, type HoldRequest } from '@tollgate/proxy/budget/budget-book.ts';
import { pathBudget } from '@tollgate/proxy/budget/path-budget.ts';
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import { report } from '../harness/results.ts';
import { percentile } from '../harness/stats.ts';

export const endUsersBenchUsage = `  budgets-end-users [--end-users 100000] [--calls 3] [--at-once 64] [--compare FILE]
      End users behind one key, each with a budget of their own: what a first call waits, alone and in a
      crowd; events and bytes of the ledger for each end user; memory of a window in use, and of an
      idle one.
`;

const ALONE = 500;
const OTHER_EVERY_MS = 20;
const PICO = 10n ** 12n;
const AMOUNT = PICO / 100n;

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

export async function benchEndUsers(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      'end-users': { type: 'string', default: '100000' },
      calls: { type: 'string', default: '3' },
      'at-once': { type: 'string', default: '64' },
      compare: { type: 'string' },
    },
  });
  const endUsers = Number(values['end-users']);
  const calls = Number(values.calls);
  const atOnce = Number(values['at-once']);
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-bench-'));
  const path = join(folder, 'ledger.sqlite');
  const counted = countAppends(await openSqliteLedger({ path }));
  const journal = await openJournal({ path: join(folder, 'journal') });
  let leases = 0;
  const book = new BudgetBook({
    ...{ ledger: counted.ledger, journal, instanceId: 'ins_bench', limits: proxyLimits },
    newLeaseId: () => `lse_${String(++leases).padStart(26, '0')}`,
    onError: (error) => {
      throw error;
    },
  });
  const call = (name: string) => callOf(book, name);
  book.start();
  try {
    const alone: number[] = [];
    for (let n = 0; n < ALONE; n++) alone.push(await call(`alone ${n}`));
    await until(() => book.endUserWindows === 0);
    const emptyBytes = heapBytes();

    const inUse = Math.min(endUsers, 10_000);
    const inCrowd: number[] = [];
    const warm: number[] = [];
    const others: number[] = [];
    const before = { events: counted.events(), bytes: fileBytes(path) };
    let heapInUse = 0;
    const startMs = performance.now();
    let crowded = true;
    const other = (async () => {
      for (let n = 0; crowded; n++) {
        others.push(await callOf(book, `other ${n}`, OTHER));
        await pause(OTHER_EVERY_MS);
      }
    })();
    await inLanes(atOnce, endUsers, async (n) => {
      inCrowd.push(await call(`end user ${n}`));
      for (let again = 1; again < calls; again++) warm.push(await call(`end user ${n}`));
      if (n === inUse) heapInUse = (heapBytes() - emptyBytes) / Math.max(1, book.endUserWindows);
    });
    const seconds = (performance.now() - startMs) / 1000;
    crowded = false;
    await other;
    await until(() => book.endUserWindows === 0);
    const idleBytes = (heapBytes() - emptyBytes) / endUsers;
    const summary = {
      cold_alone_p50_ms: percentile(alone, 50),
      cold_alone_p99_ms: percentile(alone, 99),
      cold_crowd_p50_ms: percentile(inCrowd, 50),
      cold_crowd_p99_ms: percentile(inCrowd, 99),
      cold_of_another_template_p99_ms: percentile(others, 99),
      warm_p99_ms: percentile(warm, 99),
      new_end_users_per_s: endUsers / seconds,
      ledger_events_per_end_user: (counted.events() - before.events) / endUsers,
      ledger_bytes_per_end_user: (fileBytes(path) - before.bytes) / endUsers,
      heap_bytes_per_window_in_use: heapInUse,
      heap_bytes_per_idle_end_user: idleBytes,
    };
    const options = { end_users: endUsers, calls, at_once: atOnce };
    report(
      'budgets-end-users',
      options,
      { alone, in_crowd: sample(inCrowd) },
      summary,
      values.compare,
    );
  } finally {
    await book.stop();
    await journal.close();
    await counted.ledger.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** As the proxy makes it of a call: one that takes a tenth of what it held. @returns ms of the hold */
async function callOf(book: BudgetBook, endUser: string, path = PATH): Promise<number> {
  const request: HoldRequest = { ...path, amount: AMOUNT, endUser: endUserDigest(endUser) };
  const startMs = performance.now();
  const outcome = await book.hold([request], Date.now());
  const tookMs = performance.now() - startMs;
  if (outcome.kind !== 'held') throw new Error(`${endUser}: ${outcome.kind}`);
  for (const { account, parts } of outcome.holds) {
    account.release(parts, [AMOUNT / 10n, ...parts.slice(1).map(() => 0n)]);
  }
  return tookMs;
}

const TEMPLATE: BudgetDefinition = {
  ...{ budget_id: 'bud_01M85YMQER7835N4R0V2Z2B01A', scope: { type: 'key', id: 'key_1' } },
  ...{ unit: 'usd', window: 'month', limit: PICO, enforcement: 'hard', basis: 'cost' },
  ...{ time_zone: 'UTC', anchor: null, model: null, counts: 'total', cache_reads: true },
  ...{ on_exceeded: 'refuse', clamp_min_output_tokens: 1 },
  ...{ per: 'end_user', thresholds: [], topUps: [], raises: [], archived: false, revision: 0n },
};
const PATH = pathBudget(TEMPLATE, 0);
const OTHER = pathBudget({ ...TEMPLATE, budget_id: 'bud_01M85YMQER7835N4R0V2Z2B01B' }, 0);

/** Events that the ledger has taken. */
function countAppends(ledger: Ledger): { ledger: Ledger; events: () => number } {
  let events = 0;
  const append: Ledger['append'] = async (stream, expected, added) => {
    const result = await ledger.append(stream, expected, added);
    if (result.ok) events += added.length;
    return result;
  };
  return { ledger: { ...ledger, append }, events: () => events };
}

function fileBytes(path: string): number {
  const wal = `${path}-wal`;
  return [path, wal].reduce(
    (sum, file) => sum + (statSync(file, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}

/** One figure in a hundred. */
function sample(values: readonly number[]): number[] {
  return values.filter((_, index) => index % 100 === 0);
}

async function inLanes(
  lanes: number,
  count: number,
  run: (n: number) => Promise<void>,
): Promise<void> {
  let next = 0;
  const lane = async () => {
    while (next < count) await run(next++);
  };
  await Promise.all(Array.from({ length: lanes }, lane));
}

async function until(done: () => boolean): Promise<void> {
  while (!done()) await pause(50);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
