/** What JSON writes as it is. */
const PLAIN = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/;

/**
 * A text or null as JSON. Half of a surrogate pair is no text: a reader of the record would replace it,
 * or refuse it.
 */
export function quoted(value: string | null): string {
  if (value === null) return 'null';
  return PLAIN.test(value) ? `"${value}"` : JSON.stringify(value.toWellFormed());
}
