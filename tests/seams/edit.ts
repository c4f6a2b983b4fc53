/** Edits a source at its seams. Nothing of the files on disk changes. */
import { type Edit, type Seam, type SeamEdit, seamsIn } from './seam.ts';

type Splice = { start: number; end: number; text: string };

/** @throws Error if a seam is missing, or an edit does not fit what it marks */
export function editSource(path: string, text: string, edits: readonly SeamEdit[]): string {
  const seams = seamsIn(path, text);
  const splices = edits.flatMap(({ seam: name, edit }) => {
    const seam = seams.find((one) => one.name === name);
    if (seam === undefined) throw new Error(`${path} has no seam "${name}"`);
    return splicesOf(seam, edit, text);
  });
  // From the end to the beginning, so that the offsets of what is still to come stay as they are.
  splices.sort((a, b) => b.start - a.start || b.end - a.end);
  return splices.reduce(
    (edited, { start, end, text: put }) => edited.slice(0, start) + put + edited.slice(end),
    text,
  );
}

function splicesOf({ name, node, isInBlock, next }: Seam, edit: Edit, text: string): Splice[] {
  if (node === null) throw new Error(`the seam "${name}" marks nothing: no code begins after it`);
  const { start, end, type } = node;
  const needsBlock = (what: string) => {
    if (isInBlock) return;
    throw new Error(`the seam "${name}" does not mark a statement of a block: no ${what} there`);
  };
  if ('before' in edit) {
    needsBlock('text before it');
    return [{ start, end: start, text: `${edit.before}\n` }];
  }
  if ('after' in edit) {
    needsBlock('text after it');
    const leaves = type === 'ReturnStatement' || type === 'ThrowStatement';
    if (leaves) throw new Error(`the seam "${name}" marks a ${type}: nothing runs after it`);
    return [{ start: end, end, text: `\n${edit.after}` }];
  }
  if ('drop' in edit) return [{ start, end, text: isInBlock ? ';' : '' }];
  if ('instead' in edit) return [{ start, end, text: edit.instead }];
  if ('later' in edit) {
    needsBlock('change of order');
    if (next === null) throw new Error(`no statement follows the one of the seam "${name}"`);
    return [
      { start, end, text: text.slice(next.start, next.end) },
      { start: next.start, end: next.end, text: text.slice(start, end) },
    ];
  }
  const [from, to] = edit.swap;
  const parts = text.slice(start, end).split(from);
  if (parts.length !== 2) {
    const times = parts.length - 1;
    throw new Error(`the statement of the seam "${name}" has ${times} times the text: ${from}`);
  }
  const at = start + (parts[0]?.length ?? 0);
  return [{ start: at, end: at + from.length, text: to }];
}
