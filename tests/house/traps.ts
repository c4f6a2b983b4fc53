/**
 * Two mistakes that look right, each of which has cost someone a bill.
 *
 * `quantity || 0` and similar code takes a real zero for "unknown" (I8: null is not zero); `??` is
 * meant. `clickhouse_settings` that are set on a chDB connection leak into every later query of
 * that connection, so settings belong in the SQL text.
 */
import { type Expression, Visitor } from 'oxc-parser';
import { type Finding, finding, type SourceModule } from './source-tree.ts';

export function checkTraps(modules: readonly SourceModule[]): Finding[] {
  return modules.flatMap(trapsIn);
}

function trapsIn(module: SourceModule): Finding[] {
  const findings: Finding[] = [];
  const orNumber = (node: { readonly start: number }, right: Expression): void => {
    if (!isNumeric(right)) return;
    findings.push(finding(module, node.start, 'or-number', 'a zero is a value: use ??, not ||'));
  };
  new Visitor({
    LogicalExpression(node) {
      if (node.operator === '||') orNumber(node, node.right);
    },
    AssignmentExpression(node) {
      if (node.operator === '||=') orNumber(node, node.right);
    },
    Property(node) {
      if (node.key.type === 'Identifier' && node.key.name === 'clickhouse_settings') {
        const message = 'settings leak between queries: write them in the SQL text';
        findings.push(finding(module, node.start, 'sql-settings', message));
      }
    },
  }).visit(module.program);
  return findings;
}

function isNumeric(node: Expression): boolean {
  if (node.type === 'UnaryExpression') return isNumeric(node.argument);
  if (node.type !== 'Literal') return false;
  return typeof node.value === 'number' || typeof node.value === 'bigint';
}
