/**
 * The knobs that apply to every call until they are reset: the knobs of a call, and how often a
 * fault strikes. The draw for call number n depends only on the seed and on n.
 */
import { invalid } from '../http/openai-error.ts';
import { type Knobs, readGlobalKnob } from './knobs.ts';

type FaultDraw = {
  /** Share of the calls that the fault strikes, 0 to 1. */
  readonly rate: number;
  readonly seed: number;
  /** How many more calls it may strike; null is no bound. */
  readonly left: number | null;
};

const everyCall: FaultDraw = { rate: 1, seed: 1, left: null };

export class GlobalKnobs {
  #raw: Record<string, unknown> = {};
  #knobs: Knobs = {};
  #draw: FaultDraw = everyCall;
  #random = randomSequence(everyCall.seed);

  /** Merges `body` into what is set; refuses all of it when one member is wrong. */
  merge(body: unknown): void {
    if (typeof body !== 'object' || body === null || Array.isArray(body)) {
      throw invalid('body', 'The knobs are a JSON object.', 'invalid_type');
    }
    let knobs = this.#knobs;
    let draw = this.#draw;
    for (const [name, value] of Object.entries(body)) {
      if (name === 'fault_rate') draw = { ...draw, rate: numberIn(name, value, 1) };
      else if (name === 'seed') draw = { ...draw, seed: wholeIn(name, value) };
      else if (name === 'fault_count') draw = { ...draw, left: wholeIn(name, value) };
      else knobs = { ...knobs, ...readGlobalKnob(name, value) };
    }
    if (Object.hasOwn(body, 'seed')) this.#random = randomSequence(draw.seed);
    this.#raw = { ...this.#raw, ...body };
    this.#knobs = knobs;
    this.#draw = draw;
  }

  reset(): void {
    this.#raw = {};
    this.#knobs = {};
    this.#draw = everyCall;
    this.#random = randomSequence(everyCall.seed);
  }

  /** What was set, as it was written; `fault_count` is the remaining count. */
  view(): Record<string, unknown> {
    const { left } = this.#draw;
    return left === null ? this.#raw : { ...this.#raw, fault_count: left };
  }

  /** The knobs of the next call; a global fault is drawn unless the call brings its own. */
  for(request: Knobs): Knobs {
    if (this.#knobs.fault === undefined) return { ...this.#knobs, ...request };
    const { fault, ...others } = this.#knobs;
    const strikes = request.fault === undefined && this.#strikes();
    return strikes ? { ...others, fault, ...request } : { ...others, ...request };
  }

  #strikes(): boolean {
    const { rate, left } = this.#draw;
    if (this.#random() >= rate || left === 0) return false;
    if (left !== null) this.#draw = { ...this.#draw, left: left - 1 };
    return true;
  }
}

function numberIn(name: string, value: unknown, most: number): number {
  if (typeof value === 'number' && value >= 0 && value <= most) return value;
  throw invalid(name, `'${name}' must be a number from 0 to ${most}.`);
}

function wholeIn(name: string, value: unknown): number {
  const number = numberIn(name, value, 2 ** 32 - 1);
  if (Number.isInteger(number)) return number;
  throw invalid(name, `'${name}' must be a whole number.`);
}

/** Mulberry32 (public domain, Tommy Ettinger): small, seeded, good enough to draw faults. */
function randomSequence(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
