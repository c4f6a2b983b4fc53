import { tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { expect, it } from 'vitest';
import { configWarnings } from './config-warnings.ts';

const warnings = (given: object) => configWarnings(tollgateConfig.parse(given), [], 0);
const V1 = 'https://h.example/v1';
const price = { provider: 'p', model: 'm', input: '1', output: '1' };

it.each<[string, object, RegExp]>([
  [
    'a base URL without a version',
    { providers: { p: { base_url: 'https://h.example/' } }, prices: [price] },
    /^providers\.p\.base_url: has no \/v1, so calls go to https:\/\/h\.example\/chat\/completions;/,
  ],
  [
    'a base URL that names a call',
    { providers: { p: { base_url: `${V1}/chat/completions` } }, prices: [price] },
    /^providers\.p\.base_url: ends in \/chat\/completions/,
  ],
  [
    'a provider that serves nothing',
    { providers: { p: { base_url: V1 } } },
    /^providers\.p: serves no model, because there is no price list p:/,
  ],
  [
    'a model without a price',
    {
      providers: { p: { base_url: V1 } },
      prices: [price],
      models: { alias: { provider: 'p', model: 'n' } },
    },
    /^models\.alias: its calls are refused, because n has no price in the list p:/,
  ],
])('warns of %s', (_, given, message) => {
  const said = warnings(given);
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(message);
});

it('says nothing of what works', () => {
  const models = {
    alias: { provider: 'p', model: 'm' },
    free: { provider: 'p', allow_unpriced: true },
  };
  for (const base_url of [V1, `${V1}/`, 'https://h.example/v1beta/openai']) {
    expect(warnings({ providers: { p: { base_url } }, prices: [price], models })).toEqual([]);
  }
});
