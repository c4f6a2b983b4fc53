/**
 * Which mistakes are made of a syntax node. Left alone: types, imports, names of members, template
 * text, regular expressions, and the words of errors and log lines, which no test should pin.
 */

/** A node of oxc-parser's tree (ESTree with TypeScript), as far as this folder reads it. */
// biome-ignore lint/suspicious/noExplicitAny: ESTree's nodes have the members of their own type
export type Node = { type: string; start: number; end: number; [member: string]: any };

/** A mistake in an expression: what it is instead. */
export type Change = { operator: string; replacement: string };

const ARITHMETIC = new Map(
  Object.entries({
    '+': '-',
    '-': '+',
    '*': '/',
    '/': '*',
    '%': '*',
    '**': '*',
    '&': '|',
    '|': '&',
    '^': '&',
    '<<': '>>',
    '>>': '<<',
    '>>>': '<<',
  }),
);
const BOUNDARY = new Map(Object.entries({ '<': '<=', '<=': '<', '>': '>=', '>=': '>' }));
const NEGATION = new Map(
  Object.entries({
    '<': '>=',
    '<=': '>',
    '>': '<=',
    '>=': '<',
    '===': '!==',
    '!==': '===',
    '==': '!=',
    '!=': '==',
  }),
);
const METHODS = new Map(
  Object.entries({
    every: 'some',
    some: 'every',
    startsWith: 'endsWith',
    endsWith: 'startsWith',
    push: 'unshift',
    unshift: 'push',
    pop: 'shift',
    shift: 'pop',
    padStart: 'padEnd',
    padEnd: 'padStart',
    trimStart: 'trimEnd',
    trimEnd: 'trimStart',
  }),
);
/** Without the call there is the receiver, which is of the same type. */
const DROPPED_METHODS = new Set([
  'filter',
  'reverse',
  'slice',
  'sort',
  'subarray',
  'toLowerCase',
  'toReversed',
  'toSorted',
  'toUpperCase',
  'trim',
]);
const MATH = new Map(
  Object.entries({
    min: 'max',
    max: 'min',
    floor: 'ceil',
    ceil: 'floor',
    trunc: 'ceil',
  }),
);
const ASSIGNMENTS = new Map(
  Object.entries({
    '+=': '-=',
    '-=': '+=',
    '*=': '/=',
    '/=': '*=',
    '??=': '=',
    '||=': '=',
    '&&=': '=',
    '|=': '&=',
    '&=': '|=',
    '<<=': '>>=',
    '>>=': '<<=',
  }),
);

/** The mistakes of an expression, in its own place. */
export function changesOf(node: Node, text: string): Change[] {
  const source = (part: Node) => text.slice(part.start, part.end);
  const change = (operator: string, replacement: string): Change => ({ operator, replacement });
  switch (node.type) {
    case 'BinaryExpression':
      return binary(node, source);
    case 'LogicalExpression':
      return logical(node, source);
    case 'UnaryExpression':
      if (!['!', '-', '~'].includes(node['operator'])) return [];
      return [change('unary dropped', source(node['argument']))];
    case 'UpdateExpression': {
      const operator = node['operator'] === '++' ? '--' : '++';
      const argument = source(node['argument']);
      const replacement = node['prefix'] ? operator + argument : argument + operator;
      return [change('increment', replacement)];
    }
    case 'AssignmentExpression': {
      const operator = ASSIGNMENTS.get(node['operator']);
      if (operator === undefined) return [];
      const replacement = `${source(node['left'])} ${operator} ${source(node['right'])}`;
      return [change('assignment', replacement)];
    }
    case 'AwaitExpression':
      return [change('await dropped', source(node['argument']))];
    case 'ConditionalExpression':
      return branches(
        node['test'],
        (test) => `${test} ? ${source(node['consequent'])} : ${source(node['alternate'])}`,
      );
    case 'ArrayExpression':
      return node['elements'].length === 0 ? [] : [change('array emptied', '[]')];
    case 'ObjectExpression':
      return node['properties'].length === 0 ? [] : [change('object emptied', '{}')];
    case 'Literal':
      return literal(node);
    case 'ChainExpression':
      return chain(node, text);
    case 'CallExpression':
      return call(node, source);
    default:
      return [];
  }
}

