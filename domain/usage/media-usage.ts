/**
 * What OpenAI's endpoints for pictures, speech and transcripts state of their usage → disjoint buckets. Their
 * counts have the names of chat's, and mean other kinds: the output of a picture is tokens of a picture,
 * that of speech tokens of audio, and a transcript may be counted in seconds.
 *
 * I8: a part that is missing where parts cost differently, a sum that does not add up, and a count that nobody
 * here knows make the whole usage unknown, never a guess.
 */
import { type KnownQuantities, noQuantities } from './quantities.ts';
import type { UsageDoubt } from './usage-reading.ts';

export type MediaUsage =
  /** No usage in it. */
  | { kind: 'nothing' }
  | { kind: 'stated'; quantities: KnownQuantities }
  | { kind: 'unclear'; doubt: UsageDoubt };

type Fields = Readonly<Record<string, unknown>>;
type Counts = Partial<Record<keyof KnownQuantities, number>>;

/** A larger count is a mistake, not a statement. */
const COUNT_MAX = 1_000_000_000;

const isCount = (value: unknown): value is number =>
  Number.isSafeInteger(value) && (value as number) >= 0 && (value as number) <= COUNT_MAX;

/** Of pictures. Output whose kinds are not told apart is a picture's: the models write no text of their own. */
export function readImageUsage(usage: unknown): MediaUsage {
  return readTokens(usage, IMAGE_DETAILS, ({ input, output, inputParts, outputParts }) => {
    const read = partsOf(input, inputParts, { text: 'inputTokens', image: 'imageInputTokens' });
    // seam: picture-tokens-are-no-text
    const written = outputParts === null ? { imageOutputTokens: output } : null;
    const said =
      written ?? partsOf(output, outputParts, { text: 'outputTokens', image: 'imageOutputTokens' });
    return read === null || said === null ? null : { ...read, ...said };
  });
}

/** Of speech: what is written is read, and what is said is tokens of audio. */
export function readSpeechUsage(usage: unknown): MediaUsage {
  return readTokens(usage, NO_DETAILS, ({ input, output }) => ({
    inputTokens: input,
    audioOutputTokens: output,
  }));
}

/** Of transcripts and translations: by tokens, or by the length of the recording. */
export function readTranscriptUsage(usage: unknown): MediaUsage {
  if (isFields(usage) && usage['type'] === 'duration') return readSeconds(usage);
  return readTokens(usage, TRANSCRIPT_DETAILS, ({ input, output, inputParts }) => {
    const read = partsOf(input, inputParts, { text: 'inputTokens', audio: 'audioInputTokens' });
    return read === null ? null : { ...read, outputTokens: output };
  });
}

/** Whole seconds, as they are billed: a fraction is the length of the recording, and no bill. */
function readSeconds({ seconds, type: _, ...rest }: Fields): MediaUsage {
  const unread = unreadIn(rest);
  if (unread !== null) return { kind: 'unclear', doubt: unread };
  // seam: seconds-are-whole
  if (!isCount(seconds)) return { kind: 'unclear', doubt: 'usage_invalid' };
  return { kind: 'stated', quantities: { ...noQuantities(), audioSeconds: seconds, requests: 1 } };
}

type Totals = {
  input: number;
  output: number;
  /** null: they are not told apart. */
  inputParts: Fields | null;
  outputParts: Fields | null;
};

type Details = { input: readonly string[]; output: readonly string[] };
const IMAGE_DETAILS: Details = {
  input: ['input_tokens_details'],
  output: ['output_tokens_details'],
};
const TRANSCRIPT_DETAILS: Details = {
  input: ['input_token_details', 'input_tokens_details'],
  output: [],
};
const NO_DETAILS: Details = { input: [], output: [] };

function readTokens(
  usage: unknown,
  details: Details,
  bucketsOf: (totals: Totals) => Counts | null,
): MediaUsage {
  if (usage === undefined || usage === null) return { kind: 'nothing' };
  if (!isFields(usage)) return { kind: 'unclear', doubt: 'usage_invalid' };
  const { input_tokens: input, output_tokens: output, total_tokens: total, ...rest } = usage;
  if (rest['type'] === 'tokens') delete rest['type'];
  const inputParts = taken(rest, details.input);
  const outputParts = taken(rest, details.output);
  const unread = unreadIn(rest);
  if (unread !== null) return { kind: 'unclear', doubt: unread };
  if (input === undefined || output === undefined) {
    return { kind: 'unclear', doubt: 'usage_incomplete' };
  }
  if (!isCount(input) || !isCount(output)) return { kind: 'unclear', doubt: 'usage_invalid' };
  if (total !== undefined && total !== null && total !== input + output) {
    return { kind: 'unclear', doubt: 'usage_contradictory' };
  }
  // Servers that bill by the piece state zeros where others have their counts.
  if (input === 0 && output === 0) return { kind: 'nothing' };
  const buckets = bucketsOf({ input, output, inputParts, outputParts });
  if (buckets === null) return { kind: 'unclear', doubt: 'usage_contradictory' };
  return { kind: 'stated', quantities: { ...noQuantities(), ...buckets, requests: 1 } };
}

/** Takes the first of these members that is there out of the others. */
function taken(rest: Record<string, unknown>, names: readonly string[]): Fields | null {
  for (const name of names) {
    const value = rest[name];
    delete rest[name];
    if (isFields(value)) return value;
  }
  return null;
}

/**
 * The kinds of a total that are stated, each in its bucket: what is left out was none of it. null: they are not
 * all of it, or there is one that is not known.
 */
function partsOf(
  total: number,
  parts: Fields | null,
  kinds: Readonly<Record<string, keyof KnownQuantities>>,
): Counts | null {
  if (parts === null) return null;
  const counts: Counts = {};
  let sum = 0;
  for (const [name, value] of Object.entries(parts)) {
    if (value === null || value === 0) continue;
    const kind = kinds[name.replace(/_tokens$/, '')];
    if (kind === undefined || !isCount(value)) return null;
    counts[kind] = value;
    sum += value;
  }
  return sum === total ? counts : null;
}

const NAME_LENGTH_MAX = 64;

/** A count whose name is not known here may be billed. */
function unreadIn(rest: Fields): UsageDoubt | null {
  for (const [name, value] of Object.entries(rest)) {
    if (saysNothing(value)) continue;
    return `usage_unread.${name.slice(0, NAME_LENGTH_MAX)}`;
  }
  return null;
}

function saysNothing(value: unknown): boolean {
  if (isFields(value)) return Object.values(value).every(saysNothing);
  return value === null || value === undefined || value === 0 || typeof value === 'string';
}

function isFields(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
