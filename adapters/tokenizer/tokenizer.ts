/**
 * Counts tokens when the provider states no usage; such events are marked `estimated`. The
 * tokenizer's tables are large (0.25 s, 70 MiB), so they are loaded when they are first needed. A process
 * that serves calls counts in a thread (`token-counter.ts`).
 */
import { createRequire } from 'node:module';

type Tokenizer = { countTokens(text: string, options: { disallowedSpecial: Set<string> }): number };

/** Longer texts are estimated by their bytes: tokenizing must not block the event loop. */
const TEXT_LENGTH_MAX = 64 * 1024;
const BYTES_PER_TOKEN = 4;
/**
 * The tokenizer's time grows with the square of a run without spaces (60,000 characters: 9 s), so a
 * text is counted in pieces that end at a space where there is one. The longest text took 17 ms.
 */
const PIECE_LENGTH_MAX = 512;
const PIECE_LENGTH_MIN = 256;

const require = createRequire(import.meta.url);
let tokenizer: Tokenizer | undefined;

/** Of so long a text the bytes are counted. */
export function isTooLong(text: string): boolean {
  return text.length > TEXT_LENGTH_MAX;
}

/** Tokens of a text by its bytes alone. */
export function approximateTokens(text: string): number {
  return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
}

/** Tokens of the text in OpenAI's o200k vocabulary; text that looks like a control token is text. */
export function estimateTokens(text: string): number {
  if (isTooLong(text)) return approximateTokens(text);
  tokenizer ??= require('gpt-tokenizer/cjs/encoding/o200k_base') as Tokenizer;
  let tokens = 0;
  for (let from = 0; from < text.length; ) {
    const end = pieceEnd(text, from);
    tokens += tokenizer.countTokens(text.slice(from, end), { disallowedSpecial: new Set() });
    from = end;
  }
  return tokens;
}

/** A token begins with its space, so a piece ends before one. */
function pieceEnd(text: string, from: number): number {
  const end = from + PIECE_LENGTH_MAX;
  if (end >= text.length) return text.length;
  const space = text.lastIndexOf(' ', end);
  return space >= from + PIECE_LENGTH_MIN ? space : end;
}
