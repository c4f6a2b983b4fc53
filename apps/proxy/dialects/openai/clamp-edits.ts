/**
 * How an output limit that the client set is made smaller: in the field that the provider takes, and
 * never above what the client asked for. A provider of this dialect refuses a request that has both
 * fields, so the body has as many of them afterwards as before.
 */
import type { Edit, Member } from '../../relay/json-scan.ts';
import type { ImposedLimit } from '../dialect.ts';

const FIELDS: ReadonlySet<string> = new Set([
  ...['max_tokens', 'max_completion_tokens', 'max_output_tokens'],
]);

/** @param members at the top of the body */
export function clampEdits(
  body: Buffer,
  members: readonly Member[],
  { field, tokens }: ImposedLimit,
): Edit[] {
  const set = members.filter(({ name }) => FIELDS.has(name));
  const [only] = set;
  if (set.length === 1 && only !== undefined && only.name !== field) {
    const text = `${JSON.stringify(field)}:${leastOf(body, only, tokens)}`;
    return [{ start: nameStart(body, only), end: only.end, text }];
  }
  const named = set.find(({ name }) => name === field);
  // What the field does not state, the other one did: it counts no more.
  const moves = named !== undefined && statedIn(body, named) === null;
  return set.map((member) => {
    const { start, end } = member;
    if (moves && member !== named) return { start, end, text: 'null' };
    const other = moves ? (set.find((candidate) => candidate !== named) ?? member) : member;
    return { start, end, text: String(leastOf(body, other, tokens)) };
  });
}

function leastOf(body: Buffer, member: Member, tokens: number): number {
  // seam: clamp-is-below-the-clients-limit
  return Math.min(tokens, statedIn(body, member) ?? tokens);
}

function statedIn(body: Buffer, { start, end }: Member): number | null {
  return JSON.parse(body.toString('utf8', start, end)) as number | null;
}

/** Of the member with this value: no name of a limit has a quotation mark in it. */
function nameStart(body: Buffer, { start }: Member): number {
  const end = body.lastIndexOf('"', start - 1);
  return body.lastIndexOf('"', end - 1);
}
