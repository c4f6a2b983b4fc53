/** 64-bit integers leave the warehouse as text. @throws RangeError beyond 2^53 */
export function safeInteger(text: unknown): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${String(text)} exceeds 2^53`);
  return value;
}
