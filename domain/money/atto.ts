/**
 * Money that others state: decimal text as exact integers of 1e-18, finer than our own pico-dollars,
 * because providers price single tokens with up to 16 places, and some write them with an exponent.
 */
import { divideHalfAwayFromZero } from './rounding.ts';

const PLACES = 18;
const ATTO_PER_PICO = 1_000_000n;
/** A sign, digits with or without a point, and an exponent: what JSON and spreadsheets write. */
const DECIMAL = /^([+-]?)(\d{1,30})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,2}))?$/;

/** @returns null if it is no decimal; what is finer than 1e-18 is rounded half away from zero */
export function parseAtto(text: string): bigint | null {
  const match = DECIMAL.exec(text);
  if (match === null) return null;
  const [, sign, whole = '', fraction = '', exponent = '0'] = match;
  const digits = BigInt(whole + fraction);
  const shift = PLACES - fraction.length + parseInt(exponent, 10);
  const size =
    shift >= 0
      ? digits * 10n ** BigInt(shift)
      : divideHalfAwayFromZero(digits, 10n ** BigInt(-shift));
  return sign === '-' ? -size : size;
}

/** How many places behind the point a decimal states: what it was rounded to. */
export function placesOf(text: string): number {
  const [, , , fraction = '', exponent = '0'] = DECIMAL.exec(text) ?? [];
  return Math.max(0, fraction.length - parseInt(exponent, 10));
}

export function attoOfPico(pico: bigint): bigint {
  return pico * ATTO_PER_PICO;
}

/** Rounded once, half away from zero. */
export function picoOfAtto(atto: bigint): bigint {
  return divideHalfAwayFromZero(atto, ATTO_PER_PICO);
}