/** A condition that is always true, and one that is always false. */
export function branches(test: Node, whole: (test: string) => string): Change[] {
  if (test.type === 'Literal') return [];
  return ['true', 'false'].map((constant) => ({
    operator: `always ${constant}`,
    replacement: whole(constant),
  }));
}

type Source = (part: Node) => string;

function binary(node: Node, source: Source): Change[] {
  const { operator, left, right } = node;
  const whole = (other: string) => `${source(left)} ${other} ${source(right)}`;
  const changes: Change[] = [];
  const [arithmetic, boundary] = [ARITHMETIC.get(operator), BOUNDARY.get(operator)];
  if (arithmetic !== undefined && !isText(left) && !isText(right)) {
    changes.push({ operator: 'arithmetic', replacement: whole(arithmetic) });
  }
  if (boundary !== undefined) changes.push({ operator: 'boundary', replacement: whole(boundary) });
  const negation = NEGATION.get(operator);
  if (negation !== undefined) changes.push({ operator: 'negation', replacement: whole(negation) });
  return changes;
}

/** A `+` next to a text joins texts: that is no arithmetic. */
function isText(node: Node): boolean {
  if (node.type === 'TemplateLiteral') return true;
  if (node.type === 'BinaryExpression') return isText(node['left']) || isText(node['right']);
  return node.type === 'Literal' && typeof node['value'] === 'string';
}

function logical({ operator, left, right }: Node, source: Source): Change[] {
  const whole = (other: string) => `(${source(left)}) ${other} (${source(right)})`;
  if (operator !== '??') {
    return [{ operator: 'logical', replacement: whole(operator === '&&' ? '||' : '&&') }];
  }
  const changes = [{ operator: 'fall-back dropped', replacement: source(left) }];
  // `x || 0` is `x ?? 0` for every number: nothing could tell.
  if (isFalsy(right)) return changes;
  return [{ operator: 'nullish to or', replacement: whole('||') }, ...changes];
}

function isFalsy({ type, value, raw }: Node): boolean {
  return type === 'Literal' && raw !== 'null' && !value;
}

function literal({ value, bigint }: Node): Change[] {
  if (typeof value === 'boolean') return [{ operator: 'boolean', replacement: String(!value) }];
  if (typeof value === 'string') {
    return [{ operator: 'string', replacement: value === '' ? "'mutated'" : "''" }];
  }
  if (typeof value === 'number') {
    const other = value === 1 ? 0 : value + 1;
    return [{ operator: 'number', replacement: String(other) }];
  }
  if (typeof value === 'bigint') {
    const other = value === 1n ? 0n : BigInt(bigint) + 1n;
    return [{ operator: 'number', replacement: `${other}n` }];
  }
  return [];
}

/** Each `?.` of a chain as if what is before it were always there. */
function chain(node: Node, text: string): Change[] {
  const changes: Change[] = [];
  let part = inner(node);
  while (part !== undefined) {
    const before = inner(part);
    if (part['optional'] === true && before !== undefined) {
      const at = text.indexOf('?.', before.end);
      const instead = '(['.includes(text[at + 2] ?? '') ? '' : '.';
      const replacement = text.slice(node.start, at) + instead + text.slice(at + 2, node.end);
      changes.push({ operator: 'optional chain', replacement });
    }
    part = before;
  }
  return changes;
}

/** The next part of a chain towards its beginning. */
export function inner(part: Node): Node | undefined {
  return part['object'] ?? part['callee'] ?? part['expression'];
}

function call(node: Node, source: Source): Change[] {
  const callee = node['callee'];
  const parameters = node['arguments'] as Node[];
  if (callee.type !== 'MemberExpression' || callee['computed'] || callee['optional']) return [];
  const { object, property } = callee;
  const name = property['name'] as string;
  const list = parameters.map(source).join(', ');
  const other = (source(object) === 'Math' ? MATH : METHODS).get(name);
  const changes: Change[] = [];
  if (other !== undefined) {
    const replacement = `${source(object)}.${other}(${list})`;
    changes.push({ operator: `${name} to ${other}`, replacement });
  }
  if (DROPPED_METHODS.has(name)) {
    changes.push({ operator: `${name} dropped`, replacement: source(object) });
  }
  if (name === 'slice' && parameters.length === 2) {
    const [from] = parameters as [Node];
    const replacement = `${source(object)}.slice(${source(from)})`;
    changes.push({ operator: 'slice without its end', replacement });
  }
  return changes;
}
