import { expect, it } from 'vitest';
import { LedgerView } from './ledger-view.ts';

it('a rotation without overlap ends every earlier secret of the key', () => {
  const directory = new LedgerView(16);
  const apply = (type: string, data: object, revision: bigint) =>
    directory.apply({
      ...{ id: type, type, stream: 'key-key_1', revision, position: '', recordedAtMs: 0 },
      data: { key_id: 'key_1', last_four: 'abcd', pepper_version: 1, ...data },
    });
  const hashes = ['1', '2', '3'].map((digit) => digit.repeat(64)) as [string, string, string];
  const issued = {
    ...{ customer_id: 'cus_1', team_id: null, name: 'n', environment: 'live', tags: {} },
    ...{ on_disconnect: 'drain', expires_at: null },
  };
  apply('KeyIssued', { ...issued, hash: hashes[0] }, 0n);
  const rotate = (hash: string, previous_valid_until: string, revision: bigint) =>
    apply('KeyRotated', { hash, previous_valid_until }, revision);
  rotate(hashes[1], '2026-02-01T00:00:00.000Z', 1n);
  const at = (day: number) =>
    hashes.map((hash) => {
      const found = directory.key(hash, Date.UTC(2026, 0, day));
      return typeof found === 'object' ? 'works' : found;
    });
  expect(at(1)).toEqual(['works', 'works', undefined]);
  // It has leaked.
  rotate(hashes[2], '2026-01-02T00:00:00.000Z', 2n);
  expect(at(3)).toEqual(['replaced', 'replaced', 'works']);
});

it('I7: a price is not in force before its start, whatever the clock did meanwhile', () => {
  const directory = new LedgerView(16);
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
