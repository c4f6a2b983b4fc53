/**
 * Words that make a native reader stop: foreign or old-fashioned where a plain word exists. The
 * whole text of a file counts: comments, texts, test names and identifiers that are such a word.
 *
 * A genuine use (a proper name, a quotation) is listed in plain-english-exceptions.ts, with its
 * reason. An exception that no line needs any more is a finding too.
 */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXCEPTIONS, type WordException } from './plain-english-exceptions.ts';
import type { Finding } from './source-tree.ts';

export interface TextFile {
  /** Relative to the repository's root, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

/** What stumbles, and what to write instead. A space matches a line's end in a comment too. */
const STUMBLES: Readonly<Record<string, string>> = {
  '(?:stands?|stood)(?!-| for)': 'is, is stored, is there, exists, holds',
  'who(?:m|so)?ever': 'the caller, the process that …, anyone who …',
  'anew|afresh': 'again, from the start',
  oftener: 'more often',
  'dear|dearer|dearest|dearly': 'expensive, costly, the highest price',
  'mend(?:s|ed|ing|ings)?': 'fix, repair',
  beside: 'next to, besides, alongside',
  'reckon(?:s|ed|ing)?': 'calculate, estimate, count on',
  'its kin|their kin|kin': 'the like, related ones: name them',
  '(?<!each )of which': 'two sentences, or "whose"',
  'of whom': 'two sentences, or "whose"',
  'what for': 'why',
  'at the latest': 'no later than',
  'for ever': 'forever, permanently',
  'can not': 'cannot',
  'at last': 'finally, in the end',
  'on high': 'at the top',
  'in vain': 'without effect',
  '(?:here|there|where)(?:of|in|by|upon|from)': 'name the thing',
  '(?:wh|th|h)ence': 'so, from there',
  'hence(?:forth)?': 'so, from now on',
  'thrice|naught|nought|ere|lest|whilst|amongst|betwixt|albeit|heed|hitherto': 'a plain word',
};

const RULES = Object.entries(STUMBLES).map(([words, say]) => ({
  pattern: new RegExp(`\\b(?:${words.replaceAll(' ', '[\\s*/#|]+')})\\b`, 'gi'),
  say,
}));

/** What people read and write by hand. Measured results are kept as they were written. */
const READ = '**/*.{ts,md,yml,yaml,sql,sh,go,mjs,cfg,Dockerfile}';
const NOT_READ = ['**/node_modules', '**/.*', 'bench/results', '**/fixtures'];
/** The list of the words itself, and its test. */
const OWN = /^tests\/house\/plain-english[^/]*\.ts$/;

export function readTextFiles(root: string): TextFile[] {
  return globSync(READ, { cwd: root, exclude: NOT_READ })
    .map((path) => path.replaceAll('\\', '/'))
    .filter((path) => !OWN.test(path))
    .sort()
    .map((path) => ({ path, text: readFileSync(join(root, path), 'utf8') }));
}

export function checkPlainEnglish(
  files: readonly TextFile[],
  exceptions: readonly WordException[] = EXCEPTIONS,
): Finding[] {
  const unused = new Set(exceptions);
  const findings = files.flatMap((file) => stumbles(file, exceptions, unused));
  for (const { path, line } of unused) {
    const message = `the exception for "${line}" is needed no more: remove it`;
    findings.push({ path, line: 1, rule: 'plain-english', message });
  }
  return findings;
}

function stumbles(
  { path, text }: TextFile,
  exceptions: readonly WordException[],
  unused: Set<WordException>,
): Finding[] {
  const lines = text.split('\n');
  const own = exceptions.filter((exception) => exception.path === path);
  return RULES.flatMap(({ pattern, say }) =>
    [...text.matchAll(pattern)].flatMap((match) => {
      const line = text.slice(0, match.index).split('\n').length;
      const allowed = own.find((exception) => lines[line - 1]?.includes(exception.line));
      if (allowed) unused.delete(allowed);
      if (allowed) return [];
      const words = match[0].replaceAll(/[\s*/#|]+/g, ' ');
      return [{ path, line, rule: 'plain-english', message: `"${words}": say ${say}` }];
    }),
  ).sort((a, b) => a.line - b.line);
}
