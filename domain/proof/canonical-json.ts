/**
 * RFC 8785 (JCS) JSON text: the one serialization of a body whose hash somebody may hold (I4). Only
 * what our bodies use: integers, strings, booleans, null, arrays and objects. A float has no place
 * in a bill (I6), so a number that is not a safe integer is a bug here.
 */

/**
 * @param value a JSON value; members that are `undefined` are refused, not dropped
 * @throws TypeError for anything that RFC 8785 or this subset has no text for
 */
export function canonicalJson(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return stringText(value);
    case 'number':
      if (!Number.isSafeInteger(value)) throw new TypeError(`not a safe integer: ${value}`);
      return JSON.stringify(value);
    case 'boolean':
      return value ? 'true' : 'false';
    case 'object':
      return value === null ? 'null' : structureText(value);
    default:
      throw new TypeError(`no JSON text for a ${typeof value}`);
  }
}

function structureText(value: object): string {
  if (Array.isArray(value)) {
    // Array.from visits holes too, so that they are refused like any other undefined.
    return `[${Array.from(value, (item: unknown) => canonicalJson(item)).join(',')}]`;
  }
  if (Object.getPrototypeOf(value) !== Object.prototype) {
    throw new TypeError('no JSON text for an object that is not plain');
  }
  // Array.prototype.sort without a comparator orders by UTF-16 code units, as RFC 8785 §3.2.3 asks.
  const names = Object.keys(value).sort();
  const record = value as Record<string, unknown>;
  return `{${names.map((name) => `${stringText(name)}:${canonicalJson(record[name])}`).join(',')}}`;
}

/** ECMAScript's own escapes are those of RFC 8785 §3.2.2.2, lone surrogates excepted. */
function stringText(text: string): string {
  if (!text.isWellFormed()) throw new TypeError('a lone surrogate has no UTF-8 bytes');
  return JSON.stringify(text);
}
