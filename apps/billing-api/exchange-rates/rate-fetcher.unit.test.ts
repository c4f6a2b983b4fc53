import type { RateSource, StatedRates } from '@tollgate/adapters/exchange-rates/rate-source.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { loadRateTables } from '../closing/streams.ts';
import { MemoryHouse } from '../closing/testing/memory-house.ts';
import { startRateFetcher } from './rate-fetcher.ts';

let house: MemoryHouse;
let errors: string[];
beforeEach(() => {
  house = new MemoryHouse();
  errors = [];
});

const stated = (rate: string): StatedRates => ({
  base: 'EUR',
  asOfMs: Date.UTC(2026, 0, 30, 15),
  rates: [{ currency: 'USD', rate }],
});

/** Answers in turn, then stops; an error is a source that fails. */
async function fetched(...answers: (StatedRates | Error)[]): Promise<void> {
  const { promise: isOver, resolve: end } = Promise.withResolvers<void>();
  const source: RateSource = {
    name: 'ecb',
    async newest(signal) {
      const answer = answers.shift();
      if (answer instanceof Error) throw answer;
      if (answer !== undefined) return answer;
      end();
      return new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason)),
      );
    },
  };
  const pace = { everyMs: 0, retryMs: 0, ledgerPageEvents: 100 };
  const onError = (message: string, error: unknown) => errors.push(`${message}: ${error}`);
  const fetcher = startRateFetcher({ source, ledger: house.deps.ledger, pace, onError });
  await isOver;
  await fetcher.stop();
}

describe('fetched exchange rates', () => {
  it('are one table however often they come, and another one once they are corrected', async () => {
    await fetched(stated('1.0876'), stated('1.0876'), stated('1.0877'));
    const tables = await loadRateTables(house.deps.ledger);
    expect(tables.map(({ rates }) => rates[0]?.rate)).toEqual(['1.0876', '1.0877']);
    expect(tables[0]).toMatchObject({
      ...{ source: 'ecb', origin: 'fetched', base: 'EUR', as_of: '2026-01-30T15:00:00.000Z' },
      valid_until: '2026-02-06T15:00:00.000Z',
    });
    expect(errors).toEqual([]);
  });

  it('that do not come are said, and asked for again', async () => {
    await fetched(new Error('away'), stated('1.0876'));
    expect(await loadRateTables(house.deps.ledger)).toHaveLength(1);
    expect(errors).toEqual(['exchange rates of ecb could not be fetched: Error: away']);
  });
});
