import { expect, it } from 'vitest';
import { Directory } from './directory.ts';

it('I7: a price is not in force before its start, whatever the clock did meanwhile', () => {
  const directory = new Directory(16);
  const tokens = [{ from_input_tokens: 0, pico_usd_per_million: '1' }];
  const publish = (version: string, from: string | null, revision: bigint) =>
    directory.apply({
      id: version,
      type: 'PriceVersionPublished',
      stream: 'price_book-p.price_book',
      revision,
      position: '',
      recordedAtMs: 0,
      data: {
        version,
        source: 'price_book',
        provider: 'p',
        effective_from: from,
        models: [
          {
            model: 'm',
            match: { equals: 'm' },
            context_window: null,
            max_output_tokens: null,
            prices: [{ from: null, daily: null, price: { input: tokens } }],
          },
        ],
      },
    });
  publish('old', null, 0n);
  publish('new', '2026-07-01T00:00:00.000Z', 1n);
  const startMs = Date.parse('2026-07-01T00:00:00.000Z');
  const versions = [10, 20, -990, 30].map(
    (afterMs) => directory.price('p', 'm', startMs + afterMs)?.version,
  );
  expect(versions).toEqual(['new', 'new', 'old', 'new']);
});
