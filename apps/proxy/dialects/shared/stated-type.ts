/**
 * What a part of a body says that it is. A value that is no text must not be made one: an object may have
 * a `toString` of its own, and a list of one text looks like that text.
 */
export function statedType(value: unknown): string {
  // seam: what-is-no-text-is-not-called
  return typeof value === 'string' ? value : typeof value;
}
