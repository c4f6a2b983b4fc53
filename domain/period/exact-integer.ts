/**
 * Integers that JSON and a double carry exactly: up to 2^53 (I6). A sum beyond that would lose its
 * last digits, so no bill is made from it.
 */
export class InexactInteger extends RangeError {}

/**
 * @param what names the number in the error
 * @throws InexactInteger
 */
export function exactInteger(value: bigint | number | string, what: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new InexactInteger(`${what} exceeds 2^53`);
  return number;
}
