/**
 * The members of a provider's `usage` object, by all the names that they are known to have: OpenAI's,
 * DeepSeek's, Moonshot's, Anthropic's, Gemini's. Each count goes to its slot; a member that no table
 * here has, and that is not zero, is remembered as unread: it may be billed.
 */

type Fields = Record<string, unknown>;

const SLOTS = [
  'prompt',
  /** The prompt, by the name that may leave out what was cached. */
  'input',
  'completion',
  'total',
  'cacheRead',
  /** Input that was not in the cache. */
  'miss',
  'cacheWrite',
  /** Of those, the ones for an hour, and the ones for five minutes. */
  'cacheWrite1h',
  'cacheWrite5m',
  'audioInput',
  /** What the cached tokens consist of. */
  'cachedAudio',
  'cachedText',
  /** Input that tools have added. */
  'toolUse',
  'reasoning',
  'audioOutput',
] as const;
type Slot = (typeof SLOTS)[number];

/** Counts as they are stated; null: nothing is said of it. */
export type Gathered = { [S in Slot]: number | null } & {
  /** Reasoning came under a name that is outside of the completion where no total says otherwise. */
  thoughts: boolean;
  /** Cached tokens came under names alone that are outside of the prompt at some providers. */
  cacheMayBeOutside: boolean;
  /** Two names of one count disagree. */
  contradicts: boolean;
  /** A count is none: negative, a fraction, a text, too large. */
  invalid: boolean;
  /** A member that is not understood, as a doubt that names it. */
  unread: `usage_unread.${string}` | null;
  /** The largest numbers in it, whatever they are worth. */
  claim: { prompt: number; completion: number; total: number };
};

/**
 * `within`: a count that is part of another and costs the same. `note`: says nothing of quantities.
 * A table: an object with members of its own. A set: a list by modality, and those that cost the same.
 */
type Rule = Slot | 'within' | 'note' | Table | ReadonlySet<string>;
type Table = ReadonlyMap<string, Rule>;

const table = (rules: Record<string, Rule>): Table => new Map(Object.entries(rules));

const CACHED_DETAILS = table({ text_tokens: 'cachedText', audio_tokens: 'cachedAudio' });
/** Writes for an hour cost more than those for five minutes. */
const CACHE_WRITES = table({
  ephemeral_5m_input_tokens: 'cacheWrite5m',
  ephemeral_1h_input_tokens: 'cacheWrite1h',
});

const INPUT_DETAILS = table({
  cached_tokens: 'cacheRead',
  cache_read_tokens: 'cacheRead',
  cache_write_tokens: 'cacheWrite',
  cache_creation_tokens: 'cacheWrite',
  cache_creation_input_tokens: 'cacheWrite',
  audio_tokens: 'audioInput',
  text_tokens: 'within',
  image_tokens: 'within',
  video_tokens: 'within',
  document_tokens: 'within',
  cached_tokens_details: CACHED_DETAILS,
  cache_creation_token_details: CACHE_WRITES,
});

const OUTPUT_DETAILS = table({
  reasoning_tokens: 'reasoning',
  audio_tokens: 'audioOutput',
  text_tokens: 'within',
  accepted_prediction_tokens: 'within',
  rejected_prediction_tokens: 'within',
});

const INPUT_MODALITIES: ReadonlySet<string> = new Set(['TEXT', 'IMAGE', 'VIDEO', 'DOCUMENT']);
const OUTPUT_MODALITIES: ReadonlySet<string> = new Set(['TEXT']);

