/**
 * How edits at seams reach a process: through its environment, by file. `preload-main.ts` edits what
 * Node loads (the process and its worker threads), `vitest-plugin.ts` what vitest loads.
 */
import { appendFileSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPlantable } from '../house/source-tree.ts';
import { editSource } from './edit.ts';
import { mayHaveSeams, type SeamEdit, seamsIn } from './seam.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Name of the variable with the edits, as JSON: a list by the file's absolute path. */
const EDITS_VARIABLE = 'TOLLGATE_SEAM_EDITS';
/** Name of the variable with the file that gets a line for each source that was edited. */
const NOTE_VARIABLE = 'TOLLGATE_SEAM_NOTE';

type EditsByFile = Readonly<Record<string, readonly SeamEdit[]>>;

/** For NODE_OPTIONS of a process that is to load edited sources. */
export const SEAM_PRELOAD = `--import ${new URL('./preload-main.ts', import.meta.url).href}`;

/** The absolute path of the file that each seam of the product is in. */
function filesOfSeams(): Map<string, string> {
  const files = new Map<string, string>();
  for (const path of globSync('**/*.ts', { cwd: root, exclude: ['**/node_modules', '**/.*'] })) {
    if (!isPlantable(path)) continue;
    const text = readFileSync(join(root, path), 'utf8');
    if (!mayHaveSeams(text)) continue;
    for (const { name } of seamsIn(path, text)) files.set(name, join(root, path));
  }
  return files;
}

/** @throws Error if the product has no such seam */
function byFile(edits: readonly SeamEdit[]): EditsByFile {
  const files = filesOfSeams();
  const found: Record<string, SeamEdit[]> = {};
  for (const one of edits) {
    const file = files.get(one.seam);
    if (file === undefined) throw new Error(`the product has no seam "${one.seam}"`);
    found[file] = [...(found[file] ?? []), one];
  }
  return found;
}

/**
 * The environment of a process that is to load the product with these edits. NODE_OPTIONS is the
 * caller's business, for it may have more to preload.
 */
export function environmentOf(edits: readonly SeamEdit[], note?: string): Record<string, string> {
  return {
    [EDITS_VARIABLE]: JSON.stringify(byFile(edits)),
    ...(note === undefined ? {} : { [NOTE_VARIABLE]: note }),
  };
}

/** What this process is to load edited; empty in one that nobody asked for anything. */
export function editsOfThisProcess(): EditsByFile {
  return JSON.parse(process.env[EDITS_VARIABLE] ?? '{}') as EditsByFile;
}

/** A source of this process with its edits, taking note that it was loaded. */
export function edited(path: string, text: string, edits: readonly SeamEdit[]): string {
  const note = process.env[NOTE_VARIABLE];
  const source = editSource(path, text, edits);
  if (note !== undefined) appendFileSync(note, `${path}\n`);
  return source;
}
