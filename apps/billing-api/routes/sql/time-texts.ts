/**
 * RFC 3339 texts next to a column of time, as answers show them. The engine reads them in most places, but
 * not where it looks for a range of a table's key, nor within IN (ClickHouse/ClickHouse#51678), so they
 * are written as it writes times itself. Each stays one token of text, made of digits of ours.
 */
import { instant } from '@tollgate/schemas/time/instant.ts';
import { isKeyword, isName, isSign, type Token } from './tokens.ts';

/** Columns of the views, all of them in UTC. */
const TIME_COLUMNS: ReadonlySet<string> = new Set(['time', 'recorded_at', 'appended_at', 'bucket']);

export function withPlainTimes(tokens: readonly Token[]): Token[] {
  return tokens.map((token, index) => {
    if (token.kind !== 'string' || !isComparedWithTime(tokens, index)) return token;
    const { data } = instant.safeParse(token.text.slice(1, -1));
    if (data === undefined) return token;
    return { ...token, text: `'${data.replace('T', ' ').replace(/(?:\.000)?Z$/, '')}'` };
  });
}

const isTime = (token: Token | undefined) => isName(token) && TIME_COLUMNS.has(token.text);
const isOperator = (token: Token | undefined) =>
  token?.kind === 'sign' && ['=', '<', '>', '!'].includes(token.text);

function isComparedWithTime(tokens: readonly Token[], index: number): boolean {
  return (
    isTime(tokens[subjectBefore(tokens, index)]) || isTime(tokens[subjectAfter(tokens, index)])
  );
}

/** The index of what is to the left of the operator, of BETWEEN or of IN; -1 if there is none. */
function subjectBefore(tokens: readonly Token[], index: number): number {
  let at = index - 1;
  if (isOperator(tokens[at])) {
    while (isOperator(tokens[at])) at -= 1;
    return at;
  }
  if (isKeyword(tokens[at], 'and') && tokens[at - 1]?.kind === 'string') at -= 2;
  else while (isSign(tokens[at], ',') && tokens[at - 1]?.kind === 'string') at -= 2;
  if (isSign(tokens[at], '(') && isKeyword(tokens[at - 1], 'in')) at -= 1;
  else if (!isKeyword(tokens[at], 'between')) return -1;
  return isKeyword(tokens[at - 1], 'not') ? at - 2 : at - 1;
}

/** The index of the last name to the right of the operator: `'…' <= e.time`. */
function subjectAfter(tokens: readonly Token[], index: number): number {
  let at = index + 1;
  if (!isOperator(tokens[at])) return -1;
  while (isOperator(tokens[at])) at += 1;
  while (isSign(tokens[at + 1], '.')) at += 2;
  return at;
}
