/**
 * What the domain may not say: no clock, no randomness, no promises, no process, and, where money
 * is counted, no float (I6). Imports are the business of `layers.ts`.
 */
import { Visitor, type VisitorObject } from 'oxc-parser';
import { type Finding, finding, isProduction, type SourceModule } from './source-tree.ts';

/** Names whose value differs from run to run, or that wait. `Temporal.Now` is a clock as well. */
const IMPURE_GLOBALS = new Set([
  'Buffer',
  'Promise',
  'console',
  'crypto',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
]);
const IMPURE_MEMBERS = new Set(['Date.now', 'Math.random', 'Temporal.Now']);
const MONEY = /^domain\/(budget|invoice|money|pricing)\//;
const FLOAT_CALLS = new Set(['Number', 'parseFloat', 'Number.parseFloat']);

export function checkDomainPurity(modules: readonly SourceModule[]): Finding[] {
  return modules
    .filter((module) => module.path.startsWith('domain/') && isProduction(module.path))
    .flatMap((module) => [
      ...visit(module, 'pure', impurities),
      ...(MONEY.test(module.path) ? visit(module, 'money', floats) : []),
    ]);
}

type Report = (node: { readonly start: number }, message: string) => void;

function visit(
  module: SourceModule,
  rule: string,
  visitor: (report: Report) => VisitorObject,
): Finding[] {
  const findings: Finding[] = [];
  const report: Report = (node, message) => {
    findings.push(finding(module, node.start, rule, message));
  };
  new Visitor(visitor(report)).visit(module.program);
  return findings;
}

function impurities(report: Report): VisitorObject {
  const asyncFunction = (node: { readonly async: boolean; readonly start: number }) => {
    if (node.async) report(node, 'the domain has no async functions');
  };
  // A parent is visited before its children: it names those that are no globals, as in `job.process`.
  const labels = new Set<unknown>();
  const keyed = (node: { readonly key: unknown; readonly computed: boolean }) => {
    if (!node.computed) labels.add(node.key);
  };
  return {
    Property: keyed,
    PropertyDefinition: keyed,
    MethodDefinition: keyed,
    TSPropertySignature: keyed,
    Identifier(node) {
      if (!IMPURE_GLOBALS.has(node.name) || labels.has(node)) return;
      report(node, `the domain does not know ${node.name}`);
    },
    MemberExpression(node) {
      if (!node.computed) labels.add(node.property);
      const name = dottedName(node);
      if (IMPURE_MEMBERS.has(name)) report(node, `${name}: time and chance are arguments`);
    },
    NewExpression(node) {
      if (dottedName(node.callee) === 'Date' && node.arguments.length === 0) {
        report(node, 'new Date() reads the clock: time is an argument');
      }
    },
    CallExpression(node) {
      if (dottedName(node.callee) === 'Date') report(node, 'Date() reads the clock');
    },
    AwaitExpression(node) {
      report(node, 'the domain does not wait');
    },
    ForOfStatement(node) {
      if (node.await) report(node, 'the domain does not wait');
    },
    FunctionDeclaration: asyncFunction,
    FunctionExpression: asyncFunction,
    ArrowFunctionExpression: asyncFunction,
  };
}

/** `Number()` may be used in a function of this name, which refuses what 2^53 does not hold. */
const CHECKED_CONVERSION = 'toSafeNumber';

function floats(report: Report): VisitorObject {
  let checked = false;
  return {
    FunctionDeclaration(node) {
      checked = node.id?.name === CHECKED_CONVERSION;
    },
    'FunctionDeclaration:exit'() {
      checked = false;
    },
    Literal(node) {
      if (typeof node.value !== 'number') return;
      if (!Number.isSafeInteger(node.value) || /[.]/.test(node.raw ?? '')) {
        report(node, `${node.raw} is a float: money is integer pico-dollars, as bigint`);
      }
    },
    CallExpression(node) {
      const name = dottedName(node.callee);
      if (FLOAT_CALLS.has(name) && !checked) report(node, `${name}() makes a float`);
      if (/\.(toFixed|toPrecision)$/.test(name)) report(node, 'toFixed rounds a float');
    },
    UnaryExpression(node) {
      if (node.operator === '+') report(node, 'unary plus makes a float');
    },
  };
}

/** `a.b` for a member of a name, `.b` for a member of anything else, `a` for a name, else ''. */
function dottedName(node: { readonly type: string }): string {
  const { type, name, object, property, computed } = node as {
    readonly type: string;
    readonly name?: string;
    readonly object?: { readonly type: string };
    readonly property?: { readonly type: string; readonly name?: string };
    readonly computed?: boolean;
  };
  if (type === 'Identifier') return name ?? '';
  if (type !== 'MemberExpression' || computed || !object) return '';
  return `${object.type === 'Identifier' ? dottedName(object) : ''}.${property?.name ?? ''}`;
}
