/** The same sums, read from each place on its own: bill, log, roll-ups, snapshot, invoice. */
import { readFileSync } from 'node:fs';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';

export const BUCKETS = [
  'input_tokens',
  'cache_read_tokens',
  'output_tokens',
  'reasoning_tokens',
  'requests',
] as const;

export type Figures = Record<(typeof BUCKETS)[number], number> & { cost: string };
export type BillLine = Figures & { attempt_id: string | null };

export function readBill(path: string): BillLine[] {
  const text = readFileSync(path, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as BillLine);
}

/** Every event of the log; of several deliveries of one id, the first. */
export async function readEvents(log: Log): Promise<Map<string, UsageEvent>> {
  const events = new Map<string, UsageEvent>();
  for (let partition = 0; partition < log.partitions; partition++) {
    let offset = 0n;
    for (;;) {
      const page = await log.read({ partition, offset, maxRecords: 5_000, maxBytes: 1e8 });
      for (const { value } of page) {
        const event = usageEvent.parse(JSON.parse(Buffer.from(value).toString()));
        if (!events.has(event.id)) events.set(event.id, event);
      }
      if (page.length === 0) break;
      offset += BigInt(page.length);
    }
  }
  return events;
}

type Summable = { [B in (typeof BUCKETS)[number]]?: number | null } & { cost?: string | null };

export function sum(rows: Iterable<Summable>): Figures {
  const total: Record<string, number> = {};
  let cost = 0n;
  for (const row of rows) {
    for (const bucket of BUCKETS) total[bucket] = (total[bucket] ?? 0) + (row[bucket] ?? 0);
    if (row.cost != null) cost += parseDecimal12(row.cost);
  }
  const buckets = Object.fromEntries(BUCKETS.map((bucket) => [bucket, total[bucket] ?? 0]));
  return { ...(buckets as Omit<Figures, 'cost'>), cost: formatDecimal12(cost) };
}

/** @throws Error naming the first place and the first figure that differ */
export function assertEqual(places: Record<string, Figures>): void {
  const [[firstName, first] = ['', undefined], ...others] = Object.entries(places);
  if (first === undefined) throw new Error('there is nothing to compare');
  for (const [name, figures] of others) {
    for (const key of [...BUCKETS, 'cost'] as const) {
      if (figures[key] === first[key]) continue;
      throw new Error(`${key}: ${firstName} says ${first[key]}, ${name} says ${figures[key]}`);
    }
  }
}
