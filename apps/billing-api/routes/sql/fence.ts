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
  NEVER_TEXT,
  ORDINARY_NAMES,
  PUBLIC_VIEWS,
  ZONE_FROM,
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

/** What the engine that will run the query knows. */
export type EngineNames = {
  /** Its functions, in lower case. */
  functions: ReadonlySet<string>;
  /** The time zones of its own list, as IANA spells them. */
  zones: ReadonlySet<string>;
};

/**
 * @param lines of `EXPLAIN AST`
 * @param tables the query's own common table expressions
 * @throws ApiProblem sql_refused
 */
export function checkSyntax(
  lines: readonly string[],
  tables: ReadonlySet<string>,
  engine: EngineNames,
): void {
  if (lines.length > NODES_MAX) refuse('A query this large', `At most ${NODES_MAX} parts.`);
  const nodes = parseSyntaxTree(lines);
  const root = nodes?.[0];
  if (nodes === null || root?.kind !== 'SelectWithUnionQuery' || root.children.length !== 1) {
    return refuse('This statement', 'Send one SELECT, without FORMAT, SETTINGS or INTO.');
  }
  for (const node of nodes) {
    if (!ALLOWED_NODES.has(node.kind)) refuse(`\`${node.kind}\``, 'Write it as a plain SELECT.');
    if (node.kind === 'Function') checkFunction(node, tables, engine);
    if (node.kind === 'TableIdentifier') checkTable(node.text, tables);
    if (node.kind === 'Identifier') checkIdentifier(node.text, engine);
  }
}

/**
 * A bare word that names a function of the engine may be a call of it: `USER`, or the first argument of
 * arrayMap(file, ['/etc/passwd']).
 */
function checkIdentifier(name: string, { functions }: EngineNames): void {
  if (FOREIGN.test(name)) refuse(name, VIEWS);
  const lowerName = name.toLowerCase();
  // seam: bare-name-calls-a-function
  if (!functions.has(lowerName)) return;
  if (ALLOWED_FUNCTIONS.has(lowerName) || ORDINARY_NAMES.has(lowerName)) return;
  refuse(`The name ${name}`, 'The engine has a function of this name: use another one.');
}

function checkFunction(
  node: SyntaxNode,
  tables: ReadonlySet<string>,
  { zones }: EngineNames,
): void {
  const name = node.text.split(' ', 1)[0] ?? '';
  if (node.parent?.kind === 'TableExpression') refuse(`The table function ${name}`, VIEWS);
  const lowerName = name.toLowerCase();
  if (!ALLOWED_FUNCTIONS.has(lowerName)) refuse(`The function ${name}`, FUNCTIONS);
  const given = argumentsOf(node);
  if (HIGHER_ORDER_LOWER.has(lowerName) && given.length > 1 && !isCallOf(given[0], LAMBDA)) {
    // The engine would take a bare name for a function: arrayMap(file, ['/etc/passwd']).
    refuse(`The first argument of ${name}`, 'Write a lambda there: x -> x + 1.');
  }
  if (MEMBERSHIP.has(lowerName) && given[1]?.kind === 'Identifier') {
    checkTable(given[1].text, tables);
  }
  // seam: time-zone-is-of-the-list
  checkZones(name, given.slice(ZONE_FROM.get(lowerName) ?? given.length), zones);
  if (lowerName === 'cast') checkType(given[1], zones);
}

const LAMBDA: ReadonlySet<string> = new Set(['lambda']);
const NO_TEXT = /^(U?Int64_|Float64_|NULL$)/;
const ZONE_HELP = "Write it as text: 'UTC', or a name of the IANA list like 'Europe/Berlin'.";

/**
 * The engine opens the file that a time zone's name leads to, while all other statements wait for a lock.
 * Only what is seen to be a name of its own list, or to be no text, may be where it takes one.
 *
 * @param given the arguments of `name` that may be a time zone
 */
function checkZones(name: string, given: readonly SyntaxNode[], zones: ReadonlySet<string>): void {
  for (const node of given) {
    const [, zone] = /^'([^'\\]*)'$/.exec(node.text) ?? [];
    const isPlain =
      node.kind === 'Literal' && (zone === undefined ? NO_TEXT.test(node.text) : zones.has(zone));
    if (!isPlain && !isCallOf(node, NEVER_TEXT)) refuse(`This time zone of ${name}`, ZONE_HELP);
  }
}

/** @param functions in lower case */
function isCallOf(node: SyntaxNode | undefined, functions: ReadonlySet<string>): boolean {
  return (
    node?.kind === 'Function' && functions.has((node.text.split(' ', 1)[0] ?? '').toLowerCase())
  );
}

function checkTable(name: string, tables: ReadonlySet<string>): void {
  if (!PUBLIC_TABLES.has(name) && !tables.has(name)) refuse(`The table ${name}`, VIEWS);
}

/** The tree holds the type as text: `'Decimal(10, 2)'`. Only a time zone is text within a type. */
function checkType(node: SyntaxNode | undefined, zones: ReadonlySet<string>): void {
  const text = (/^'([\s\S]*)'$/.exec(node?.text ?? '')?.[1] ?? '?').replaceAll("\\'", "'");
  const rest = text.replaceAll(/'([^']*)'/g, (quoted, zone) => (zones.has(zone) ? '' : quoted));
  const words = rest.match(/[A-Za-z_]\w*/g) ?? [];
  const plain = node?.kind === 'Literal' && /^[\w(), ]+$/.test(rest);
  if (plain && words.every((word) => ALLOWED_TYPES.has(word))) return;
  refuse(`The type ${text}`, 'Cast to numbers, text, dates, and arrays and maps of them.');
}
