/**
 * Whether an answer of a cascade's candidate is good enough, or the next one is asked (docs/routing.md,
 * Cascade). Pure. Only what an answer shows of itself is judged: that it is wrong nobody here can know.
 */

import type { Shortfall } from '../route.ts';
import { fitsSchema } from './json-schema.ts';

/** One answer, in whatever dialect it came. */
export type Said = {
  text: string;
  /** The model says in a place of its own that it refuses. */
  refuses: boolean;
  /** `length`: it was cut off. `filter`: its provider has kept it back. */
  end: 'chosen' | 'length' | 'filter' | 'unknown';
  calls: readonly { name: string; arguments: string }[];
};

/** What was asked for. */
export type Wanted = {
  /** The text is to be JSON; of this schema, if that is not null. */
  json: { schema: unknown } | null;
  /** Schemas of what tools take, by their names; null: there are none, or too many to be read. */
  tools: ReadonlyMap<string, unknown> | null;
  /** It may be cut off where a limit said so: the next one would be too. */
  cutByLimit: boolean;
};

/** @returns null: it is good enough, as far as it shows */
export function shortfallOf(said: Said, wanted: Wanted): Shortfall | null {
  if (said.refuses || (said.calls.length === 0 && soundsLikeRefusal(said.text))) return 'refusal';
  // seam: cut-by-its-limit-is-as-asked
  if (said.end === 'length') return wanted.cutByLimit ? null : 'truncated';
  if (said.end === 'filter') return null;
  for (const call of said.calls) {
    const found = ofCall(call, wanted);
    if (found !== null) return found;
  }
  if (wanted.json === null || said.calls.length > 0) return null;
  return ofJson(said.text, wanted.json.schema);
}

function ofCall(call: { name: string; arguments: string }, { tools }: Wanted): Shortfall | null {
  if (tools === null) return null;
  if (!tools.has(call.name)) return 'failed_schema';
  // A tool that takes nothing is often called with nothing.
  return call.arguments === '' ? null : ofJson(call.arguments, tools.get(call.name));
}

function ofJson(text: string, schema: unknown): Shortfall | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'invalid_json';
  }
  return fitsSchema(value, schema) ? null : 'failed_schema';
}

/** Longer ones say more than no. */
const REFUSAL_LENGTH_MAX = 600;
const REFUSAL =
  /^\W{0,3}(?:i['’]?m (?:very |really |so )?sorry,? (?:but )?|sorry,? (?:but )?|i apologi[sz]e,? (?:but )?|unfortunately,? |as an ai(?: language model| assistant)?,? )?(?:i (?:can ?not|can['’]t|won['’]t|am unable to|am not able to|['’]m (?:unable|not able) to)|i['’]m (?:unable|not able) to) (?:help|assist|comply|fulfil|provide|do that|answer|create|generate|write|complete|discuss|engage)\b/i;

/** In English, as models write it that have no other place for it; what is not found is taken for an answer. */
function soundsLikeRefusal(text: string): boolean {
  return text.length <= REFUSAL_LENGTH_MAX && REFUSAL.test(text);
}
