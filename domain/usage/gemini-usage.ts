/**
 * What `usageMetadata` objects of Gemini say → disjoint buckets. What was read from a cache is *within*
 * `promptTokenCount`, what tools have added is *next to* it; thoughts are next to `candidatesTokenCount`, or
 * within it, and the total tells which. A stream states running totals in each of its events: of each count
 * the largest is the total, and nothing is ever added up over events.
 *
 * I8: a count that Google leaves out is none, as long as the total agrees. What is invalid, contradictory,
 * or a count that nobody here understands, makes the whole unknown, never a guess.
 */
import { type KnownQuantities, noQuantities } from './quantities.ts';
import { isCount } from './usage-members.ts';
import type { UsageDoubt } from './usage-reading.ts';

type Fields = Readonly<Record<string, unknown>>;

const COUNTS = {
  promptTokenCount: 'prompt',
  cachedContentTokenCount: 'cached',
  toolUsePromptTokenCount: 'toolUse',
  candidatesTokenCount: 'candidates',
  // By that name in answers of Vertex's live calls.
  responseTokenCount: 'candidates',
  thoughtsTokenCount: 'thoughts',
  totalTokenCount: 'total',
} as const;
type Count = (typeof COUNTS)[keyof typeof COUNTS];

const DETAILS = {
  promptTokensDetails: 'prompt',
  cacheTokensDetails: 'cached',
  toolUsePromptTokensDetails: 'toolUse',
  candidatesTokensDetails: 'candidates',
  responseTokensDetails: 'candidates',
} as const;
type Detailed = (typeof DETAILS)[keyof typeof DETAILS];

/** Kinds of tokens that cost the same as text, in whatever direction. */
const AS_TEXT: ReadonlySet<unknown> = new Set(['TEXT', 'VIDEO', 'DOCUMENT']);
type Kinds = { text: number; image: number; audio: number };

/** What the request says of what its answer must state. */
export type GeminiAsked = {
  /** False: there is no output, as of embeddings. */
  generates: boolean;
  /** There is something to be heard in it: tokens of audio cost more, and only the details tell them. */
  sendsAudio: boolean;
  /** It may be answered with something to be heard. */
  wantsAudio: boolean;
};

export class GeminiUsage {
  readonly #asked: GeminiAsked;
  readonly #counts: { [C in Count]?: number } = {};
  readonly #kinds: { [D in Detailed]?: Kinds } = {};
  #said = false;
  #doubt: UsageDoubt | null = null;
  #tier: string | null = null;

  constructor(asked: GeminiAsked) {
    this.#asked = asked;
  }

  /** Something was said, whether or not it is understood. */
  get said(): boolean {
    return this.#said;
  }

  /** By its name; null: the one of the price list, or nothing was said. */
  get serviceTier(): string | null {
    return this.#tier;
  }

  /** It says of all that was generated what kind it is. */
  get statesKinds(): boolean {
    const { candidates = 0 } = this.#counts;
    return candidates === 0 || this.#kinds.candidates !== undefined;
  }

