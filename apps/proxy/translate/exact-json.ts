/**
 * JSON whose numbers come out as they went in: the inputs of tools have ids of more digits than a number of
 * JavaScript holds.
 */

/** @throws SyntaxError */
export function exactJson(text: string): unknown {
  return LONG_NUMBER.test(text) ? JSON.parse(text, keepLong) : JSON.parse(text);
}

/** Sixteen digits in a row, wherever they are. */
const LONG_NUMBER = /[0-9]{16}/;

function keepLong(_name: string, value: unknown, context?: { source?: string }): unknown {
  const source = context?.source;
  if (typeof value !== 'number' || source === undefined) return value;
  if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value;
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(source);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** @returns null if it is no JSON object; an empty text is an empty object */
export function objectOf(text: string): Readonly<Record<string, unknown>> | null {
  if (text.trim() === '') return {};
  try {
    const value = exactJson(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
