/**
 * Windows by plain arithmetic, for zones whose offset never changes: what the product's own calendar
 * is compared with. Nothing of it is the product's.
 */
import { createHash } from 'node:crypto';

export type Zone = { name: string; offsetMs: number };
export type Window = 'hour' | 'day' | 'week' | 'month' | 'total';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** 1970-01-01 was a Thursday. */
const THURSDAY = 3;

export const ZONES: readonly Zone[] = [
  { name: 'UTC', offsetMs: 0 },
  { name: 'Asia/Kolkata', offsetMs: 5.5 * HOUR_MS },
  { name: 'America/Phoenix', offsetMs: -7 * HOUR_MS },
];

export const WINDOWS: readonly Window[] = ['hour', 'day', 'week', 'month', 'total'];

/** When the window that contains the instant begins. */
export function windowStart(window: Window, { offsetMs }: Zone, atMs: number): number {
  if (window === 'total') return 0;
  if (window === 'hour') {
    return Math.floor((atMs + offsetMs) / HOUR_MS) * HOUR_MS - offsetMs;
  }
  const days = Math.floor((atMs + offsetMs) / DAY_MS);
  if (window === 'day') return days * DAY_MS - offsetMs;
  if (window === 'week') return (days - ((days + THURSDAY) % 7)) * DAY_MS - offsetMs;
  const date = new Date(days * DAY_MS);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1) - offsetMs;
}

/** The name of the window's stream. @param endUser undefined: the budget is no template */
export function streamOf(budgetId: string, startMs: number, endUser?: string | null): string {
  const at = new Date(startMs).toISOString().replace('.000', '').replaceAll(/[-:]/g, '');
  if (endUser === undefined) return `budget-${budgetId}@${at}`;
  const digest = createHash('sha256')
    .update(endUser ?? '')
    .digest('hex');
  return `budget-${budgetId}~${digest.slice(0, 32)}@${at}`;
}
