/**
 * A query as it will be run: one SELECT in which every view is named with its database. A name that
 * is left without one is that of a common table expression, or of nothing.
 */
import { DATABASE, PUBLIC_VIEWS, REFUSED_WORDS } from './allowed.ts';
import { refuse } from './refuse.ts';
import { withPlainTimes } from './time-texts.ts';
import { isKeyword, isName, isSign, render, type Token, tokensOf } from './tokens.ts';

export type Statement = {
  text: string;
  /** What `text` was made from. */
  tokens: readonly Token[];
  /** Names of all common table expressions in it. */
  tables: ReadonlySet<string>;
};

/**
 * How many times common table expressions are pasted in, in total. If one names another twice, and
 * that one names a third twice, the number doubles at each step; and analysis has no time limit.
 */
const EXPANSIONS_MAX = 64;

/** One `name AS (SELECT …)`: the range of tokens within its brackets. */
type Definition = { name: string; start: number; end: number };

/** @throws ApiProblem sql_refused */
export function statementOf(sql: string): Statement {
  const tokens = withPlainTimes(tokensOf(sql));
  const first = tokens.find((token) => !isSign(token, '('));
  if (!(isKeyword(first, 'select') || isKeyword(first, 'with'))) {
    refuse(first?.text ?? 'An empty query', 'Send one SELECT, which may begin with WITH.');
  }
  for (const { kind, text } of tokens) {
    if (kind === 'word' && REFUSED_WORDS.has(text.toLowerCase())) {
      refuse(
        text.toUpperCase(),
        'Results are JSON, within fixed limits. Quote it if it is a name.',
      );
    }
  }
  const definitions = definitionsIn(tokens);
  const tables = new Set(definitions.map(({ name }) => name));
  if (tables.size < definitions.length) {
    refuse('One name for two common table expressions', 'Give each its own.');
  }
  checkExpansions(tokens, definitions);
  const named = tokens.flatMap((_, index) => qualified(tokens, index, definitions));
  return { text: render(named), tokens: named, tables };
}

function definitionsIn(tokens: readonly Token[]): Definition[] {
  const definitions: Definition[] = [];
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1];
    if (!isName(token) || !(isKeyword(before, 'with') || isSign(before, ','))) continue;
    if (!isKeyword(tokens[index + 1], 'as')) continue;
    const bracket = isKeyword(tokens[index + 2], 'materialized') ? index + 3 : index + 2;
    if (!isSign(tokens[bracket], '(')) continue;
    const start = bracket + 1;
    definitions.push({ name: token.text, start, end: closing(tokens, start) });
  }
  return definitions;
}

/** @returns the index of the bracket that closes the one before `start` */
function closing(tokens: readonly Token[], start: number): number {
  let depth = 1;
  for (let index = start; index < tokens.length; index++) {
    if (isSign(tokens[index], '(')) depth += 1;
    if (isSign(tokens[index], ')')) depth -= 1;
    if (depth === 0) return index;
  }
  return tokens.length;
}

/** Counts every mention, so it may count too many but never too few. */
function checkExpansions(tokens: readonly Token[], definitions: readonly Definition[]): void {
  const weights = new Map<string, number>();
  // An expression can be named only by one that ends after it.
  for (const { name, start, end } of definitions.toSorted((a, b) => a.end - b.end)) {
    weights.set(name, 1 + mentions(tokens.slice(start, end), weights));
  }
  if (mentions(tokens, weights) > EXPANSIONS_MAX) {
    const what = 'So many uses of common table expressions in one another';
    refuse(what, `At most ${EXPANSIONS_MAX} are pasted in.`);
  }
}

function mentions(tokens: readonly Token[], weights: ReadonlyMap<string, number>): number {
  return tokens.reduce((sum, token, index) => {
    const mentioned = isName(token) && !isSign(tokens[index + 1], '.');
    return sum + (mentioned ? (weights.get(token.text) ?? 0) : 0);
  }, 0);
}

/**
 * A bare view gets its database, unless the query defines a table of this name; within that table's
 * own definition the name still means the view.
 */
function qualified(
  tokens: readonly Token[],
  index: number,
  definitions: readonly Definition[],
): readonly Token[] {
  const token = tokens[index] as Token;
  const [before, after] = [tokens[index - 1], tokens[index + 1]];
  const bare = isName(token) && !isSign(before, '.') && !isSign(after, '.');
  if (!bare || isKeyword(before, 'as') || !PUBLIC_VIEWS.includes(token.text)) return [token];
  const own = definitions.find(({ name }) => name === token.text);
  if (own !== undefined && !(index >= own.start && index < own.end)) return [token];
  return [
    { kind: 'word', text: DATABASE, spaced: true },
    { kind: 'sign', text: '.', spaced: false },
    { ...token, spaced: false },
  ];
}
