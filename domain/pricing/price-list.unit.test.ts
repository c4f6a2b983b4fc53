import { describe, expect, it } from 'vitest';
import { type PricedModel, type PriceVersionPublished, priceBookStream } from './price.ts';
import {
  emptyPriceList,
  evolvePrices,
  findPrice,
  listModels,
  type PriceListState,
} from './price-list.ts';

type List = PriceVersionPublished['data'];

const NOON = Date.UTC(2026, 5, 15, 12);
const NEVER = Number.POSITIVE_INFINITY;
const iso = (atMs: number) => new Date(atMs).toISOString();

function priced(pico: number, change: Partial<PricedModel['prices'][number]> = {}) {
  const price = { input: [{ from_input_tokens: 0, pico_usd_per_million: String(pico) }] };
  return { from: null, daily: null, price, ...change };
}

function model(name: string, ...prices: PricedModel['prices']): PricedModel {
  const limits = { context_window: 128_000, max_output_tokens: 4_096 };
  return { model: name, match: { equals: name }, ...limits, prices };
}

function list(version: string, change: Partial<List> & Pick<List, 'models'>): List {
  return { version, source: 'config', provider: 'p', effective_from: null, ...change };
}

function given(...lists: List[]): PriceListState {
  return lists.reduce((state, data) => evolvePrices(state, { data }), emptyPriceList());
}

/** Version, price and validity of model `m` of provider `p`. */
function found(state: PriceListState, atMs = NOON) {
  const price = findPrice(state, 'p', 'm', atMs);
  return price && [price.version, price.price.input.picoPerMillion[0], price.validUntilMs];
}

describe('the price of a model', () => {
  it('names its list, its entry and the limits of the model (I7)', () => {
    const state = given(list('v1', { models: [model('m', priced(3))] }));
    expect(findPrice(state, 'p', 'M', NOON)).toMatchObject({
      version: 'v1',
      source: 'config',
      model: 'm',
      contextWindow: 128_000,
      maxOutputTokens: 4_096,
      validUntilMs: NEVER,
    });
  });

  it('is null for an unknown model, an unknown provider, and an entry without a price (I8)', () => {
    const state = given(list('v1', { models: [model('m'), model('n', priced(3))] }));
    expect(found(state)).toBeNull();
    expect(findPrice(state, 'p', 'x', NOON)).toBeNull();
    expect(findPrice(state, 'q', 'n', NOON)).toBeNull();
  });

  it('is that of the highest source that prices the model', () => {
    const lists = (['catalogue', 'config', 'price_book'] as const).map((source, i) =>
      list(source, { source, models: [model('m', priced(i + 1))] }),
    );
    expect(found(given(...lists))).toEqual(['price_book', 3n, NEVER]);
    expect(found(given(...lists.slice(0, 2)))).toEqual(['config', 2n, NEVER]);
    expect(found(given(...lists.slice(0, 1)))).toEqual(['catalogue', 1n, NEVER]);
  });

  it('falls back to a lower source if a higher one has no entry, or an entry without a price', () => {
    const catalogue = list('low', { source: 'catalogue', models: [model('m', priced(1))] });
    for (const models of [[], [model('x', priced(9))], [model('m')]]) {
      expect(found(given(list('high', { models }), catalogue))).toEqual(['low', 1n, NEVER]);
    }
  });
});

describe('a dated list', () => {
  const [may, june, july] = [4, 5, 6].map((month) => Date.UTC(2026, month, 1)) as [
    number,
    number,
    number,
  ];
  const from = (version: string, atMs: number | null, pico: number) =>
    list(version, {
      effective_from: atMs === null ? null : iso(atMs),
      models: [model('m', priced(pico))],
    });

  it('applies from exactly its start, and says how long that holds (I7)', () => {
    const state = given(from('june', june, 6), from('july', july, 7));
    expect(found(state, june - 1)).toBeNull();
    expect(found(state, june)).toEqual(['june', 6n, july]);
    expect(found(state, july - 1)).toEqual(['june', 6n, july]);
    expect(found(state, july)).toEqual(['july', 7n, NEVER]);
  });

  it('is the latest that has started, in whatever order the lists were published', () => {
    const all = [from('always', null, 1), from('may', may, 5), from('june', june, 6)];
    for (const lists of [all, all.toReversed()]) {
      expect(found(given(...lists))).toEqual(['june', 6n, NEVER]);
      expect(found(given(...lists), may - 1)).toEqual(['always', 1n, may]);
    }
  });

  it('of two with the same start, the later publication applies', () => {
    expect(found(given(from('first', june, 1), from('second', june, 2)))?.[0]).toBe('second');
    expect(found(given(from('first', null, 1), from('second', null, 2)))?.[0]).toBe('second');
  });

  it('ends where the next one starts, whichever source that one is of', () => {
    const later = list('book', {
      source: 'price_book',
      effective_from: iso(july),
      models: [model('m', priced(9))],
    });
    const last = from('august', july + 1, 8);
    expect(found(given(last, from('june', june, 6), later))).toEqual(['june', 6n, july]);
  });

  it('replaces the whole list: a model that it does not name has no price any more', () => {
    const empty = list('june', { effective_from: iso(june), models: [] });
    expect(found(given(from('may', may, 5), empty))).toBeNull();
  });
});

