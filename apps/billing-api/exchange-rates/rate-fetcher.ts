/**
 * Asks a source of exchange rates from time to time, and publishes what is new. Off unless the
 * configuration names a source. A source that fails costs a line in the log and a later try: tables that
 * were published hold for their days, and a period without a rate is not closed.
 */
import { createHash } from 'node:crypto';
import { pause } from '@tollgate/adapters/backoff/backoff.ts';
import type { RateSource, StatedRates } from '@tollgate/adapters/exchange-rates/rate-source.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { RateTable } from '@tollgate/domain/exchange/exchange-rate.ts';
import { formatInstant } from '@tollgate/domain/period/calendar.ts';
import { publishRates } from './publish-rates.ts';

/** A reference rate outlives the longest run of holidays of its bank, and not a fetcher that died. */
export const RATES_HOLD_MS = 7 * 86_400_000;

type Pace = {
  /** Between two questions, ms. */
  everyMs: number;
  /** After a failure, ms. */
  retryMs: number;
  ledgerPageEvents: number;
};

type FetcherDeps = {
  source: RateSource;
  ledger: Ledger;
  pace: Pace;
  onError: (message: string, error: unknown) => void;
};

export function startRateFetcher(deps: FetcherDeps): { stop(): Promise<void> } {
  const stopped = new AbortController();
  const running = (async () => {
    while (!stopped.signal.aborted) {
      const isDone = await fetchOnce(deps, stopped.signal);
      await pause(isDone ? deps.pace.everyMs : deps.pace.retryMs, stopped.signal);
    }
  })();
  return {
    async stop() {
      stopped.abort();
      await running;
    },
  };
}

/** @returns whether the newest rates are published now */
async function fetchOnce(
  { source, ledger, pace, onError }: FetcherDeps,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    const table = tableOf(source.name, await source.newest(signal));
    return (await publishRates(ledger, table, pace.ledgerPageEvents)) !== null;
  } catch (error) {
    if (!signal.aborted) onError(`exchange rates of ${source.name} could not be fetched`, error);
    return false;
  }
}

/** The same rates are the same table, however often they come; corrected rates of a day are another one. */
function tableOf(source: string, { base, asOfMs, rates }: StatedRates): RateTable {
  const as_of = formatInstant(asOfMs);
  const content = createHash('sha256')
    .update(JSON.stringify([as_of, base, rates]))
    .digest('hex');
  return {
    version: `${source}-${as_of.slice(0, 10)}-${content.slice(0, 8)}`,
    ...{ source, origin: 'fetched', base, as_of, rates },
    valid_until: formatInstant(asOfMs + RATES_HOLD_MS),
  };
}
