/**
 * What of a request may change its answer, as a text that equal requests share (docs/design.md, Cache).
 * Of the top of the body neither the order of members nor the spelling of a number counts; below it
 * all counts but white space and how characters are escaped, since a model may be shown the rest as it
 * is written.
 */
import { canonicalNumber, compactJson } from '../../../relay/json-canonical.ts';
import type { Member } from '../../../relay/json-scan.ts';

/** How an answer is sent: nothing that a model reads. */
const CHAT_LEAVES_OUT = new Set(['stream', 'stream_options']);
const EMBEDDINGS_LEAVES_OUT = new Set<string>();
/** For whom. */
const END_USER = new Set(['user', 'safety_identifier']);

/** Members that make a provider keep or use what is stored there: a repetition is not the same call. */
const STORED_THERE = new Set(['store', 'previous_response_id', 'conversation']);

export const leavesOut = { chat: CHAT_LEAVES_OUT, embeddings: EMBEDDINGS_LEAVES_OUT };

/**
 * @param members at the top of the body
 * @param leftOut members that say how an answer is sent
 * @param instead of what a member says
 * @param hasEndUser members that say for whom are in it
 * @returns null: a member is there twice or in two spellings, and parsers differ on which one counts; or
 *   the answer is not the body's alone
 */
export function cacheText(
  body: Buffer,
  members: readonly Member[],
  leftOut: ReadonlySet<string>,
  hasEndUser: boolean,
  instead?: { name: string; value: string },
): string | null {
  const text = body.toString('utf8');
  // Of a text without any other character, a byte is a character: it is decoded once for all members.
  const isAscii = text.length === body.length;
  const spellings = new Set<string>();
  const parts: [name: string, value: string][] = [];
  for (const { name, start, end } of members) {
    const spelling = PLAIN_NAME.test(name) ? name : name.toUpperCase().toLowerCase();
    if (spellings.has(spelling)) return null;
    spellings.add(spelling);
    const written = isAscii ? text.slice(start, end) : body.toString('utf8', start, end);
    const value = name === instead?.name ? instead.value : compactJson(written);
    if (STORED_THERE.has(spelling) && value !== 'null' && value !== 'false') return null;
    // seam: cache-key-has-the-whole-request
    if (leftOut.has(name) || (!hasEndUser && END_USER.has(name))) continue;
    parts.push([name, canonicalNumber(value)]);
  }
  parts.sort(([a], [b]) => (a < b ? -1 : 1));
  let whole = '';
  for (const [name, value] of parts) {
    whole += `${whole === '' ? '' : ','}${JSON.stringify(name)}:${value}`;
  }
  return whole;
}

/** In one spelling only. */
const PLAIN_NAME = /^[a-z0-9_]*$/;
