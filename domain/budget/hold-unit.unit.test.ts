import { describe, expect, it } from 'vitest';
import { holdUnitOf, parseHoldUnit } from './hold-unit.ts';

const usd = { unit: 'usd', basis: 'cost' } as const;
const tokens = { unit: 'tokens', basis: 'cost' } as const;

describe('how an attempt counts in a budget', () => {
  it.each([
    [usd, 'usd'],
    [{ ...usd, basis: 'billed' } as const, 'usd+200000ppm'],
    [tokens, 'tokens'],
    [{ ...tokens, counts: 'total', cache_reads: true } as const, 'tokens'],
    [{ ...tokens, counts: 'input' } as const, 'tokens.input'],
    [{ ...tokens, counts: 'output', cache_reads: false } as const, 'tokens.output-cache_reads'],
    [{ ...tokens, cache_reads: false } as const, 'tokens-cache_reads'],
    [{ unit: 'requests', basis: 'billed' } as const, 'requests'],
  ])('is read from its text as it was: %j is %s', (budget, text) => {
    const unit = holdUnitOf(budget, 200_000);
    expect(unit.text).toBe(text);
    expect(parseHoldUnit(text)).toEqual(unit);
  });

  it('is at cost where the customer pays cost', () => {
    expect(holdUnitOf({ ...usd, basis: 'billed' }, 0).text).toBe('usd');
  });

  it.each(['', 'eur', 'usd+ppm', 'tokens.both', 'requests-cache_reads', 'usd+1ppm '])(
    'is never guessed: %j',
    (text) => {
      expect(() => parseHoldUnit(text)).toThrow('is no unit of a hold');
    },
  );
});
