/** Bodies are JSON in UTF-8 of a bounded depth; anything else is refused before a handler runs. */
import { ApiProblem } from './errors.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const OPEN_OBJECT = 0x7b;
const CLOSE_ARRAY = 0x5d;
const CLOSE_OBJECT = 0x7d;

/**
 * @returns undefined for an empty body
 * @throws ApiProblem invalid_json, json_too_deep, text_not_unicode
 */
export function parseJsonBody(bytes: Buffer, depthMax: number): unknown {
  if (bytes.length === 0) return undefined;
  // Checked before parsing: a body that is deep enough breaks every recursive function after this.
  if (depthExceeds(bytes, depthMax)) throw new ApiProblem('json_too_deep');
  const text = decoded(bytes);
  // The bytes are UTF-8, so only an escape can name half of a pair.
  if (SURROGATE_ESCAPE.test(text)) {
    parsed(text, (name, value: unknown) => {
      if (!name.isWellFormed() || (typeof value === 'string' && !value.isWellFormed())) {
        throw new ApiProblem('text_not_unicode');
      }
      return value;
    });
  }
  return parsed(text);
}

const SURROGATE_ESCAPE = /\\u[dD][89a-fA-F]/;

function decoded(bytes: Buffer): string {
  try {
    return utf8.decode(bytes);
  } catch (error) {
    throw new ApiProblem('invalid_json', { cause: error });
  }
}

function parsed(text: string, look?: (name: string, value: unknown) => unknown): unknown {
  try {
    return JSON.parse(text, look);
  } catch (error) {
    if (error instanceof ApiProblem) throw error;
    throw new ApiProblem('invalid_json', { cause: error });
  }
}

function depthExceeds(bytes: Buffer, depthMax: number): boolean {
  let depth = 0;
  let inText = false;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (inText) {
      if (byte === BACKSLASH) i += 1;
      else if (byte === QUOTE) inText = false;
    } else if (byte === QUOTE) {
      inText = true;
    } else if (byte === OPEN_ARRAY || byte === OPEN_OBJECT) {
      depth += 1;
      if (depth > depthMax) return true;
    } else if (byte === CLOSE_ARRAY || byte === CLOSE_OBJECT) {
      depth -= 1;
    }
  }
  return false;
}
