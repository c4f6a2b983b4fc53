/**
 * Minor units of currencies: decimal places of the smallest amount that can be paid.
 * Source: ISO 4217 list one; every other currency of it has two.
 */

const WITHOUT_MINOR_UNIT = new Set([
  'BIF',
  'CLP',
  'DJF',
  'GNF',
  'ISK',
  'JPY',
  'KMF',
  'KRW',
  'PYG',
  'RWF',
  'UGX',
  'UYI',
  'VND',
  'VUV',
  'XAF',
  'XOF',
  'XPF',
]);

const WITH_THREE_PLACES = new Set(['BHD', 'IQD', 'JOD', 'KWD', 'LYD', 'OMR', 'TND']);

const WITH_FOUR_PLACES = new Set(['CLF', 'UYW']);

/** @param currency ISO 4217, upper case */
export function minorUnitPlaces(currency: string): number {
  if (WITHOUT_MINOR_UNIT.has(currency)) return 0;
  if (WITH_THREE_PLACES.has(currency)) return 3;
  return WITH_FOUR_PLACES.has(currency) ? 4 : 2;
}
