/**
 * SQL for the warehouse is written in `adapters/warehouse` alone (docs/design.md, Who may import
 * whom), one file per question, so that everything that reads a table is found in one place.
 */
import { Visitor } from 'oxc-parser';
import { type Finding, finding, isProduction, type SourceModule } from './source-tree.ts';

/** Statements, and tables by their full name; upper case, as all SQL here is. */
const SQL = new RegExp(
  [
    String.raw`\bSELECT\b[\s\S]*\bFROM\b`,
    String.raw`\bINSERT\s+INTO\b`,
    String.raw`\bDELETE\s+FROM\b`,
    String.raw`\bUPDATE\s+\S+\s+SET\b`,
    String.raw`\b(ALTER|CREATE|DROP|EXCHANGE|TRUNCATE|OPTIMIZE|RENAME)\s+(OR\s+REPLACE\s+)?` +
      String.raw`(TEMPORARY\s+|MATERIALIZED\s+)?(TABLES?|DATABASE|VIEW|INDEX)\b`,
    String.raw`\btollgate\.(?!yaml\b|json\b)[a-z_]\w*`,
  ].join('|'),
);

/** Rooms with SQL, each with its reason. */
const ROOMS = [
  'adapters/warehouse/',
  // SQLite: each store's worker has its own tables and statements.
  'adapters/cache/',
  'adapters/idempotency/',
  'adapters/stored-objects/',
  'adapters/ledger/',
  'adapters/log/',
  'adapters/lock/',
  'adapters/payloads/',
  'adapters/sqlite/',
];

export function checkSqlRoom(modules: readonly SourceModule[]): Finding[] {
  return modules
    .filter(({ path }) => isProduction(path) && !ROOMS.some((room) => path.startsWith(room)))
    .flatMap((module) =>
      statementsIn(module).map((start) =>
        finding(module, start, 'sql', 'SQL has its room: adapters/warehouse/queries'),
      ),
    );
}

function statementsIn({ program }: SourceModule): number[] {
  const starts: number[] = [];
  new Visitor({
    Literal(node) {
      if (typeof node.value === 'string' && SQL.test(node.value)) starts.push(node.start);
    },
    TemplateLiteral(node) {
      const text = node.quasis.map(({ value }) => value.cooked ?? '').join('x');
      if (SQL.test(text)) starts.push(node.start);
    },
  }).visit(program);
  return starts;
}
