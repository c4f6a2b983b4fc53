/**
 * Reads the TypeScript of this repository once, as syntax trees, for the rules in this folder.
 *
 * TypeScript 7 ships no JavaScript parser, so the trees are oxc-parser's (ESTree). A rule gets a
 * list of modules and returns findings, so a test can give it modules that exist only in memory.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EcmaScriptModule, type Program, parseSync } from 'oxc-parser';

/** One import or re-export; `typeOnly` ones vanish when the types are stripped. */
export interface ImportEdge {
  readonly specifier: string;
  readonly typeOnly: boolean;
  readonly offset: number;
}

export interface SourceModule {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
  readonly program: Program;
  readonly imports: readonly ImportEdge[];
}

export interface Finding {
  readonly path: string;
  readonly line: number;
  readonly rule: string;
  readonly message: string;
}

export function finding(
  module: SourceModule,
  offset: number,
  rule: string,
  message: string,
): Finding {
  const line = module.text.slice(0, offset).split('\n').length;
  return { path: module.path, line, rule, message };
}

/** Production code, as opposed to what checks or measures it (and what that is built from). */
export function isProduction(path: string): boolean {
  return !/^(tests|bench)\/|\/testing\/|\.test\.ts$|^[^/]+\.ts$/.test(path);
}

/** What a test of ours can be shown broken: the product, and the checks of `npm run check`. */
export function isPlantable(path: string): boolean {
  return isProduction(path) || (path.startsWith('tests/house/') && !path.endsWith('.test.ts'));
}

export function parseModule(path: string, text: string): SourceModule {
  const { program, module, errors } = parseSync(path, text);
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`);
  return { path, text, program, imports: importEdges(module, text) };
}

/** Every TypeScript file below `root`, installed packages and hidden folders left out. */
export function readSourceTree(root: string): SourceModule[] {
  return globSync('**/*.ts', { cwd: root, exclude: ['**/node_modules', '**/.*'] })
    .map((path) => path.replaceAll('\\', '/'))
    .sort()
    .map((path) => parseModule(path, readFileSync(join(root, path), 'utf8')));
}

function importEdges(module: EcmaScriptModule, text: string): ImportEdge[] {
  const edges: ImportEdge[] = [];
  for (const { entries, moduleRequest, start } of module.staticImports) {
    const typeOnly = entries.length > 0 && entries.every((entry) => entry.isType);
    edges.push({ specifier: moduleRequest.value, typeOnly, offset: start });
  }
  for (const { entries, start } of module.staticExports) {
    const from = entries.find((entry) => entry.moduleRequest !== null)?.moduleRequest;
    if (!from) continue;
    const typeOnly = entries.every((entry) => entry.isType);
    edges.push({ specifier: from.value, typeOnly, offset: start });
  }
  for (const { moduleRequest, start } of module.dynamicImports) {
    const literal = /^(['"])(.*)\1$/.exec(text.slice(moduleRequest.start, moduleRequest.end))?.[2];
    if (literal !== undefined) edges.push({ specifier: literal, typeOnly: false, offset: start });
  }
  return edges;
}
