/**
 * Currencies of ISO 4217, list one, and their minor units: decimal places of the smallest amount
 * that can be paid. Without funds codes, precious metals and codes for tests, which nobody is billed
 * in.
 */

const WITHOUT_MINOR_UNIT = new Set(
  'BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF'.split(' '),
);

const WITH_TWO_PLACES = new Set(
  (
    'AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD ' +
    'CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD ' +
    'HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD ' +
    'MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON ' +
    'RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TOP TRY TTD TWD ' +
    'TZS UAH USD UYU UZS VED VES WST XCD XCG YER ZAR ZMW ZWG'
  ).split(' '),
);

const WITH_THREE_PLACES = new Set('BHD IQD JOD KWD LYD OMR TND'.split(' '));

const WITH_FOUR_PLACES = new Set('CLF UYW'.split(' '));

/** @param currency ISO 4217, upper case */
export function minorUnitPlaces(currency: string): number {
  if (WITHOUT_MINOR_UNIT.has(currency)) return 0;
  if (WITH_THREE_PLACES.has(currency)) return 3;
  return WITH_FOUR_PLACES.has(currency) ? 4 : 2;
}

/** Whether customers may be billed in it: known, and with 0, 2 or 3 places. A unit of account is not. */
export function isBillable(currency: string): boolean {
  if (currency === 'UYI') return false;
  return [WITHOUT_MINOR_UNIT, WITH_TWO_PLACES, WITH_THREE_PLACES].some((all) => all.has(currency));
}
