/**
 * Counts tokens when the provider states no usage; such events are marked `estimated`. The
 * tokenizer's tables are large, so they are loaded when they are first needed.
 */
import { createRequire } from 'node:module';

type Tokenizer = { countTokens(text: string, options: { disallowedSpecial: Set<string> }): number };

/** Longer texts are estimated by their bytes: tokenizing must not hold up the event loop. */
const TEXT_LENGTH_MAX = 256 * 1024;
const BYTES_PER_TOKEN = 4;

const require = createRequire(import.meta.url);
let tokenizer: Tokenizer | undefined;

/** Tokens of the text in OpenAI's o200k vocabulary; text that looks like a control token is text. */
export function estimateTokens(text: string): number {
  if (text.length > TEXT_LENGTH_MAX) return Math.ceil(Buffer.byteLength(text) / BYTES_PER_TOKEN);
  tokenizer ??= require('gpt-tokenizer/cjs/encoding/o200k_base') as Tokenizer;
  return tokenizer.countTokens(text, { disallowedSpecial: new Set() });
}
