/**
 * Deciders of `billing-<customer>` (docs/design.md, Periods). Each returns the event to append, or
 * a named refusal. The append names the revision from which it was decided, so the decision holds
 * among several closers. I4: a period closes only after the previous one is frozen, with a cut that
 * covers everything the previous cut covered, so no event is in two snapshots or in none.
 */
import { COST_CURRENCY, type ExchangeRate, type RateTable } from '../exchange/exchange-rate.ts';
import { rateInForce } from '../exchange/rate-in-force.ts';
import type { Billing, Period } from './billing.ts';
import { formatInstant, monthBounds } from './calendar.ts';
import { isCutBelow } from './cut.ts';
import type { LogCut, PeriodClosing, PeriodOpened, SnapshotFrozen } from './period-events.ts';

export type PeriodRefusal =
  | { code: 'period_unknown' }
  | { code: 'period_still_open'; periodId: string }
  | { code: 'period_not_contiguous'; expectedStartMs: number }
  | { code: 'period_end_out_of_range'; startMs: number; endMs: number }
  | { code: 'period_not_due'; dueAtMs: number }
  | { code: 'period_not_open'; status: Period['status'] }
  | { code: 'period_not_closing'; status: Period['status'] }
  | { code: 'previous_period_not_frozen'; number: number }
  | { code: 'cut_below_previous'; number: number }
  /** Costs are in USD: without a rate that holds at the period's end, a bill would be a guess. */
  | { code: 'exchange_rate_missing'; currency: string; endMs: number };

export type Decision<Event> = { ok: true; event: Event } | { ok: false; refusal: PeriodRefusal };

function refuse(refusal: PeriodRefusal): { ok: false; refusal: PeriodRefusal } {
  return { ok: false, refusal };
}

export type OpenCommand = {
  customerId: string;
  periodId: string;
  /** Null: the end of the last period; for the first one, the start of the month of `atMs`. */
  startMs: number | null;
  timeZone: string;
  anchorDay: number;
  currency: string;
  atMs: number;
};

/** The next period, from its start to the end of the billing month that contains its start. */
export function decideOpen(billing: Billing, command: OpenCommand): Decision<PeriodOpened> {
  const { timeZone, anchorDay, currency } = command;
  const last = billing.periods.at(-1);
  if (last?.status === 'open') return refuse({ code: 'period_still_open', periodId: last.id });
  const startMs =
    command.startMs ?? last?.endMs ?? monthBounds(command.atMs, timeZone, anchorDay).startMs;
  if (last !== undefined && startMs !== last.endMs) {
    return refuse({ code: 'period_not_contiguous', expectedStartMs: last.endMs });
  }
  const { endMs } = monthBounds(startMs, timeZone, anchorDay);
  return {
    ok: true,
    event: {
      type: 'PeriodOpened',
      data: {
        period_id: command.periodId,
        customer_id: command.customerId,
        number: billing.periods.length + 1,
        start: formatInstant(startMs),
        end: formatInstant(endMs),
        time_zone: timeZone,
        anchor_day: anchorDay,
        ...(currency === COST_CURRENCY ? {} : { currency }),
      },
    },
  };
}

export type DueCommand = {
  periodId: string;
  /** Close early at this instant; null: at the period's own end. */
  endMs: number | null;
  graceMs: number;
  nowMs: number;
};

/**
 * Where the period would end if it began to close now. The closing run asks before it takes a cut:
 * a cut must be younger than end + grace.
 */
export function decideDue(
  billing: Billing,
  command: DueCommand,
): { ok: true; endMs: number } | { ok: false; refusal: PeriodRefusal } {
  const period = billing.periods.find(({ id }) => id === command.periodId);
  if (period === undefined) return refuse({ code: 'period_unknown' });
  if (period.status !== 'open') return refuse({ code: 'period_not_open', status: period.status });
  const previous = billing.periods[period.number - 2];
  if (previous !== undefined && previous.status !== 'frozen') {
    return refuse({ code: 'previous_period_not_frozen', number: previous.number });
  }
  const endMs = command.endMs ?? period.endMs;
  if (endMs <= period.startMs || endMs > period.endMs) {
    const { startMs } = period;
    return refuse({ code: 'period_end_out_of_range', startMs, endMs: period.endMs });
  }
  const dueAtMs = endMs + command.graceMs;
  if (dueAtMs > command.nowMs) return refuse({ code: 'period_not_due', dueAtMs });
  return { ok: true, endMs };
}

export type ClosingCommand = DueCommand & {
  cutId: string;
  logs: readonly LogCut[];
  markupPpm: number;
  /** As `decideExchangeRate` found it. */
  exchangeRate: ExchangeRate | null;
};

/**
 * The rate that a period which ends at `endMs` is billed with; null in the currency of costs.
 *
 * @param tables in the order of their publication
 */
export function decideExchangeRate(
  currency: string,
  endMs: number,
  tables: readonly RateTable[],
): { ok: true; rate: ExchangeRate | null } | { ok: false; refusal: PeriodRefusal } {
  if (currency === COST_CURRENCY) return { ok: true, rate: null };
  const rate = rateInForce(tables, COST_CURRENCY, currency, endMs);
  if (rate === null) return refuse({ code: 'exchange_rate_missing', currency, endMs });
  return { ok: true, rate };
}

export function decideClosing(billing: Billing, command: ClosingCommand): Decision<PeriodClosing> {
  const { markupPpm, exchangeRate } = command;
  const due = decideDue(billing, command);
  if (!due.ok) return due;
  const period = billing.periods.find(({ id }) => id === command.periodId) as Period;
  const { currency } = period;
  if ((exchangeRate?.quote ?? COST_CURRENCY) !== currency) {
    throw new Error(`${period.id} is billed in ${currency}, and its rate is to another currency`);
  }
  const previous = billing.periods[period.number - 2];
  if (previous?.status === 'frozen' && isCutBelow(command.logs, previous.logs)) {
    return refuse({ code: 'cut_below_previous', number: previous.number });
  }
  return {
    ok: true,
    event: {
      type: 'PeriodClosing',
      data: {
        period_id: period.id,
        number: period.number,
        end: formatInstant(due.endMs),
        cut_id: command.cutId,
        logs: [...command.logs],
        currency,
        markup_ppm: markupPpm,
        ...(exchangeRate === null ? {} : { exchange_rate: exchangeRate }),
      },
    },
  };
}

export type FreezeCommand = { periodId: string; snapshotId: string; body: string; hash: string };

/**
 * Only a closing period can be frozen, so the second of two closers is refused and reads the first
 * one's snapshot.
 */
export function decideFreeze(billing: Billing, command: FreezeCommand): Decision<SnapshotFrozen> {
  const period = billing.periods.find(({ id }) => id === command.periodId);
  if (period === undefined) return refuse({ code: 'period_unknown' });
  if (period.status !== 'closing') {
    return refuse({ code: 'period_not_closing', status: period.status });
  }
  return {
    ok: true,
    event: {
      type: 'SnapshotFrozen',
      data: {
        snapshot_id: command.snapshotId,
        period_id: period.id,
        number: period.number,
        body: command.body,
        hash: command.hash,
      },
    },
  };
}
