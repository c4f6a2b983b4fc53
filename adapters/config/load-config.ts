/**
 * Reads `tollgate.yaml` and validates it by the one schema. Every error names file, line and field,
 * so bad configuration ends a process before it listens.
 */
import { existsSync, readFileSync } from 'node:fs';
import { type TollgateConfig, tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { isMap, isPair, isSeq, LineCounter, type Node, parseDocument } from 'yaml';

const DEFAULT_CONFIG_FILE = 'tollgate.yaml';

export class ConfigError extends Error {
  readonly code = 'bad_configuration';
}

/**
 * @param path a file that must exist; undefined: the default file, if it exists
 * @throws ConfigError naming file, line, column and field of every fault
 */
export function loadConfig(path: string | undefined): TollgateConfig {
  const file = path ?? DEFAULT_CONFIG_FILE;
  if (!existsSync(file)) {
    if (path !== undefined) throw new ConfigError(`${path}: no such file`);
    return tollgateConfig.parse({});
  }
  return parseConfig(file, readFileSync(file, 'utf8'));
}

/** @param file its name, for messages */
export function parseConfig(file: string, text: string): TollgateConfig {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [syntax] = document.errors;
  if (syntax !== undefined) throw new ConfigError(`${place(syntax.pos[0])}: ${syntax.message}`);
  const parsed = tollgateConfig.safeParse(document.toJS() ?? {});
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map((issue) => {
    const path = faultPath(issue);
    const at = place(offsetOf(document.contents, path));
    return `${at}: ${path.join('.') || 'the file'}: ${issue.message}`;
  });
  throw new ConfigError(faults.join('\n'));
}

/** For an unknown key the path names the key itself, not the object that contains it. */
function faultPath(issue: { path: PropertyKey[]; keys?: string[] }): PropertyKey[] {
  return issue.keys === undefined ? issue.path : [...issue.path, issue.keys[0] ?? ''];
}

/** Offset of the innermost node of the path that exists in the document. */
function offsetOf(root: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (isSeq(node)) {
      node = node.items[Number(key)];
    } else if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === String(key));
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
      node = pair?.value;
    }
    offset = isMap(node) || isSeq(node) ? (node.range?.[0] ?? offset) : offset;
  }
  return offset;
}

/** Reads a secret by its reference. The value is never part of a message (I12). */
export function resolveSecret(
  reference: { env: string } | { file: string } | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): string {
  if (reference === undefined) return '';
  if ('env' in reference) {
    const value = environment[reference.env]?.trim();
    if (value === undefined || value === '') {
      throw new ConfigError(`the environment variable ${reference.env} is not set`);
    }
    return value;
  }
  try {
    return readFileSync(reference.file, 'utf8').trim();
  } catch {
    throw new ConfigError(`the secret file ${reference.file} cannot be read`);
  }
}
