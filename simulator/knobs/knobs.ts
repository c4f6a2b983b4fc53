/**
 * Steering. A call is steered by its own `metadata` (`sim_*`, text values as OpenAI has them), by
 * `x-sim-*` headers, and by the global knobs, in this order of precedence, knob by knob. Unknown
 * `sim_*` names are refused: otherwise a misspelt one would silently test nothing.
 */
import type { IncomingHttpHeaders } from 'node:http';
import { invalid } from '../http/openai-error.ts';
import { limits } from '../limits.ts';
import { type ServiceTier, serviceTiers } from '../price-table.ts';
import { type Fault, parseFault } from './fault.ts';

/** The knobs of a call; where a knob is absent, the default rule applies. */
export type Knobs = {
  readonly output_tokens?: number;
  readonly input_tokens?: number;
  readonly cached_tokens?: number;
  readonly reasoning_tokens?: number;
  readonly cache_write_tokens?: number;
  readonly cache_write_1h_tokens?: number;
  readonly tool_input_tokens?: number;
  readonly searches?: number;
  readonly service_tier?: ServiceTier;
  readonly prompt_blocked?: boolean;
  readonly latency_ms?: number;
  readonly token_pace_ms?: number;
  readonly chunk_tokens?: number;
  readonly fault?: Fault;
  readonly bill_on_fault?: boolean;
};

type Reader = (text: string) => number | boolean | Fault | ServiceTier | undefined;

const within =
  (least: number, most: number, pattern = /^\d{1,12}$/): Reader =>
  (text) => {
    const value = Number(text);
    return pattern.test(text) && value >= least && value <= most ? value : undefined;
  };
const flag: Reader = (text) => {
  if (text === '1' || text === 'true') return true;
  return text === '0' || text === 'false' ? false : undefined;
};
const decimal = /^\d{1,12}(\.\d{1,6})?$/;
const tokens = within(0, limits.steeredTokensMax);

const readers: Readonly<Record<keyof Knobs, Reader>> = {
  output_tokens: tokens,
  input_tokens: within(1, limits.steeredTokensMax),
  cached_tokens: tokens,
  reasoning_tokens: tokens,
  cache_write_tokens: tokens,
  cache_write_1h_tokens: tokens,
  tool_input_tokens: tokens,
  searches: within(0, limits.searchesMax),
  service_tier: (text) => (Object.hasOwn(serviceTiers, text) ? (text as ServiceTier) : undefined),
  prompt_blocked: flag,
  latency_ms: within(0, limits.latencyMsMax, decimal),
  token_pace_ms: within(0, limits.tokenPaceMsMax, decimal),
  chunk_tokens: within(1, limits.chunkTokensMax),
  fault: parseFault,
  bill_on_fault: flag,
};

function isKnob(name: string): name is keyof Knobs {
  return Object.hasOwn(readers, name);
}

/** Reads one knob's text into `into`; throws a 400 that names `label`. */
function read(into: Record<string, unknown>, name: string, label: string, value: unknown): void {
  if (!isKnob(name)) throw invalid(label, `Unknown simulator knob '${label}'.`, 'unknown_knob');
  const text = typeof value === 'string' ? value : undefined;
  const parsed = text === undefined ? undefined : readers[name](text);
  if (parsed === undefined) throw invalid(label, `Invalid value for simulator knob '${label}'.`);
  into[name] = parsed;
}

/** The knobs that a request itself carries: headers first, then `metadata` over them. */
export function requestKnobs(headers: IncomingHttpHeaders, metadata: unknown): Knobs {
  const knobs: Record<string, unknown> = {};
  for (const header in headers) {
    if (header.startsWith('x-sim-')) {
      read(knobs, header.slice(6).replaceAll('-', '_'), header, headers[header]);
    }
  }
  if (metadata === undefined || metadata === null) return knobs;
  if (typeof metadata !== 'object' || Array.isArray(metadata)) {
    throw invalid('metadata', "'metadata' must be an object with text values.");
  }
  for (const [key, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') {
      throw invalid(`metadata.${key}`, `'metadata.${key}' must be a string.`, 'invalid_type');
    }
    if (key.startsWith('sim_')) read(knobs, key.slice(4), key, value);
  }
  return knobs;
}

/** Global knobs may also be numbers and booleans, as JSON has them. */
export function readGlobalKnob(name: string, value: unknown): Knobs {
  const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
  const knobs: Record<string, unknown> = {};
  read(knobs, name, name, text);
  return knobs;
}

/**
 * What the usage of a dialect has no place for cannot be steered: it would be billed unseen.
 *
 * @throws ApiError
 */
export function refuseKnobs(knobs: Knobs, names: readonly (keyof Knobs)[]): void {
  const given = names.find((name) => Number(knobs[name] ?? 0) > 0);
  if (given !== undefined) throw invalid(`sim_${given}`, 'This endpoint does not state it.');
}