describe('the entries of a model', () => {
  const at = (text: string) => Date.parse(`2026-06-15T${text}Z`);
  const daily = (start: string, end: string) => ({ daily: { start, end } });

  it('apply from exactly their date, the later entry first', () => {
    const dated = priced(2, { from: iso(NOON) });
    const state = given(list('v1', { models: [model('m', priced(1), dated)] }));
    expect(found(state, NOON - 1)).toEqual(['v1', 1n, NOON]);
    expect(found(state, NOON)).toEqual(['v1', 2n, NEVER]);
  });

  it('apply within their daily window, start inclusive, end exclusive', () => {
    const night = priced(2, daily('01:30:15', '02:45:30'));
    const state = given(list('v1', { models: [model('m', priced(1), night)] }));
    expect(found(state, at('01:30:14.999'))).toEqual(['v1', 1n, at('01:30:15')]);
    expect(found(state, at('01:30:15'))).toEqual(['v1', 2n, at('02:45:30')]);
    expect(found(state, at('02:45:29.999'))).toEqual(['v1', 2n, at('02:45:30')]);
    const tomorrow = at('01:30:15') + 86_400_000;
    expect(found(state, at('02:45:30'))).toEqual(['v1', 1n, tomorrow]);
    expect(found(state, at('23:59:59.999'))).toEqual(['v1', 1n, tomorrow]);
  });

  it('apply across midnight if the window does', () => {
    const night = priced(2, daily('16:30', '00:30:00'));
    const state = given(list('v1', { models: [model('m', priced(1), night)] }));
    expect(found(state, at('16:29:59.999'))).toEqual(['v1', 1n, at('16:30:00')]);
    expect(found(state, at('16:30:00'))).toEqual(['v1', 2n, at('00:30:00') + 86_400_000]);
    expect(found(state, at('00:00:00'))).toEqual(['v1', 2n, at('00:30:00')]);
    expect(found(state, at('00:29:59.999'))).toEqual(['v1', 2n, at('00:30:00')]);
    expect(found(state, at('00:30:00'))).toEqual(['v1', 1n, at('16:30:00')]);
  });

  it('never apply in a window that ends where it starts', () => {
    const state = given(list('v1', { models: [model('m', priced(2, daily('05:00', '05:00')))] }));
    expect([found(state, at('05:00:00')), found(state, at('12:00:00'))]).toEqual([null, null]);
  });

  it('know their windows before 1970 too', () => {
    const night = priced(2, daily('01:00:00', '02:00:00'));
    const state = given(list('v1', { models: [model('m', night)] }));
    const before = Date.parse('1969-12-31T01:30:00Z');
    expect(found(state, before)).toEqual(['v1', 2n, before + 30 * 60_000]);
    expect(found(state, before - 3_600_000)).toBeNull();
  });

  it('limit the answer even if a lower source gives it', () => {
    const tomorrow = priced(2, { from: iso(NOON + 1) });
    const low = list('low', { source: 'catalogue', models: [model('m', priced(1))] });
    const state = given(list('high', { models: [model('m', tomorrow)] }), low);
    expect(found(state)).toEqual(['low', 1n, NOON + 1]);
  });
});

describe('the models of a provider', () => {
  it('are those with a price in the lists in force, the winning source’s entry of each', () => {
    const config = list('v1', { models: [model('a', priced(1)), model('unpriced')] });
    const catalogue = list('v2', {
      source: 'catalogue',
      models: [model('a', priced(9)), model('b', priced(2)), model('unpriced', priced(3))],
    });
    const future = list('v3', {
      source: 'price_book',
      effective_from: iso(NOON + 1),
      models: [model('c', priced(4))],
    });
    const state = given(catalogue, config, future);
    const listed = (atMs: number) =>
      listModels(state, 'p', atMs).map(({ model: name, prices }) => [
        name,
        prices[0]?.price.input?.[0]?.pico_usd_per_million,
      ]);
    const now = [
      ['a', '1'],
      ['b', '2'],
      ['unpriced', '3'],
    ];
    expect(listed(NOON)).toEqual(now);
    expect(listed(NOON + 1)).toEqual([['c', '4'], ...now]);
    expect(listModels(state, 'q', NOON)).toEqual([]);
  });
});

it('a list is in the stream of its provider and source (ADR 0001)', () => {
  expect(priceBookStream('openai', 'catalogue')).toBe('price_book-openai.catalogue');
});
