import type { PricedModel } from '@tollgate/domain/pricing/price.ts';
import { expect, it } from 'vitest';
import { catalogueChanges } from './catalogue-changes.ts';
import { readCatalogue } from './genai-prices.ts';

function model(name: string, usd: number | null, more: Partial<PricedModel> = {}): PricedModel {
  const pico = String(BigInt(Math.round((usd ?? 0) * 1_000)) * 1_000_000_000n);
  const input = [{ from_input_tokens: 0, pico_usd_per_million: pico }];
  const prices = usd === null ? [] : [{ from: null, daily: null, price: { input } }];
  const limits = { context_window: 100, max_output_tokens: null };
  return { model: name, match: { equals: name }, ...limits, prices, ...more };
}

const list = (...models: PricedModel[]) => [{ provider: 'p', models }];

it('says which models came and went, and what each price was and is', () => {
  const before = list(model('gone', 1), model('costly', 0.15), model('same', 2), model('lost', 1));
  const after = list(
    ...[model('costly', 0.2), model('same', 2), model('lost', null), model('new', 10)],
  );
  expect(catalogueChanges(before, after)).toEqual([
    '~ p/costly: input 0.15 -> input 0.2',
    '- p/gone: input 1',
    '~ p/lost: input 1 -> no price',
    '+ p/new: input 10',
  ]);
});

it('says so where another name would be priced by it, or its context is another', () => {
  const other = model('m', 1, { match: { starts_with: 'm' }, context_window: 200 });
  expect(catalogueChanges(list(model('m', 1)), list(other))).toEqual([
    '~ p/m: other names are taken for it',
    '~ p/m: context 100 -> 200',
  ]);
});

it('says nothing of the catalogue that is installed against itself', async () => {
  const catalogue = await readCatalogue();
  expect(catalogueChanges(catalogue, catalogue)).toEqual([]);
  expect(catalogueChanges([], catalogue).length).toBeGreaterThan(500);
});
