/**
 * Amounts as a person types them: `$5`, `5.00 EUR`, `10k`. The API takes a decimal number in the unit of
 * the budget, so an amount in another unit is refused, and so is what two readers read differently. Pure.
 */
import { UsageError } from '../errors.ts';

const PLACES_MAX = 12;
const FACTORS: Readonly<Record<string, number>> = { k: 3, m: 6, b: 9, bn: 9 };
const SIGNS: Readonly<Record<string, string>> = { $: 'usd', '€': 'eur', '£': 'gbp', '¥': 'jpy' };
const FORM =
  /^(?<sign>[$€£¥])?\s?(?<whole>\d{1,15})(?:\.(?<part>\d{1,18}))?\s?(?<factor>k|m|b|bn)?(?:\s?(?<unit>[a-z]{3,10}))?$/i;

export type Amount = {
  /** Decimal text. */
  value: string;
  /** In lower case; undefined: none was typed. */
  unit: string | undefined;
};

/** @throws UsageError saying what to type */
export function parseAmount(place: string, text: string): Amount {
  const typed = text.trim();
  const refuse = (help: string) => new UsageError(`${place}: ${text}: ${help}.`);
  if (/^[^,]*\d,\d{3}(?!\d)[^,]*$/.test(typed)) {
    const [thousand, decimal] = [typed.replace(',', ''), typed.replace(',', '.')];
    throw refuse(`a comma parts thousands or decimals: write ${thousand} or ${decimal}`);
  }
  if (/,/.test(typed)) {
    throw refuse(
      /,\d{3},/.test(typed)
        ? `write it without commas, as ${typed.replaceAll(',', '')}`
        : `write a point for decimals, as ${typed.replace(',', '.')}`,
    );
  }
  if (/^-|^\(/.test(typed)) throw refuse('an amount is not negative');
  const groups = FORM.exec(typed)?.groups;
  if (groups === undefined) throw refuse('write an amount as $5, 5.00 EUR, 1000 or 10k');
  const { sign, whole = '', part = '', factor, unit: word } = groups;
  const unit = sign === undefined ? word?.toLowerCase() : SIGNS[sign];
  if (sign !== undefined && word !== undefined && word.toLowerCase() !== unit) {
    throw refuse(`is it ${unit?.toUpperCase()} or ${word.toUpperCase()}? Write one of them`);
  }
  const value = shifted(whole, part, FACTORS[factor?.toLowerCase() ?? ''] ?? 0);
  if ((value.split('.')[1]?.length ?? 0) > PLACES_MAX) {
    throw refuse(`an amount has at most ${PLACES_MAX} decimals`);
  }
  return { value, unit: unit === undefined ? undefined : (UNITS[unit] ?? unit) };
}

const UNITS: Readonly<Record<string, string>> = {
  ...{ dollar: 'usd', dollars: 'usd', euro: 'eur', euros: 'eur' },
  ...{ token: 'tokens', request: 'requests', calls: 'requests', call: 'requests' },
};

/** Times 10^places, exactly; without zeros that say nothing. */
function shifted(whole: string, part: string, places: number): string {
  const digits = part.padEnd(places, '0');
  const left = `${whole}${digits.slice(0, places)}`.replace(/^0+(?=\d)/, '');
  const right = digits.slice(places).replace(/0+$/, '');
  return right === '' ? left : `${left}.${right}`;
}

/** An amount of a budget in its unit. @throws UsageError if it is in another */
export function amountIn(place: string, text: string, unit: string): string {
  const { value, unit: typed } = parseAmount(place, text);
  if (typed === undefined || typed === unit) return value;
  const shown = unit.length === 3 ? unit.toUpperCase() : unit;
  throw new UsageError(
    `${place}: the budget is in ${shown}, and ${text} is not: write it as ${unit === 'usd' ? `$${value}` : `"${value} ${shown}"`} ` +
      'if that is meant.',
  );
}

/** A whole number, as of a rate limit: `10k`. @throws UsageError */
export function parseCount(place: string, text: string): number {
  const { value, unit } = parseAmount(place, text);
  const count = Number(value);
  if (unit === undefined && Number.isSafeInteger(count)) return count;
  throw new UsageError(`${place}: ${text}: write a whole number, as 1000 or 10k.`);
}
