/** What an event of a stream says, if it is a JSON object. */
import { CLOSE_BRACE, OPEN_BRACE } from '../../relay/json-codes.ts';
import { hasMoreValues, JsonReader } from '../../relay/json-text.ts';

/** Data that looks like an object and is none is parsed so often, since each time costs ten events. */
const MISSES_MAX = 100;
const SPACE = 32;

export class EventJson {
  readonly #valuesMax: number;
  readonly #json = new JsonReader();
  #misses = 0;

  /** @param valuesMax an event with more of them is not read */
  constructor(valuesMax: number) {
    this.#valuesMax = valuesMax;
  }

  /** @returns null if it is no object: it is relayed as it is, and what it said is unknown */
  parse(data: string): Record<string, unknown> | null {
    if (this.#misses === MISSES_MAX || !mayBeObject(data)) return null;
    if (hasMoreValues(data, this.#valuesMax)) return null;
    try {
      const parsed = this.#json.parse(data);
      return typeof parsed === 'object' && parsed !== null
        ? (parsed as Record<string, unknown>)
        : null;
    } catch {
      this.#misses++;
      return null;
    }
  }
}

/** A failed parse costs more than a whole chunk, and some servers send lines of text, or of an object. */
function mayBeObject(data: string): boolean {
  const first = data.charCodeAt(0);
  const last = data.charCodeAt(data.length - 1);
  return (first === OPEN_BRACE || first <= SPACE) && (last === CLOSE_BRACE || last <= SPACE);
}