const USAGE = table({
  ...{ prompt_tokens: 'prompt', input_tokens: 'input' },
  ...{ completion_tokens: 'completion', output_tokens: 'completion', total_tokens: 'total' },
  ...{ prompt_tokens_details: INPUT_DETAILS, input_tokens_details: INPUT_DETAILS },
  ...{ completion_tokens_details: OUTPUT_DETAILS, output_tokens_details: OUTPUT_DETAILS },
  reasoning_tokens: 'reasoning',
  ...{ prompt_cache_hit_tokens: 'cacheRead', prompt_cache_miss_tokens: 'miss' },
  ...{ cached_tokens: 'cacheRead', num_cached_tokens: 'cacheRead' },
  ...{ cache_read_input_tokens: 'cacheRead', cache_read_tokens: 'cacheRead' },
  ...{ cache_creation_input_tokens: 'cacheWrite', cache_creation_tokens: 'cacheWrite' },
  ...{ cache_write_input_tokens: 'cacheWrite', cache_write_tokens: 'cacheWrite' },
  ...{ cache_creation: CACHE_WRITES, cache_creation_token_details: CACHE_WRITES },
  ...{ promptTokenCount: 'prompt', prompt_token_count: 'prompt' },
  ...{ candidatesTokenCount: 'completion', candidates_token_count: 'completion' },
  ...{ totalTokenCount: 'total', total_token_count: 'total' },
  ...{ thoughtsTokenCount: 'reasoning', thoughts_token_count: 'reasoning' },
  ...{ cachedContentTokenCount: 'cacheRead', cached_content_token_count: 'cacheRead' },
  ...{ toolUsePromptTokenCount: 'toolUse', tool_use_prompt_token_count: 'toolUse' },
  ...{ promptTokensDetails: INPUT_MODALITIES, cacheTokensDetails: INPUT_MODALITIES },
  toolUsePromptTokensDetails: INPUT_MODALITIES,
  candidatesTokensDetails: OUTPUT_MODALITIES,
  ...{ trafficType: 'note', service_tier: 'note' },
});

/** Outside of the prompt in Anthropic's `usage`, inside it at gateways that have taken the names over. */
const OUTSIDE: ReadonlySet<string> = new Set([
  ...['cache_read_input_tokens', 'cache_read_tokens'],
  ...['cache_creation_input_tokens', 'cache_creation_tokens'],
  ...['cache_write_input_tokens', 'cache_write_tokens'],
]);
const THOUGHTS: ReadonlySet<string> = new Set(['thoughtsTokenCount', 'thoughts_token_count']);

/** A member with one of these words in its name says how long something took, or what it cost. */
const MEASURES: ReadonlySet<string> = new Set([
  ...['time', 'latency', 'duration', 'rate', 'cost', 'price', 'speed', 'throughput', 'per'],
  ...['ms', 'at', 'ttft', 'tps', 'sec'],
]);
/** Tiers that cost what a price list says, or less. */
const LISTED_TIERS: ReadonlySet<unknown> = new Set([
  ...['auto', 'default', 'standard', 'on_demand', 'batch', 'flex', '', null, undefined],
]);

/**
 * The most tokens that one call may be stated to have used; a larger count is a mistake, not a
 * statement.
 */
const COUNT_MAX = 1_000_000_000;
const NAME_LENGTH_MAX = 64;

/** @returns null if it states no count at all */
export function gatherUsage(usage: unknown): Gathered | null {
  if (usage === undefined || usage === null || usage === false || usage === '') return null;
  const gathered = nothingGathered();
  if (!isFields(usage)) return { ...gathered, invalid: true };
  let outsideRead = 0;
  let outsideWrite = 0;
  for (const name in usage) {
    const value = usage[name];
    gather(gathered, USAGE, usage, name, '');
    if (!isCount(value)) continue;
    if (value > 0 && OUTSIDE.has(name)) {
      if (USAGE.get(name) === 'cacheRead') outsideRead = value;
      else outsideWrite = value;
    } else if (THOUGHTS.has(name)) gathered.thoughts = true;
  }
  if (!saysCounts(gathered) && !gathered.invalid && gathered.unread === null) return null;
  if (!LISTED_TIERS.has(usage['service_tier'])) gathered.unread ??= 'usage_unread.service_tier';
  gathered.cacheMayBeOutside =
    (outsideRead > 0 && !isInside(usage, 'cacheRead')) ||
    (outsideWrite > 0 && !isInside(usage, 'cacheWrite'));
  return gathered;
}

function saysCounts(gathered: Gathered): boolean {
  if (gathered.prompt !== null || gathered.completion !== null) return true;
  return SLOTS.some((slot) => gathered[slot] !== null);
}

function nothingGathered(): Gathered {
  // One literal: this is on the path of every call.
  return {
    prompt: null,
    input: null,
    completion: null,
    total: null,
    cacheRead: null,
    miss: null,
    cacheWrite: null,
    cacheWrite1h: null,
    cacheWrite5m: null,
    audioInput: null,
    cachedAudio: null,
    cachedText: null,
    toolUse: null,
    reasoning: null,
    audioOutput: null,
    thoughts: false,
    cacheMayBeOutside: false,
    contradicts: false,
    invalid: false,
    unread: null,
    claim: { prompt: 0, completion: 0, total: 0 },
  };
}

