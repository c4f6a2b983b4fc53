/**
 * What `usage` objects of Anthropic's Messages API say → disjoint buckets. Tokens that were read from a
 * cache or written to one are *next to* `input_tokens`; thinking is *within* `output_tokens`. A stream states
 * running totals, at its start and again at its end: of each count the largest is the total, and nothing is
 * ever added up over events. Only runs of the model within one answer (`iterations`: a compaction, then the
 * message) are added up, since the counts next to them are those of the last run.
 *
 * I8: an explicit zero stays zero and replaces nothing. What is invalid, contradictory, or a count that
 * nobody here understands, makes the whole unknown, never a guess.
 */
import { type KnownQuantities, noQuantities } from './quantities.ts';
import { isCount } from './usage-members.ts';
import type { UsageDoubt } from './usage-reading.ts';

type Fields = Readonly<Record<string, unknown>>;

const COUNTS = {
  input_tokens: 'input',
  output_tokens: 'output',
  cache_read_input_tokens: 'cacheRead',
  cache_creation_input_tokens: 'cacheWrite',
} as const;
const WRITES = {
  ephemeral_5m_input_tokens: 'write5m',
  ephemeral_1h_input_tokens: 'write1h',
} as const;
const SERVER_TOOLS = { web_search_requests: 'searches', web_fetch_requests: 'fetches' } as const;

type Count =
  | (typeof COUNTS)[keyof typeof COUNTS]
  | (typeof WRITES)[keyof typeof WRITES]
  | (typeof SERVER_TOOLS)[keyof typeof SERVER_TOOLS];

/** As far as they are stated. */
type Counts = { [C in Count]?: number };

/** Runs of the model that one answer may consist of. */
const RUNS: ReadonlySet<unknown> = new Set(['message', 'compaction']);
/** Where a call is computed, and how fast, at list prices. */
const USUAL_GEO: ReadonlySet<unknown> = new Set(['global', 'not_available']);
const USUAL_SPEED: ReadonlySet<unknown> = new Set(['standard']);
/** Parts of counts that are stated next to them. */
const WITHIN: ReadonlySet<string> = new Set(['output_tokens_details', 'input_tokens_details']);

export class AnthropicUsage {
  #counts: Counts = {};
  #runs: readonly Counts[] = [];
  #said = false;
  #doubt: UsageDoubt | null = null;
  #serviceTier: string | null = null;
  readonly #asksForHours: boolean;

  /** @param asksForHours the request asks for cache entries of an hour, which cost more than others */
  constructor(asksForHours = false) {
    this.#asksForHours = asksForHours;
  }

  /** Something was said, whether or not it is understood. */
  get said(): boolean {
    return this.#said;
  }

  /** The tier of service that the call had, by its name. */
  get serviceTier(): string | null {
    return this.#serviceTier;
  }

  /** @param usage of any shape; running totals */
  read(usage: unknown): void {
    if (typeof usage !== 'object' || usage === null || Array.isArray(usage)) return;
    const counts = this.#gather(usage as Fields);
    for (const name in counts) {
      const count = name as Count;
      // seam: running-totals-are-not-added
      this.#counts[count] = Math.max(this.#counts[count] ?? 0, counts[count] as number);
      this.#said = true;
    }
  }

  /** Why what was said is not taken; null: it is taken, or nothing was said. */
  get doubt(): UsageDoubt | null {
    if (this.#doubt !== null) return this.#doubt;
    const totals = this.#said ? this.#totals() : null;
    return typeof totals === 'string' ? totals : null;
  }

  /** Null: nothing was said, or not all of it is understood. */
  get quantities(): KnownQuantities | null {
    if (!this.#said || this.#doubt !== null) return null;
    const totals = this.#totals();
    return typeof totals === 'string' ? null : totals;
  }

  #gather(usage: Fields): Counts {
    const counts: Counts = {};
    for (const name in usage) {
      const value = usage[name];
      if (value === null || value === undefined) continue;
      // seam: counts-are-known-by-own-names
      if (Object.hasOwn(COUNTS, name))
        this.#count(counts, COUNTS[name as keyof typeof COUNTS], value);
      else if (name === 'cache_creation') this.#countAll(counts, WRITES, value, name);
      else if (name === 'server_tool_use') this.#countAll(counts, SERVER_TOOLS, value, name);
      else this.#note(name, value);
    }
    return counts;
  }

  #note(name: string, value: unknown): void {
    if (name === 'iterations') this.#readRuns(value);
    else if (name === 'service_tier') this.#readTier(value);
    else if (name === 'inference_geo') this.#unlessUsual(USUAL_GEO, name, value);
    else if (name === 'speed') this.#unlessUsual(USUAL_SPEED, name, value);
    else if (!WITHIN.has(name) && maySayCounts(value)) this.#unread(name);
  }

