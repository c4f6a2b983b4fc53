import { describe, expect, it } from 'vitest';
import { minorUnitPlaces } from './currency.ts';

describe('minor units of ISO 4217', () => {
  it('are 0, 2, 3 or 4 decimal places', () => {
    const places = ['JPY', 'KRW', 'USD', 'EUR', 'HUF', 'KWD', 'TND', 'CLF'].map(minorUnitPlaces);
    expect(places).toEqual([0, 0, 2, 2, 2, 3, 3, 4]);
  });
});
