import { exactInteger } from '@tollgate/domain/period/exact-integer.ts';

/** 64-bit integers leave the warehouse as text. @throws InexactInteger beyond 2^53 */
export function safeInteger(text: unknown): number {
  return exactInteger(String(text), 'a number of the warehouse');
}
