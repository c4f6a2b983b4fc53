/** What the self-test mutates: what becomes of each mutant is known. */

/** Tested at both sides of its bound. */
export function isAdult(years: number): boolean {
  return years >= 18;
}

/** Tested far away from its bound only. */
export function isHot(celsius: number): boolean {
  return celsius > 30;
}

/** Called by no test. */
export function isTall(metres: number): boolean {
  return metres > 2;
}

/** Never ends if it counts the wrong way; that it begins at 1 makes no difference. */
export function sumTo(last: number): number {
  let sum = 0;
  for (let i = 1; i <= last; i++) sum += i;
  return sum;
}

/** Made when the module is imported. */
const COLOURS = new Set(['red', 'green']);

export function isColour(name: string): boolean {
  return COLOURS.has(name);
}
