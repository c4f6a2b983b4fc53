/**
 * An upper bound of a text's tokens by a provider's own tokenizer: exact, but for long runs that cannot
 * be cut, which count by their bytes. An estimate (`tokenizer.ts`) may be below the truth, this may not.
 *
 * BPE knows no order between a text and its parts: cut inside of a word, the parts can have fewer tokens
 * than the whole. So a text is cut only where the tokenizer's own pattern always begins a new match.
 */
import { createRequire } from 'node:module';

/** Vocabularies that are known here. */
export type Encoding = 'o200k_base' | 'cl100k_base';

type Tokenizer = { countTokens(text: string, options: { disallowedSpecial: Set<string> }): number };

/**
 * The time of one count grows with the square of a run without spaces (Conway-Research/automaton#332,
 * EKKOLearnAI/hermes-studio#1640): 512 characters without any take 0.7 ms.
 */
const PIECE_LENGTH_MAX = 512;

const PATHS: Readonly<Record<Encoding, string>> = {
  o200k_base: 'gpt-tokenizer/cjs/encoding/o200k_base',
  cl100k_base: 'gpt-tokenizer/cjs/encoding/cl100k_base',
};

/** What looks like a control token is text: as a control token it would be one. */
const AS_TEXT = { disallowedSpecial: new Set<string>() };
const require = createRequire(import.meta.url);
const loaded = new Map<Encoding, Tokenizer>();

function tokenizerOf(encoding: Encoding): Tokenizer {
  let tokenizer = loaded.get(encoding);
  if (tokenizer === undefined) {
    tokenizer = require(PATHS[encoding]) as Tokenizer;
    loaded.set(encoding, tokenizer);
  }
  return tokenizer;
}

/** The most tokens that the text has. Its first call of an encoding loads a table, 0.25 s. */
export function tokenBound(text: string, encoding: Encoding): number {
  const tokenizer = tokenizerOf(encoding);
  let tokens = 0;
  for (let from = 0; from < text.length; ) {
    const end = pieceEnd(text, from);
    const piece = text.slice(from, end);
    const isLong = piece.length > PIECE_LENGTH_MAX;
    tokens += isLong ? Buffer.byteLength(piece) : tokenizer.countTokens(piece, AS_TEXT);
    from = end;
  }
  return tokens;
}

/** The last place to cut within the length, or else the next one after it. */
function pieceEnd(text: string, from: number): number {
  const longest = from + PIECE_LENGTH_MAX;
  if (longest >= text.length) return text.length;
  for (let at = longest; at > from; at--) if (mayCut(text, at)) return at;
  for (let at = longest + 1; at < text.length; at++) if (mayCut(text, at)) return at;
  return text.length;
}

const WORD = /[\p{L}\p{N}]/u;
const BETWEEN = /[\p{P}\p{Z}\p{S}\s]/u;

/**
 * Between a letter or digit and what is none: a word ends there in both vocabularies, unless an
 * apostrophe goes on with it. Half of a surrogate pair is neither.
 */
function mayCut(text: string, at: number): boolean {
  const next = text.charAt(at);
  return next !== "'" && BETWEEN.test(next) && WORD.test(text.charAt(at - 1));
}
