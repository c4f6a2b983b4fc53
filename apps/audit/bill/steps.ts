/**
 * From the provider's bill to the invoice, while the product runs: each step compares two places that
 * do not trust each other, or waits until it can.
 */
import type { AdminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { quantityNames } from '@tollgate/domain/usage/quantities.ts';
import { isResolvable, type UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { type BillLine, type Figures, readEvents, sum } from './figures.ts';

const DEADLINE_MS = 60_000;
/** Most looks read the whole log, or ask the warehouse. */
const LOOK_EVERY_MS = 250;
const HOUR_MS = 3_600_000;

export type Audit = {
  api: AdminClient;
  log: Parameters<typeof readEvents>[0];
  bill: () => BillLine[];
};

/** Waits until every attempt in the bill has its event, and no more records arrive. */
export async function settled(audit: Audit): Promise<Map<string, UsageEvent>> {
  let events = new Map<string, UsageEvent>();
  let quietSinceMs = performance.now();
  await until('every attempt in the bill has its event', async () => {
    const now = await readEvents(audit.log);
    if (now.size !== events.size) quietSinceMs = performance.now();
    events = now;
    const missing = audit.bill().some((line) => !now.has(line.attempt_id ?? ''));
    return !missing && performance.now() - quietSinceMs > 3_000;
  });
  return events;
}

/** I1 before anything is reconciled. @returns how many attempts are unknown */
export function checkBeforeImport(
  events: ReadonlyMap<string, UsageEvent>,
  say: (line: string) => void,
): number {
  const unknown = [...events.values()].filter((e) => e.type === 'attempt' && e.cost === null);
  const explained = new Set(['unknown', 'upstream_error', 'timeout', 'client_closed']);
  const odd = unknown.find(({ status }) => !explained.has(status));
  if (odd !== undefined) throw new Error(`attempt ${odd.id} is unknown, with status ${odd.status}`);
  const inFlight = unknown.filter(({ status }) => status === 'unknown').length;
  say(
    `Every attempt in the bill has its event; ${unknown.length} are unknown, ` +
      `${inFlight} of them in flight at the kill`,
  );
  return unknown.length;
}

/** Lines per import: far below what one request may carry. */
const IMPORT_LINES = 5_000;

/** In ranges of attempt times that follow on each other, each with all lines of its attempts. */
export async function importBill(
  api: AdminClient,
  bill: BillLine[],
  startMs: number,
  provider = 'simulator',
): Promise<void> {
  const nowMs = Date.now();
  const sorted = bill
    .map((line) => ({ line, atMs: uuidTimeMs(line.attempt_id ?? '') }))
    .sort((a, b) => a.atMs - b.atMs);
  let fromMs = startMs;
  while (sorted.length > 0) {
    const nextMs = sorted[IMPORT_LINES]?.atMs ?? nowMs;
    const end = sorted.findIndex(({ atMs }) => atMs >= nextMs);
    const lines = sorted.splice(0, end === -1 ? sorted.length : end).map(({ line }) => line);
    const range = { startMs: fromMs, endMs: nextMs, billStartMs: startMs, billEndMs: nowMs };
    await importRange(api, provider, lines, range);
    fromMs = nextMs;
  }
}

function uuidTimeMs(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}

async function importRange(
  api: AdminClient,
  provider: string,
  bill: BillLine[],
  range: { startMs: number; endMs: number; billStartMs: number; billEndMs: number },
): Promise<void> {
  const at = (ms: number) => new Date(ms).toISOString();
  const lines = bill.map(({ attempt_id, cost, ...line }) => {
    const stated: Partial<Record<string, number>> = line;
    const counts = quantityNames.map((name) => [name, stated[name] ?? 0]);
    return { attempt_id, cost, ...Object.fromEntries(counts) };
  });
  const result = await api.post<{ differing: string[]; pending: number }>('/v1/reconciliations', {
    provider,
    start: at(range.startMs),
    end: at(range.endMs),
    // The simulator is idle, so its bill is complete for the hour to come as well.
    bill_start: at(range.billStartMs - HOUR_MS),
    bill_end: at(range.billEndMs + HOUR_MS),
    lines,
  });
  if (result.pending > 0) throw new Error(`${result.pending} lines of the bill have no attempt`);
  if (result.differing.length > 0) {
    throw new Error(`the bill differs from what was stated for ${result.differing.join(', ')}`);
  }
}

/** Every resolvable attempt has its resolution, and no resolution has none. */
export async function resolved(audit: Audit): Promise<Map<string, UsageEvent>> {
  let events = new Map<string, UsageEvent>();
  let done = new Set<string | null>();
  const isDone = async () => {
    events = await readEvents(audit.log);
    done = new Set([...events.values()].map((event) => event.resolves_id));
    return [...events.values()].every((event) => !isResolvable(event) || done.has(event.id));
  };
  await until('every resolvable attempt is resolved', isDone, () => `${done.size}`);
  for (const event of events.values()) {
    const target = event.resolves_id === null ? undefined : events.get(event.resolves_id);
    if (event.type === 'resolution' && (target === undefined || !isResolvable(target))) {
      throw new Error(`resolution ${event.id} has no resolvable target`);
    }
  }
  return events;
}

/** No phantom spend: nothing is held, and what is spent is the cost of the key's events. */
export async function checkBudgets(
  api: AdminClient,
  keys: readonly { id: string; budgetId: string }[],
  events: ReadonlyMap<string, UsageEvent>,
): Promise<void> {
  for (const key of keys) {
    const { cost } = sum([...events.values()].filter((event) => event.key_id === key.id));
    let seen = '';
    const isLevel = async () => {
      const { current } = await api.get<{ current: { spent: string; held: string } }>(
        `/v1/budgets/${key.budgetId}`,
      );
      seen = `spent ${current.spent}, held ${current.held}, events ${cost}`;
      return current.spent === cost && parseDecimal12(current.held) === 0n;
    };
    // The resolver moves them attempt by attempt: thousands of them take their time.
    await until(`budget of ${key.id} is level`, isLevel, () => seen).catch((error: unknown) => {
      throw new Error(`${String(error)}: ${seen}`);
    });
  }
}

export async function rollups(api: AdminClient, startMs: number): Promise<Figures> {
  const range = `start=${new Date(startMs).toISOString()}&end=${new Date().toISOString()}`;
  let figures = sum([]);
  let before = '';
  // Late resolutions in a closed bucket appear after the next roll-up pass.
  await until('the roll-ups are level', async () => {
    const { data } = await api.get<{ data: Figures[] }>(`/v1/usage?${range}`);
    figures = sum(data);
    const now = JSON.stringify(figures);
    const stable = now === before;
    before = now;
    await new Promise((resolve) => setTimeout(resolve, 700));
    return stable;
  });
  return figures;
}

/**
 * Waits until it is so: a minute without progress is too long, whatever else the machine does, and
 * so are ten minutes in all.
 *
 * @param seen what was found last: while it changes, there is progress
 */
export async function until(
  what: string,
  done: () => Promise<boolean>,
  seen: () => string = () => '',
): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS * 10;
  let before = seen();
  let deadlineMs = performance.now() + DEADLINE_MS;
  while (!(await done())) {
    const now = seen();
    if (now !== before) deadlineMs = Math.min(endMs, performance.now() + DEADLINE_MS);
    before = now;
    if (performance.now() > deadlineMs)
      throw new Error(`not within ${DEADLINE_MS / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}