  #readTier(value: unknown): void {
    if (typeof value === 'string') this.#serviceTier = value;
    else this.#unread('service_tier');
  }

  #countAll(counts: Counts, names: Readonly<Record<string, Count>>, value: unknown, of: string) {
    if (typeof value !== 'object') return this.#unread(of);
    for (const [name, part] of Object.entries(value as Fields)) {
      const count = Object.hasOwn(names, name) ? names[name] : undefined;
      if (part === null) continue;
      if (count !== undefined) this.#count(counts, count, part);
      else if (maySayCounts(part)) this.#unread(name);
    }
  }

  #count(counts: Counts, name: Count, value: unknown): void {
    if (isCount(value)) counts[name] = value;
    else this.#doubt ??= 'usage_invalid';
  }

  #unlessUsual(usual: ReadonlySet<unknown>, name: string, value: unknown): void {
    if (!usual.has(value)) this.#unread(name);
  }

  #unread(name: string): void {
    this.#doubt ??= `usage_unread.${name}`;
  }

  /** The list grows as the answer goes on. */
  #readRuns(value: unknown): void {
    if (!Array.isArray(value)) return this.#unread('iterations');
    if (value.length < this.#runs.length) return;
    this.#runs = (value as unknown[]).flatMap((run) => {
      if (typeof run !== 'object' || run === null) return [];
      const { type, model, ...usage } = run as Fields;
      // Another model has another price, and one event has one.
      // seam: runs-of-other-models-are-not-priced
      if (!RUNS.has(type) || (model !== undefined && model !== null)) this.#unread('iterations');
      return [this.#gather(usage)];
    });
  }

  #totals(): KnownQuantities | UsageDoubt {
    const counts = this.#runs.length === 0 ? this.#counts : this.#ofRuns();
    if (typeof counts === 'string') return counts;
    const { input, output, cacheRead = 0, searches = 0 } = counts;
    if (input === undefined || output === undefined) return 'usage_incomplete';
    const writes = writesOf(counts, this.#asksForHours);
    if (typeof writes === 'string') return writes;
    return {
      ...noQuantities(),
      inputTokens: input,
      cacheReadTokens: cacheRead,
      cacheWriteTokens: writes.short,
      cacheWrite1hTokens: writes.long,
      outputTokens: output,
      searches,
      requests: 1,
    };
  }

  /** The counts next to the list are those of its last run, or less. */
  #ofRuns(): Counts | UsageDoubt {
    const sum: Counts = {};
    for (const run of this.#runs) {
      for (const name in run) {
        sum[name as Count] = (sum[name as Count] ?? 0) + (run[name as Count] as number);
      }
    }
    for (const name in this.#counts) {
      const count = name as Count;
      if (count === 'searches' || count === 'fetches') sum[count] ??= this.#counts[count] as number;
      if ((sum[count] ?? 0) < (this.#counts[count] as number)) return 'usage_contradictory';
    }
    return sum;
  }
}

/** By how long the entries live. */
function writesOf(
  { cacheWrite, write5m, write1h }: Counts,
  asksForHours: boolean,
): { short: number; long: number } | UsageDoubt {
  if (write5m === undefined && write1h === undefined) {
    const short = cacheWrite ?? 0;
    return short > 0 && asksForHours ? 'usage_incomplete' : { short, long: 0 };
  }
  const [short, long] = [write5m ?? 0, write1h ?? 0];
  const isWhole = cacheWrite === undefined || cacheWrite === short + long;
  return isWhole ? { short, long } : 'usage_contradictory';
}

/** A member that nobody here knows: a number that is not 0, or something that may hold one. */
function maySayCounts(value: unknown): boolean {
  if (typeof value === 'number') return value !== 0;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(maySayCounts);
}
