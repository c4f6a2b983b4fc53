/**
 * The text of `EXPLAIN AST` as a tree: a node per line, a child one space deeper than its parent.
 */

export type SyntaxNode = {
  kind: string;
  /** What follows the kind, without the alias and the number of children. */
  text: string;
  parent: SyntaxNode | null;
  children: SyntaxNode[];
};

const LINE = /^( *)([A-Za-z:]+)(?: ([\s\S]*?))?(?: \(alias [^()]*\))?(?: \(children \d+\))?$/;

/** @returns the nodes, each before its children; null if the text is not such a tree */
export function parseSyntaxTree(lines: readonly string[]): SyntaxNode[] | null {
  const nodes: SyntaxNode[] = [];
  const path: SyntaxNode[] = [];
  for (const line of lines.filter((text) => text !== '')) {
    const [, blanks = '', kind = '', text = ''] = LINE.exec(line) ?? [];
    const depth = blanks.length;
    if (kind === '' || depth > path.length || (depth === 0 && nodes.length > 0)) return null;
    const parent = path[depth - 1] ?? null;
    const node: SyntaxNode = { kind, text, parent, children: [] };
    parent?.children.push(node);
    path.length = depth;
    path.push(node);
    nodes.push(node);
  }
  return nodes.length === 0 ? null : nodes;
}

/** The arguments of a function. */
export function argumentsOf(node: SyntaxNode): readonly SyntaxNode[] {
  return node.children[0]?.children ?? [];
}
