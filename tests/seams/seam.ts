/**
 * A seam is a named place in the product's source: the comment line `// seam: kebab-name` marks the
 * syntax node that begins after it (a statement, a member of a class, a property, an element). The
 * product knows nothing of seams. Planted bugs and fault points name a seam, never a file or a text
 * around it, so that code may move and be rewritten as long as the comment goes along.
 */
import { type Comment, parseSync } from 'oxc-parser';

/** What is done at a seam while the source is loaded. */
export type Edit =
  /** Put before, or after, the marked statement. */
  | { before: string }
  | { after: string }
  /** The marked node does not exist. */
  | { drop: true }
  /** This is there instead of the marked node. */
  | { instead: string }
  /** A text that is in the marked node exactly once, and what is there instead. */
  | { swap: readonly [string, string] }
  /** The marked statement and the one after it change places. */
  | { later: true };

export type SeamEdit = { seam: string; edit: Edit };

type Span = { start: number; end: number };

export type Seam = {
  name: string;
  /** Of the comment. */
  offset: number;
  /** The marked node; null if nothing begins after the comment. */
  node: (Span & { type: string }) | null;
  /** It is in a list of statements, so that others may be put next to it. */
  isInBlock: boolean;
  /** What follows the marked node in the same list. */
  next: Span | null;
};

const SEAM = /^ seam: ([a-z0-9]+(?:-[a-z0-9]+)*)$/;
const STATEMENT_LISTS = new Set(['BlockStatement', 'Program', 'SwitchCase', 'StaticBlock']);

type Node = Span & { type: string };

/** True if a file may have seams: what has none is not parsed. */
export function mayHaveSeams(text: string): boolean {
  return /\/\/ *seam:/.test(text);
}

/** The seams of a source, in order. A comment that only looks like a seam has the name ''. */
export function seamsIn(path: string, text: string): Seam[] {
  const { program, comments, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  return comments
    .filter(({ type, value }) => type === 'Line' && value.trimStart().startsWith('seam:'))
    .map((comment) => seamOf(comment, text, comments, program as unknown as Node));
}

function seamOf(comment: Comment, text: string, comments: readonly Comment[], root: Node): Seam {
  const name = SEAM.exec(comment.value)?.[1] ?? '';
  const begin = codeAfter(comment.end, text, comments);
  const seam: Seam = { name, offset: comment.start, node: null, isInBlock: false, next: null };
  search(root, begin, (node, parent, siblings) => {
    if (seam.node !== null && node.end <= seam.node.end) return;
    seam.node = { type: node.type, start: node.start, end: node.end };
    seam.isInBlock = STATEMENT_LISTS.has(parent.type) && siblings !== null;
    seam.next = siblings?.[siblings.indexOf(node) + 1] ?? null;
  });
  return seam;
}

/** Where the first code after this offset begins: behind blanks and further comments. */
function codeAfter(offset: number, text: string, comments: readonly Comment[]): number {
  let at = offset;
  for (;;) {
    while (/\s/.test(text[at] ?? '')) at++;
    const comment = comments.find(({ start }) => start === at);
    if (comment === undefined) return at;
    at = comment.end;
  }
}

type Visit = (node: Node, parent: Node, siblings: readonly Node[] | null) => void;

/** Calls `visit` for the nodes that begin at the offset, outer ones first. */
function search(parent: Node, begin: number, visit: Visit): void {
  for (const child of Object.values(parent)) {
    for (const node of Array.isArray(child) ? child : [child]) {
      if (!isNode(node) || node.start > begin || node.end < begin) continue;
      if (node.start === begin) visit(node, parent, Array.isArray(child) ? child : null);
      search(node, begin, visit);
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && 'start' in value;
}
