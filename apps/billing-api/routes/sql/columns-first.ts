/**
 * `SELECT sum(cost) AS cost … WHERE cost > 0`: the engine reads `cost` as the alias everywhere, so that an
 * aggregate is within an aggregate, and refuses it (ClickHouse/ClickHouse#62582). The SQL standard means
 * the column, except in ORDER BY. A query that was refused for this is read in that way: the engine is
 * told to prefer columns, and in ORDER BY and HAVING an alias is written out here. A query that the engine
 * takes as it is never gets here, so none that works changes its meaning.
 *
 * What comes out is text like any other: it passes the fence again before it runs.
 */
import { isKeyword, isName, isSign, render, type Token } from './tokens.ts';

/** Characters of the rewritten query: as many as of one that a client sends. */
const LENGTH_MAX = 16_384;

const CLAUSES = new Set([
  'from',
  'prewhere',
  'where',
  'group',
  'having',
  'order',
  'limit',
  'window',
]);
const WITH_ALIASES = new Set(['having', 'order']);
const NEXT_SELECT = new Set(['union', 'intersect', 'except']);

/** @returns the query with its aliases written out; null if it becomes too long */
export function withAliasesWrittenOut(tokens: readonly Token[]): string | null {
  const depths = depthsOf(tokens);
  const written: (readonly Token[])[] = tokens.map((token) => [token]);
  for (const [start, token] of tokens.entries()) {
    if (!isKeyword(token, 'select')) continue;
    const own = ownOf(tokens, depths, start);
    const aliases = aliasesOf(tokens, own);
    let clause = '';
    for (const index of own) {
      clause = clauseOf(tokens[index]) ?? clause;
      const expression = WITH_ALIASES.has(clause)
        ? aliases.get(bareName(tokens, index))
        : undefined;
      if (expression !== undefined) written[index] = expression;
    }
  }
  const text = render(written.flat());
  return text.length > LENGTH_MAX ? null : text;
}

/** How many brackets are open around each token; a bracket itself is outside of what it opens. */
function depthsOf(tokens: readonly Token[]): number[] {
  let depth = 0;
  return tokens.map((token) => {
    if (isSign(token, ')') || isSign(token, ']')) depth -= 1;
    const outside = depth;
    if (isSign(token, '(') || isSign(token, '[')) depth += 1;
    return outside;
  });
}

/** The indexes of what belongs to the SELECT at `start`, without what is in brackets. */
function ownOf(tokens: readonly Token[], depths: readonly number[], start: number): number[] {
  const depth = depths[start] ?? 0;
  const own: number[] = [];
  for (let index = start + 1; index < tokens.length; index++) {
    const at = depths[index] ?? 0;
    if (at < depth || (at === depth && wordOf(tokens[index], NEXT_SELECT) !== undefined)) break;
    if (at === depth) own.push(index);
  }
  return own;
}

/** What a SELECT calls its own: names and the expressions behind them, in brackets. */
function aliasesOf(tokens: readonly Token[], own: readonly number[]): Map<string, Token[]> {
  const aliases = new Map<string, Token[]>();
  let first = own[0] ?? 0;
  for (const [at, index] of [...own, (own.at(-1) ?? 0) + 1].entries()) {
    const isEnd = at === own.length || clauseOf(tokens[index]) !== undefined;
    if (!isEnd && !isSign(tokens[index], ',')) continue;
    const [name, expression] = itemOf(tokens.slice(first, index));
    if (name !== undefined) aliases.set(name, expression);
    if (isEnd) break;
    first = index + 1;
  }
  return aliases;
}

/** `sum(cost) AS cost`, or without AS. A subquery is not written out: it would run twice. */
function itemOf(item: readonly Token[]): [name: string | undefined, expression: Token[]] {
  const [before, name] = [item.at(-2), item.at(-1)];
  const isNamed = isName(name) && (isKeyword(before, 'as') || isSign(before, ')'));
  const given = item.slice(0, isKeyword(before, 'as') ? -2 : -1);
  const expression = isKeyword(given[0], 'distinct') ? given.slice(1) : given;
  const [first, ...others] = expression;
  const hasSelect = expression.some((token) => isKeyword(token, 'select'));
  if (!isNamed || hasSelect || first === undefined) return [undefined, []];
  return [
    name.text,
    [
      { kind: 'sign', text: '(', spaced: true },
      { ...first, spaced: false },
      ...others,
      { kind: 'sign', text: ')', spaced: false },
    ],
  ];
}

/** Empty unless it is a name without a table before it, and no call. */
function bareName(tokens: readonly Token[], index: number): string {
  const [token, before, after] = [tokens[index], tokens[index - 1], tokens[index + 1]];
  const isBare =
    isName(token) && !isSign(before, '.') && !isSign(after, '.') && !isSign(after, '(');
  return isBare ? token.text : '';
}

const clauseOf = (token: Token | undefined) => wordOf(token, CLAUSES);

function wordOf(token: Token | undefined, words: ReadonlySet<string>): string | undefined {
  const word = token?.kind === 'word' ? token.text.toLowerCase() : '';
  return words.has(word) ? word : undefined;
}
