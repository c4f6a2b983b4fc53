/**
 * Streams `alarm-<subject>@<start>`: what was raised about one window of a budget, or about one hour
 * of the store of rates. The stream of a window is the one place in which its alarms are raised, so
 * each is raised once, however many processes look.
 */

import { streamCategory } from '../stream/stream-category.ts';

export const alarmStreams = streamCategory('alarm');
/** `alarm_watch-<run>`: one event for each start of a process that looks for alarms. */
export const alarmWatchStreams = streamCategory('alarm_watch');

export type AlarmKind = 'threshold' | 'forecast' | 'overrun' | 'unresolved' | 'rate_store_away';

export type AlarmRaised = {
  type: 'AlarmRaised';
  data: {
    /** The same for the same alarm, in every process that raises it. */
    alarm_id: string;
    kind: AlarmKind;
    /** Null: it is not about a budget. */
    budget_id: string | null;
    window_start: string;
    window_end: string | null;
    /** Percent of the limit; of kind `threshold` alone. */
    threshold: number | null;
    limit: string | null;
    /** What counted against the limit when it was raised. */
    spent: string | null;
    /**
     * Of a forecast what the window comes to, of an overrun what was billed above the stated bounds,
     * of unresolved attempts what is charged for them.
     */
    amount: string | null;
    /** Of a forecast: when the limit is reached at this rate. */
    exceeds_at: string | null;
    raised_at: string;
  };
};

/** Its position in the ledger is where the watch begins. */
export type AlarmWatchStarted = { type: 'AlarmWatchStarted'; data: { started_at: string } };
