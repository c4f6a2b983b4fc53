/**
 * The fold of `billing-<customer>`: all periods of one customer (docs/design.md, Periods). I4:
 * periods are numbered 1, 2, 3, … without gap or overlap, and each is frozen once, in order.
 */
import { COST_CURRENCY, type ExchangeRate } from '../exchange/exchange-rate.ts';
import { parseInstant } from './calendar.ts';
import type { BillingEvent, LogCut, PeriodClosing, PeriodOpened } from './period-events.ts';

type PeriodFacts = {
  id: string;
  number: number;
  startMs: number;
  /** Exclusive. Earlier than at the opening if the period was closed early. */
  endMs: number;
  timeZone: string;
  anchorDay: number;
  /** ISO 4217, as of the opening. */
  currency: string;
};

/** The input of the snapshot, fixed when the period began to close. */
type ClosingFacts = {
  cutId: string;
  logs: readonly LogCut[];
  markupPpm: number;
  /** From USD; null: the period is billed in USD. */
  exchangeRate: ExchangeRate | null;
};

export type OpenPeriod = PeriodFacts & { status: 'open' };
export type ClosingPeriod = PeriodFacts & ClosingFacts & { status: 'closing' };
export type FrozenPeriod = PeriodFacts &
  ClosingFacts & {
    status: 'frozen';
    /** `body` is the exact text that `hash` is over. */
    snapshot: { id: string; hash: string; body: string };
  };
export type Period = OpenPeriod | ClosingPeriod | FrozenPeriod;

/** In order of their numbers: number n is at index n − 1. */
export type Billing = { periods: readonly Period[] };

export const noBilling: Billing = { periods: [] };

/** @throws Error if the stream breaks its own rules: that is a bug or a corrupted ledger */
export function evolveBilling(billing: Billing, event: BillingEvent): Billing {
  switch (event.type) {
    case 'PeriodOpened':
      return opened(billing, event.data);
    case 'PeriodClosing':
      return closing(billing, event.data);
    case 'SnapshotFrozen': {
      const { snapshot_id: id, hash, body, number, period_id } = event.data;
      const period = periodAt(billing, number, period_id);
      if (period.status !== 'closing') throw new Error(`period ${period.id} was not closing`);
      return replace(billing, { ...period, status: 'frozen', snapshot: { id, hash, body } });
    }
    default:
      return event satisfies never;
  }
}

function opened(billing: Billing, data: PeriodOpened['data']): Billing {
  const startMs = parseInstant(data.start);
  const last = billing.periods.at(-1);
  if (data.number !== billing.periods.length + 1) {
    throw new Error(`period ${data.number} follows period ${billing.periods.length}`);
  }
  if (last !== undefined && last.endMs !== startMs) {
    throw new Error(`period ${data.number} does not begin where period ${last.number} ends`);
  }
  const period: OpenPeriod = {
    status: 'open',
    id: data.period_id,
    number: data.number,
    startMs,
    endMs: parseInstant(data.end),
    timeZone: data.time_zone,
    anchorDay: data.anchor_day,
    currency: data.currency ?? COST_CURRENCY,
  };
  return { periods: [...billing.periods, period] };
}

function closing(billing: Billing, data: PeriodClosing['data']): Billing {
  const period = periodAt(billing, data.number, data.period_id);
  if (period.status !== 'open') throw new Error(`period ${period.id} was not open`);
  return replace(billing, {
    ...period,
    status: 'closing',
    endMs: parseInstant(data.end),
    cutId: data.cut_id,
    logs: data.logs,
    currency: data.currency,
    markupPpm: data.markup_ppm,
    exchangeRate: data.exchange_rate ?? null,
  });
}

function periodAt(billing: Billing, number: number, id: string): Period {
  const period = billing.periods[number - 1];
  if (period?.id !== id) throw new Error(`period ${number} is not ${id}`);
  return period;
}

function replace(billing: Billing, period: Period): Billing {
  return { periods: billing.periods.with(period.number - 1, period) };
}

/** The next period for a closing run; undefined when every period is frozen. */
export function firstUnfrozen(billing: Billing): OpenPeriod | ClosingPeriod | undefined {
  for (const period of billing.periods) {
    if (period.status !== 'frozen') return period;
  }
  return undefined;
}

/** The frozen period with this number; undefined if there is none or it is not frozen. */
export function frozenPeriod(billing: Billing, number: number): FrozenPeriod | undefined {
  const period = billing.periods[number - 1];
  return period?.status === 'frozen' ? period : undefined;
}

/**
 * The last one that is frozen. Periods freeze in order, so every one before it is frozen too (I4).
 */
export function lastFrozen(billing: Billing): FrozenPeriod | undefined {
  return billing.periods.findLast((period) => period.status === 'frozen');
}

/**
 * Ends (Unix ms) of the periods up to `number`, in order. Usage belongs to the first period whose
 * end is after its time.
 *
 * @param endMs end of period `number`, which may be closing earlier than it was opened with
 */
export function periodEnds(billing: Billing, number: number, endMs: number): number[] {
  return [...billing.periods.slice(0, number - 1).map((period) => period.endMs), endMs];
}
