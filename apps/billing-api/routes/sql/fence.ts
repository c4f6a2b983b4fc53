/**
 * Decides from the syntax tree alone whether a query may run, before anything is analysed or
 * executed. Anything that is not on a list of `allowed.ts` is refused (I10, I12).
 */
import {
  ALLOWED_FUNCTIONS,
  ALLOWED_NODES,
  ALLOWED_TYPES,
  DATABASE,
  HIGHER_ORDER,
  MEMBERSHIP,
  PUBLIC_VIEWS,
} from './allowed.ts';
import { refuse } from './refuse.ts';
import { argumentsOf, parseSyntaxTree, type SyntaxNode } from './syntax-tree.ts';

/** Nodes of a query; a query that a person wrote has a few hundred. */
const NODES_MAX = 5_000;
const VIEWS = `The tables are ${PUBLIC_VIEWS.join(', ')}; see docs/sql.md.`;
const PUBLIC_TABLES = new Set(PUBLIC_VIEWS.map((view) => `${DATABASE}.${view}`));
const FOREIGN = /^(system|information_schema|default)\./i;
const HIGHER_ORDER_LOWER = new Set([...HIGHER_ORDER].map((name) => name.toLowerCase()));
const FUNCTIONS =
  'Plain functions of numbers, text, time and arrays are, aggregates and window functions too; ' +
  'see docs/sql.md.';

/**
 * @param lines of `EXPLAIN AST`
 * @param tables the query's own common table expressions
 * @throws ApiProblem sql_refused
 */
export function checkSyntax(lines: readonly string[], tables: ReadonlySet<string>): void {
  if (lines.length > NODES_MAX) refuse('A query this large', `At most ${NODES_MAX} parts.`);
  const nodes = parseSyntaxTree(lines);
  const root = nodes?.[0];
  if (nodes === null || root?.kind !== 'SelectWithUnionQuery' || root.children.length !== 1) {
    return refuse('This statement', 'Send one SELECT, without FORMAT, SETTINGS or INTO.');
  }
  for (const node of nodes) {
    if (!ALLOWED_NODES.has(node.kind)) refuse(`\`${node.kind}\``, 'Write it as a plain SELECT.');
    if (node.kind === 'Function') checkFunction(node, tables);
    if (node.kind === 'TableIdentifier') checkTable(node.text, tables);
    if (node.kind === 'Identifier' && FOREIGN.test(node.text)) refuse(node.text, VIEWS);
  }
}

function checkFunction(node: SyntaxNode, tables: ReadonlySet<string>): void {
  const name = node.text.split(' ', 1)[0] ?? '';
  if (node.parent?.kind === 'TableExpression') refuse(`The table function ${name}`, VIEWS);
  const lowerName = name.toLowerCase();
  if (!ALLOWED_FUNCTIONS.has(lowerName)) refuse(`The function ${name}`, FUNCTIONS);
  const given = argumentsOf(node);
  if (HIGHER_ORDER_LOWER.has(lowerName) && given.length > 1 && !isLambda(given[0])) {
    // The engine would take a bare name for a function: arrayMap(file, ['/etc/passwd']).
    refuse(`The first argument of ${name}`, 'Write a lambda there: x -> x + 1.');
  }
  if (MEMBERSHIP.has(lowerName) && given[1]?.kind === 'Identifier') {
    checkTable(given[1].text, tables);
  }
  if (lowerName === 'cast') checkType(given[1]);
}

function isLambda(node: SyntaxNode | undefined): boolean {
  return node?.kind === 'Function' && /^lambda( |$)/.test(node.text);
}

function checkTable(name: string, tables: ReadonlySet<string>): void {
  if (!PUBLIC_TABLES.has(name) && !tables.has(name)) refuse(`The table ${name}`, VIEWS);
}

/** The tree holds the type as text: `'Decimal(10, 2)'`. */
function checkType(node: SyntaxNode | undefined): void {
  const text = (/^'([\s\S]*)'$/.exec(node?.text ?? '')?.[1] ?? '?').replaceAll("\\'", "'");
  const rest = text.replaceAll(/'[\w/+-]*'/g, '');
  const words = rest.match(/[A-Za-z_]\w*/g) ?? [];
  const plain = node?.kind === 'Literal' && /^[\w(), ]+$/.test(rest);
  if (plain && words.every((word) => ALLOWED_TYPES.has(word))) return;
  refuse(`The type ${text}`, 'Cast to numbers, text, dates, and arrays and maps of them.');
}
