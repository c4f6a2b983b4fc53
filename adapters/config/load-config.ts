/**
 * Reads `tollgate.yaml` and validates it by the one schema. Every error names file, line and field,
 * so bad configuration ends a process before it listens.
 */
import { existsSync, readFileSync } from 'node:fs';
import { faultsOf } from '@tollgate/schemas/config/config-faults.ts';
import { withPresets } from '@tollgate/schemas/config/provider-presets.ts';
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
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new ConfigError(`${file}: cannot be read (${code})`, { cause });
  }
  return parseConfig(file, text);
}

/** @param file its name, for messages */
export function parseConfig(file: string, text: string): TollgateConfig {
  const lines = new LineCounter();
  // Pretty errors repeat the place, and show the text around it on lines of their own.
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  const [syntax] = document.errors;
  if (syntax !== undefined) throw new ConfigError(`${place(syntax.pos[0])}: ${syntax.message}`);
  const given = withPresets(plainValue(document, file));
  const parsed = tollgateConfig.safeParse(given);
  if (parsed.success) return parsed.data;
  const faults = faultsOf(tollgateConfig, given, parsed.error.issues).map(({ path, message }) => {
    const at = place(offsetOf(document.contents, path));
    return `${at}: ${path.join('.') || 'the file'}: ${message}`;
  });
  throw new ConfigError(faults.join('\n'));
}

function plainValue(yaml: { toJS(): unknown }, file: string): unknown {
  try {
    return yaml.toJS() ?? {};
  } catch (cause) {
    // Of aliases that grow without bound, or that lead to nothing.
    throw new ConfigError(`${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Offset of the innermost node of the path that exists in the document. */
function offsetOf(root: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of path) {
    if (isSeq(node)) {
      node = node.items[Number(key)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    } else if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && String(item.key) === String(key));
      offset = (pair?.key as Node | undefined)?.range?.[0] ?? offset;
      node = pair?.value;
    }
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
  let value: string;
  try {
    value = readFileSync(reference.file, 'utf8').trim();
  } catch {
    throw new ConfigError(`the secret file ${reference.file} cannot be read`);
  }
  if (value === '') throw new ConfigError(`the secret file ${reference.file} is empty`);
  return value;
}
