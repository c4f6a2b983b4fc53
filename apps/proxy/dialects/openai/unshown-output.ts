/**
 * How many tokens an answer can have been billed for, when its provider does not say: a token has at
 * least one byte of text. That is proven only of an answer that shows all that was generated, to a
 * request that asks for nothing else (docs/design.md, Settle).
 */
import { scanJson } from '../../relay/json-scan.ts';
import type { AnswerLimits } from '../dialect.ts';
import type { Asked } from './asked.ts';
import type { WrittenOutput } from './written-output.ts';

/**
 * Members of a chat request that let a model generate nothing but one answer and its calls of tools. Any
 * other may ask for reasoning, for candidates that are dropped, or for nobody knows what.
 */
const PLAIN_FIELDS: ReadonlySet<string> = new Set([
  ...['model', 'messages', 'stream', 'stream_options', 'user', 'metadata', 'store'],
  ...['max_tokens', 'max_completion_tokens', 'n', 'stop', 'seed', 'service_tier'],
  ...['temperature', 'top_p', 'top_k', 'min_p', 'frequency_penalty', 'presence_penalty'],
  ...['repetition_penalty', 'logit_bias', 'logprobs', 'top_logprobs', 'response_format'],
  ...['tools', 'tool_choice', 'parallel_tool_calls', 'safety_identifier', 'prompt_cache_key'],
]);

/**
 * The tokens that a whole answer may leave out of its text, because of what this request asks for.
 *
 * @param body a chat request
 * @returns the bytes of the longest stop sequence: the model wrote it, and the answer ends before it;
 *   null: more than that may be generated and not shown
 */
export function unshownOfChat(body: Buffer): number | null {
  const text = body.toString();
  const seen = new Set<string>();
  let unshown: number | null = 0;
  for (const { name, start, end } of scanJson(body, text).members) {
    const value = body.toString('utf8', start, end);
    // Of two members of a name, a server may take either.
    if (seen.has(name)) return null;
    seen.add(name);
    if (value === 'null') continue;
    if (!PLAIN_FIELDS.has(name) || (name === 'n' && value !== '1')) return null;
    if (name === 'stop') unshown = longest(JSON.parse(value));
  }
  return unshown;
}

/** In bytes; null if it is no list of texts. */
function longest(stop: unknown): number | null {
  let most = 0;
  for (const sequence of Array.isArray(stop) ? (stop as unknown[]) : [stop]) {
    if (typeof sequence !== 'string') return null;
    most = Math.max(most, Buffer.byteLength(sequence));
  }
  return most;
}

/**
 * The most tokens that were generated, by a model that hides none.
 *
 * @returns null: no such figure is proven
 */
export function outputTokensMax(
  written: WrittenOutput,
  asked: Asked,
  limits: Pick<AnswerLimits, 'structureTokensPerAnswer' | 'structureTokensPerToolCall'>,
): number | null {
  const { shown } = written;
  const unshown = shown === null ? null : asked.unshownTokensMax();
  if (shown === null || unshown === null) return null;
  const ofCalls = shown.calls * limits.structureTokensPerToolCall;
  return shown.bytes + unshown + ofCalls + limits.structureTokensPerAnswer;
}
