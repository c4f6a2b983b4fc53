import { describe, expect, it } from 'vitest';
import { isBillable, minorUnitPlaces } from './currency.ts';

describe('minor units of ISO 4217', () => {
  it('are 0, 2, 3 or 4 decimal places', () => {
    const places = ['JPY', 'KRW', 'USD', 'EUR', 'HUF', 'KWD', 'TND', 'CLF'].map(minorUnitPlaces);
    expect(places).toEqual([0, 0, 2, 2, 2, 3, 3, 4]);
  });

  // ISO 4217 list one: every currency whose minor unit has another number of places than two.
  it.each([
    [0, 'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'],
    [3, 'BHD IQD JOD KWD LYD OMR TND'],
    [4, 'CLF UYW'],
  ])('have %i places in %s', (places, currencies) => {
    for (const currency of currencies.split(' ')) {
      expect([currency, minorUnitPlaces(currency)]).toEqual([currency, places]);
    }
  });
});

describe('customers are billed', () => {
  it.each([
    [true, 'USD EUR GBP JPY KRW KWD TND CHF HUF INR XAF XPF'],
    // Units of account, funds, metals, tests, nothing at all, four places, and what ended.
    [false, 'UYI UYW CLF XAU XTS XXX CHE USN DEM eur EURO'],
  ])('in ISO 4217 currencies of 0, 2 or 3 places: %s of %s', (billable, currencies) => {
    for (const currency of currencies.split(' ')) {
      expect([currency, isBillable(currency)]).toEqual([currency, billable]);
    }
  });
});
