/**
 * Whether a candidate can do what a request asks for (docs/design.md, Route). What nobody knows of a
 * candidate it cannot do: a route must not find out at the client's expense.
 */
import { type CompiledPrice, highestUpTo, isPriced } from '../pricing/compile.ts';
import type { Capability } from './route.ts';

/** What a request needs of the model that serves it. */
export type Needs = {
  /** The most that its input can be. */
  inputTokensMax: number;
  /** Of one answer; null: it asks for no length. */
  outputTokens: number | null;
  capabilities: readonly Capability[];
  /** Pico-dollars per million tokens; null: any. */
  maxPrice: { input: bigint | null; output: bigint | null } | null;
  regions: readonly string[] | null;
};

/** What is known of a candidate; null: nobody knows. */
export type CandidateFacts = {
  contextWindow: number | null;
  maxOutputTokens: number | null;
  supports: readonly Capability[] | null;
  region: string | null;
  price: CompiledPrice | null;
};

/** Why a candidate is left out. */
export type Lack = {
  what: Capability | 'context_window' | 'max_output_tokens' | 'region' | 'max_price' | 'price';
  needed: string;
  /** Null: nobody knows. */
  known: string | null;
  /** False: it has no room for the most that the input can be, and may have room for what it is. */
  isSure: boolean;
};

/** No vocabulary has a longer token, bytes; `inputTokensMax` counts a token for each byte. */
const TOKEN_BYTES_MAX = 128;

/** @returns empty: it can do the job */
export function lacks(needs: Needs, facts: CandidateFacts): Lack[] {
  const found: Lack[] = [];
  const lack = (what: Lack['what'], needed: unknown, known: unknown, isSure = true) => {
    const text = known === null ? null : String(known);
    found.push({ what, needed: String(needed), known: text, isSure });
  };
  const { inputTokensMax, outputTokens, regions, maxPrice } = needs;
  const { contextWindow, maxOutputTokens, supports, region, price } = facts;
  const written = outputTokens ?? 1;
  const room = inputTokensMax + written;
  // seam: candidate-has-room
  if (contextWindow === null || contextWindow < room) {
    const least = Math.ceil(inputTokensMax / TOKEN_BYTES_MAX) + written;
    lack('context_window', room, contextWindow, contextWindow === null || contextWindow < least);
  }
  if (outputTokens !== null && (maxOutputTokens ?? -1) < outputTokens) {
    lack('max_output_tokens', outputTokens, maxOutputTokens);
  }
  for (const capability of needs.capabilities) {
    // seam: unknown-is-unable
    if (supports?.includes(capability) !== true) lack(capability, true, supports && false);
  }
  if (regions !== null && (region === null || !regions.includes(region))) {
    lack('region', regions.join(', '), region);
  }
  if (maxPrice === null) return found;
  if (price === null) {
    lack('price', 'known', null);
    return found;
  }
  const [input, output] = ratesOf(price, inputTokensMax);
  if (maxPrice.input !== null && input > maxPrice.input) lack('max_price', maxPrice.input, input);
  if (maxPrice.output !== null && (output === null || output > maxPrice.output)) {
    lack('max_price', maxPrice.output, output);
  }
  return found;
}

/** The highest that a request of so much input may be charged, pico-dollars per million. */
function ratesOf(price: CompiledPrice, inputTokensMax: number): [bigint, bigint | null] {
  const input = highestUpTo(price.input, inputTokensMax);
  const output = isPriced(price, 'output') ? highestUpTo(price.output, inputTokensMax) : null;
  return [input, output];
}
