import { describe, expect, it } from 'vitest';
import { compilePrice } from '../pricing/compile.ts';
import { type CandidateFacts, lacks, type Needs } from './able.ts';

const rate = (pico: number) => [{ from_input_tokens: 0, pico_usd_per_million: String(pico) }];
const needs: Needs = {
  ...{ inputTokensMax: 1_000, outputTokens: null, capabilities: [] },
  ...{ maxPrice: null, regions: null },
};
const facts: CandidateFacts = {
  ...{ contextWindow: 10_000, maxOutputTokens: 500, supports: ['tools'], region: 'eu' },
  price: compilePrice({ input: rate(5), output: rate(7) }),
};
const found = (need: Partial<Needs>, fact: Partial<CandidateFacts> = {}) =>
  lacks({ ...needs, ...need }, { ...facts, ...fact }).map(({ what, isSure }) =>
    isSure ? what : `${what}?`,
  );

describe('what a candidate lacks', () => {
  it('is nothing if all that is asked is known of it', () => {
    const all = { outputTokens: 500, capabilities: ['tools'], regions: ['us', 'eu'] } as const;
    expect(found({ ...all, maxPrice: { input: 5n, output: 7n } })).toEqual([]);
    expect(found({ inputTokensMax: 9_500, outputTokens: 500 })).toEqual([]);
  });

  it.each<[string, Partial<Needs>, Partial<CandidateFacts>, string]>([
    [
      'room for input and output',
      { inputTokensMax: 9_501, outputTokens: 500 },
      {},
      'context_window?',
    ],
    ['room for a token', { inputTokensMax: 10_000 }, {}, 'context_window?'],
    ['room, whatever a token is', { inputTokensMax: 1_280_000 }, {}, 'context_window'],
    ['a known context', {}, { contextWindow: null }, 'context_window'],
    ['an output so long', { outputTokens: 501 }, {}, 'max_output_tokens'],
    ['a known output', { outputTokens: 1 }, { maxOutputTokens: null }, 'max_output_tokens'],
    ['a capability', { capabilities: ['tools', 'vision'] }, {}, 'vision'],
    ['a known capability', { capabilities: ['tools'] }, { supports: null }, 'tools'],
    ['a region', { regions: ['us'] }, {}, 'region'],
    ['a known region', { regions: ['eu'] }, { region: null }, 'region'],
    ['a price so low', { maxPrice: { input: 4n, output: null } }, {}, 'max_price'],
    ['a price of output so low', { maxPrice: { input: null, output: 6n } }, {}, 'max_price'],
    ['a known price', { maxPrice: { input: 9n, output: 9n } }, { price: null }, 'price'],
    [
      'a known price of output',
      { maxPrice: { input: null, output: 9n } },
      { price: compilePrice({ input: rate(5) }) },
      'max_price',
    ],
  ])('is %s', (_, need, fact, lack) => {
    expect(found(need, fact)).toEqual([lack]);
  });

  it('is judged by the highest tier that the request can reach', () => {
    const input = [...rate(5), { from_input_tokens: 900, pico_usd_per_million: '6' }];
    const price = compilePrice({ input, output: rate(1) });
    const maxPrice = { input: 5n, output: null };
    expect(found({ maxPrice, inputTokensMax: 899 }, { price })).toEqual([]);
    expect(found({ maxPrice, inputTokensMax: 900 }, { price })).toEqual(['max_price']);
  });
});