  /** @param usage of any shape; running totals */
  read(usage: unknown): void {
    if (usage === undefined || usage === null) return;
    if (typeof usage !== 'object' || Array.isArray(usage)) return void this.#invalid();
    for (const [name, value] of Object.entries(usage as Fields)) {
      if (value === null || value === undefined) continue;
      if (Object.hasOwn(COUNTS, name)) this.#count(COUNTS[name as keyof typeof COUNTS], value);
      else if (Object.hasOwn(DETAILS, name)) this.#detail(name as keyof typeof DETAILS, value);
      else if (name === 'trafficType' || name === 'serviceTier') this.#readTier(value);
      else if (maySayCounts(value)) this.#unread(name);
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

  #count(name: Count, value: unknown): void {
    if (!isCount(value)) return this.#invalid();
    this.#said = true;
    // seam: gemini-running-totals-are-not-added
    this.#counts[name] = Math.max(this.#counts[name] ?? 0, value);
  }

  #detail(name: keyof typeof DETAILS, value: unknown): void {
    if (!Array.isArray(value)) return this.#unread(name);
    const kinds: Kinds = { text: 0, image: 0, audio: 0 };
    for (const entry of value as unknown[]) {
      if (typeof entry !== 'object' || entry === null) return this.#unread(name);
      // Google leaves out what is zero.
      const { modality, tokenCount = 0 } = entry as Fields;
      if (!isCount(tokenCount)) return this.#invalid();
      if (tokenCount === 0 || AS_TEXT.has(modality)) kinds.text += tokenCount;
      else if (modality === 'IMAGE') kinds.image += tokenCount;
      else if (modality === 'AUDIO') kinds.audio += tokenCount;
      else return this.#unread(name);
    }
    const of = DETAILS[name];
    const before = this.#kinds[of];
    this.#kinds[of] = {
      text: Math.max(kinds.text, before?.text ?? 0),
      image: Math.max(kinds.image, before?.image ?? 0),
      audio: Math.max(kinds.audio, before?.audio ?? 0),
    };
  }

  #readTier(value: unknown): void {
    if (typeof value !== 'string') return this.#unread('serviceTier');
    const name = value.toLowerCase().replace(/^(?:service_tier|traffic_type)_/, '');
    if (name === 'unspecified' || name === 'on_demand' || name === 'standard') return;
    this.#tier = name.replace(/^on_demand_/, '');
  }

  #invalid(): void {
    this.#doubt ??= 'usage_invalid';
  }

  #unread(name: string): void {
    this.#doubt ??= `usage_unread.${name.slice(0, NAME_LENGTH_MAX)}`;
  }

  #totals(): KnownQuantities | UsageDoubt {
    const input = this.#input();
    if (typeof input === 'string') return input;
    const output = this.#output(input.whole);
    if (typeof output === 'string') return output;
    const { inputTokens, imageInputTokens, audioInputTokens, cacheReadTokens } = input;
    return {
      ...noQuantities(),
      ...{ inputTokens, imageInputTokens, audioInputTokens, cacheReadTokens },
      ...output,
      requests: 1,
    };
  }

  /** `whole`: what all of it comes to in the total. */
  #input() {
    const { prompt, cached = 0, toolUse = 0 } = this.#counts;
    if (prompt === undefined) return 'usage_incomplete';
    const { prompt: kinds, cached: cachedKinds, toolUse: toolKinds } = this.#kinds;
    if (kinds === undefined && this.#asked.sendsAudio) return 'usage_incomplete';
    // What is read from a cache, or added by a tool, has no price of its own by its kind.
    if ((cachedKinds?.audio ?? 0) > 0) return 'usage_unread.cacheTokensDetails';
    if ((toolKinds?.audio ?? 0) + (toolKinds?.image ?? 0) > 0) {
      return 'usage_unread.toolUsePromptTokensDetails';
    }
    const audio = kinds?.audio ?? 0;
    const images = kinds?.image ?? 0;
    // Only their own details say what kind the cached tokens are of.
    if (audio + images > 0 && cached > 0 && cachedKinds === undefined) return 'usage_incomplete';
    const imageInputTokens = images - (cachedKinds?.image ?? 0);
    const inputTokens = prompt - cached - audio - imageInputTokens + toolUse;
    if (imageInputTokens < 0 || inputTokens < toolUse) return 'usage_contradictory';
    return {
      ...{ inputTokens, imageInputTokens, audioInputTokens: audio, cacheReadTokens: cached },
      whole: prompt + toolUse,
    };
  }

  #output(input: number) {
    const { candidates, thoughts = 0 } = this.#counts;
    const kinds = this.#kinds.candidates;
    const whole = this.#generated(input);
    if (typeof whole === 'string') return whole;
    if (whole > 0 && !this.#asked.generates) return 'usage_contradictory';
    if (kinds === undefined && whole > 0 && this.#asked.wantsAudio) return 'usage_incomplete';
    const { audio = 0, image = 0 } = kinds ?? {};
    // Details of more than was generated are of something else.
    if (audio + image > (candidates ?? 0)) return 'usage_contradictory';
    const outputTokens = whole - thoughts - audio - image;
    if (outputTokens < 0) return 'usage_contradictory';
    return {
      ...{ outputTokens, reasoningTokens: thoughts },
      ...{ audioOutputTokens: audio, imageOutputTokens: image },
    };
  }

  /** All that was generated, thoughts among it: they are within the candidates if the total says so. */
  #generated(input: number): number | UsageDoubt {
    const { candidates, thoughts = 0, total } = this.#counts;
    if (total === undefined) {
      if (!this.#asked.generates) return 0;
      return candidates === undefined ? 'usage_incomplete' : candidates + thoughts;
    }
    const rest = total - input;
    if (rest < 0) return 'usage_contradictory';
    if (candidates === undefined) return rest < thoughts ? 'usage_contradictory' : rest;
    // seam: total-tells-where-thoughts-are
    return rest === candidates + thoughts || rest === candidates ? rest : 'usage_contradictory';
  }
}

const NAME_LENGTH_MAX = 64;

/** A member that nobody here knows: a number that is not 0, or something that may hold one. */
function maySayCounts(value: unknown): boolean {
  if (typeof value === 'number') return value !== 0;
  if (typeof value !== 'object' || value === null) return false;
  return Object.values(value).some(maySayCounts);
}