/** @param within names of the objects around it, each with a dot: what a person would look for */
function gather(
  gathered: Gathered,
  rules: Table,
  fields: Fields,
  name: string,
  within: string,
): void {
  const value = fields[name];
  const rule = rules.get(name);
  if (rule === undefined) {
    if (mayBeBilled(name, value)) gathered.unread ??= unreadAt(within + name);
  } else if (rule instanceof Map) {
    gatherGroup(gathered, rule, value, `${within}${name}.`);
  } else if (rule instanceof Set) {
    if (hasOther(value, rule)) gathered.unread ??= unreadAt(within + name);
  } else if (rule === 'within') {
    if (value !== undefined && value !== null && !isCount(value)) gathered.invalid = true;
  } else if (rule !== 'note') {
    put(gathered, rule as Slot, value);
  }
}

/** Absent and null details mean that there are none of these; anything else must be an object. */
function gatherGroup(gathered: Gathered, rules: Table, value: unknown, within: string): void {
  if (value === undefined || value === null) return;
  if (!isFields(value)) {
    gathered.invalid = true;
    return;
  }
  for (const name in value) gather(gathered, rules, value, name, within);
}

function put(gathered: Gathered, slot: Slot, value: unknown): void {
  if (value === undefined || value === null) return;
  const whole = slot === 'input' ? 'prompt' : slot;
  const isWhole = whole === 'prompt' || whole === 'completion' || whole === 'total';
  if (isWhole) gathered.claim[whole] = Math.max(gathered.claim[whole], claimed(value));
  if (!isCount(value)) {
    gathered.invalid = true;
    return;
  }
  const before = gathered[slot];
  // A field that a server leaves at zero says nothing next to one that it fills.
  if (before === null || (isWhole && before === 0)) gathered[slot] = value;
  else if (before !== value && !(isWhole && value === 0)) gathered.contradicts = true;
}

/** True if a name that is always inside the prompt has it too. */
function isInside(usage: Fields, slot: 'cacheRead' | 'cacheWrite'): boolean {
  const states = (fields: unknown, rules: Table, but?: ReadonlySet<string>) =>
    isFields(fields) &&
    Object.keys(fields).some(
      (name) => rules.get(name) === slot && !but?.has(name) && claimed(fields[name]) > 0,
    );
  return (
    states(usage, USAGE, OUTSIDE) ||
    states(usage['prompt_tokens_details'], INPUT_DETAILS) ||
    states(usage['input_tokens_details'], INPUT_DETAILS)
  );
}

/** Whether a list by modality has tokens of one that may have a price of its own. */
function hasOther(list: unknown, sameCost: ReadonlySet<string>): boolean {
  if (!Array.isArray(list)) return mayBeBilled('', list);
  return list.some((entry: unknown) => {
    if (!isFields(entry)) return mayBeBilled('', entry);
    const { modality, ...counts } = entry;
    return (
      (typeof modality !== 'string' || !sameCost.has(modality.toUpperCase())) &&
      mayBeBilled('', counts)
    );
  });
}

/** Whether a member that nobody here knows may be a quantity: anything but nothing, notes and times. */
function mayBeBilled(name: string, value: unknown): boolean {
  if (name !== '' && wordsOf(name).some((word) => MEASURES.has(word))) return false;
  switch (typeof value) {
    case 'number':
      return value !== 0;
    case 'string':
      return claimed(value) !== 0 || name.includes('search');
    case 'object':
      if (value === null) return false;
      return Object.entries(value).some(([inner, part]) => mayBeBilled(inner, part));
    default:
      return false;
  }
}

function wordsOf(name: string): string[] {
  return name
    .replace(/[A-Z]/g, (letter) => `_${letter}`)
    .toLowerCase()
    .split(/[^a-z]+/);
}

/** Names of a provider's own go into events: bounded, and nothing but a name. */
function unreadAt(path: string): `usage_unread.${string}` {
  return `usage_unread.${path.replaceAll(/[^\w.]/g, '_').slice(0, NAME_LENGTH_MAX)}`;
}

/** A number that is meant, however it is written. */
function claimed(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : 0;
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= COUNT_MAX;
}

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
