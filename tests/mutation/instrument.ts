/**
 * All mutants of a file in one source: each place becomes `(__m(17) ? mutated : original)`, where
 * `__m` says whether the mutant is the active one (and, while coverage is recorded, that the place
 * was reached). One import of the file serves every mutant of it. `__loop` is called by each loop each
 * time, and throws if a mutant keeps the process busy for too long.
 */
import { parseSync } from 'oxc-parser';
import type { Mutant } from './mutant.ts';
import { branches, type Change, changesOf, inner, type Node } from './operators.ts';

export type Instrumented = { text: string; mutants: Mutant[] };

/** Statements that may be dropped: nothing that follows needs a name of theirs. */
const DROPPED = new Set([
  'BreakStatement',
  'ContinueStatement',
  'ExpressionStatement',
  'ReturnStatement',
  'ThrowStatement',
]);
/** Members whose words are for people. */
const LOG_CALL = /(?:^|\.|#)(?:logger|log|console)\??\.(?:trace|debug|info|warn|error|fatal)$/;

/** @param firstId the id of the file's first mutant; the others follow */
export function instrument(file: string, text: string, firstId: number): Instrumented {
  const { program, errors } = parseSync(file, text);
  if (errors[0] !== undefined) throw new Error(`${file}: ${errors[0].message}`);
  const work = new Instrumenter(file, text, firstId);
  return { text: work.render(program as unknown as Node, null), mutants: work.mutants };
}

class Instrumenter {
  readonly mutants: Mutant[] = [];
  readonly #file: string;
  readonly #text: string;
  readonly #firstId: number;
  /** Without it the function returns undefined, which is what a changed value shows as well. */
  readonly #lastReturns = new Set<Node>();
  /** In the middle of an optional chain there is no room for a choice: it would end the chain. */
  readonly #chained = new Set<Node>();

  constructor(file: string, text: string, firstId: number) {
    this.#file = file;
    this.#text = text;
    this.#firstId = firstId;
  }

  /** The node's text with every mutant in it. */
  render(node: Node, parent: Node | null): string {
    if (isLeftAlone(node, parent, this.#text)) return this.#source(node);
    this.#takeNote(node);
    const changes = this.#changes(node, parent);
    const inner = this.#children(node);
    const wrapped = changes.reduceRight((rest, change) => {
      const id = this.#add(node, change);
      return `__m(${id}) ? (${change.replacement}) : ${rest}`;
    }, `(${inner})`);
    const expression = changes.length === 0 ? inner : `(${wrapped})`;
    const drop = isDroppable(node, parent) && !this.#lastReturns.has(node);
    const statement = drop ? this.#droppable(node, expression) : expression;
    return isBodyOfLoop(node, parent) ? `{ __loop(); ${statement} }` : statement;
  }

  #takeNote(node: Node): void {
    const last = node['body']?.body?.at?.(-1);
    if (/Function/.test(node.type) && last?.type === 'ReturnStatement') this.#lastReturns.add(last);
    if (node.type !== 'ChainExpression') return;
    for (let part = inner(node); part !== undefined; part = inner(part)) this.#chained.add(part);
  }

  #changes(node: Node, parent: Node | null): Change[] {
    if (this.#chained.has(node)) return [];
    if (isTestOf(node, parent)) {
      const constant = branches(node, (test) => test);
      // A loop that never ends says nothing.
      const isIf = parent?.type === 'IfStatement';
      const useful = isIf
        ? constant
        : constant.filter(({ replacement }) => replacement === 'false');
      return [...useful, ...withoutNegation(changesOf(node, this.#text))];
    }
    const changes = changesOf(node, this.#text);
    const isChoice = parent?.type === 'ConditionalExpression' && parent['test'] === node;
    return isChoice ? withoutNegation(changes) : changes;
  }

  #droppable(node: Node, statement: string): string {
    const id = this.#add(node, { operator: 'statement dropped', replacement: ';' });
    return `{ if (!__m(${id})) ${statement} }`;
  }

  #add(node: Node, { operator, replacement }: Change): number {
    const id = this.#firstId + this.mutants.length;
    const line = this.#text.slice(0, node.start).split('\n').length;
    const { start, end } = node;
    const original = this.#source(node);
    this.mutants.push({ id, file: this.#file, line, start, end, operator, original, replacement });
    return id;
  }

  #source(node: Node): string {
    return this.#text.slice(node.start, node.end);
  }

  /** The node's own text, its children rendered. */
  #children(node: Node): string {
    let at = node.start;
    let rendered = '';
    for (const child of childrenOf(node)) {
      // A shorthand's key and value are the same text.
      if (child.start < at) continue;
      rendered += this.#text.slice(at, child.start) + this.render(child, node);
      at = child.end;
    }
    return rendered + this.#text.slice(at, node.end);
  }
}

/** Of a test: that it always holds, and that it never does, show all that its opposite would. */
function withoutNegation(changes: readonly Change[]): Change[] {
  return changes.filter(({ operator }) => operator !== 'negation');
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((value): value is Node => isNode(value))
    .sort((a, b) => a.start - b.start || b.end - a.end);
}

function isNode(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}

/** A loop that a mutant makes endless is stopped from within. */
function isBodyOfLoop(node: Node, parent: Node | null): boolean {
  const isLoop = parent !== null && /^(?:For|While|DoWhile)\w*Statement$/.test(parent.type);
  return isLoop && parent['body'] === node;
}

function isTestOf(node: Node, parent: Node | null): boolean {
  const types = ['IfStatement', 'WhileStatement', 'DoWhileStatement', 'ForStatement'];
  return parent !== null && types.includes(parent.type) && parent['test'] === node;
}

/** What nobody should write a test for, and what is no expression. */
function isLeftAlone(node: Node, parent: Node | null, text: string): boolean {
  if (node.type.startsWith('TS')) return !isExpressionOfTypeScript(node.type);
  if (node.type.startsWith('Import') || node.type === 'ExportAllDeclaration') return true;
  if (parent === null) return false;
  if (parent['key'] === node && !parent['computed']) return true;
  if (parent.type === 'ExportNamedDeclaration' && parent['source'] === node) return true;
  if (node.type === 'SwitchCase' && isNeverBranch(node, text)) return true;
  if (parent.type === 'VariableDeclarator' && isTime(parent)) return true;
  return isWordOfError(node, parent, text);
}

function isExpressionOfTypeScript(type: string): boolean {
  return ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression'].includes(type);
}

/** `default:` of a switch over all kinds. */
function isNeverBranch(node: Node, text: string): boolean {
  return node['test'] === null && text.slice(node.start, node.end).includes('satisfies never');
}

/** How long something waits is no promise to the millisecond. */
function isTime({ id, init }: Node): boolean {
  return /_MS$/.test(id.name ?? '') && init !== null;
}

/** An argument of an error or of a log line. */
function isWordOfError(node: Node, parent: Node, text: string): boolean {
  const isArgument = parent['arguments']?.includes(node) === true;
  if (!isArgument) return false;
  const callee = text.slice(parent['callee'].start, parent['callee'].end);
  if (LOG_CALL.test(callee)) return true;
  const isError = parent.type === 'NewExpression' && /Error$/.test(callee);
  // A code or a status in an error is a promise; its words are not.
  return isError && (node.type !== 'Literal' || / /.test(String(node['value'])));
}

function isDroppable(node: Node, parent: Node | null): boolean {
  if (parent === null || !DROPPED.has(node.type) || node['directive'] != null) return false;
  if (node.type === 'ExpressionStatement') {
    // A logged line is no promise.
    return !isLogged(node['expression']) && !isSuper(node['expression']);
  }
  return true;
}

function isSuper(expression: Node): boolean {
  return expression.type === 'CallExpression' && expression['callee'].type === 'Super';
}

function isLogged(expression: Node): boolean {
  const callee = expression.type === 'CallExpression' ? (expression['callee'] as Node) : null;
  if (callee?.type !== 'MemberExpression') return false;
  const object = callee['object'] as Node;
  return /^(logger|console)$/.test(object['property']?.name ?? object['name'] ?? '');
}
