/** The documents stay true: what they name exists, and what cites them names a section of them. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readTextFiles } from './plain-english.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const files = readTextFiles(ROOT);
const documents = files.filter(({ path }) => path.endsWith('.md'));
/** `docs/design.md, Settle`, also where the line of a comment ends in between. */
const CITATION = /docs\/design\.md,[\s*/#]+([A-Z][\w' *\n/:-]*)/g;
/** A path from the repository's root, in backticks. Patterns with * or {…} are left alone. */
const NAMED = /`((?:adapters|apps|bench|deploy|docs|domain|schemas|simulator|tests)\/[\w./-]+)`/g;
/** By `npm run deploy:secrets`. */
const MADE_LATER = 'deploy/secrets/';

function read(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

describe('the documents', () => {
  it('every citation of docs/design.md names a section of it', () => {
    const headings = read('docs/design.md').matchAll(/^#{2,3} (?:\d+\. )?(.+)$/gm);
    const sections = [...headings].map(([, name]) => name ?? '');
    const isInvariant = /^I(?:[1-9]|1[0-2])\b/;
    const unknown = files.flatMap(({ path, text }) =>
      [...text.matchAll(CITATION)]
        .map(([, cited]) => (cited ?? '').replaceAll(/[\s*/]+/g, ' '))
        .filter((cited) => !isInvariant.test(cited))
        .filter((cited) => !sections.some((section) => cited.startsWith(section)))
        .map((cited) => `${path}: ${cited}`),
    );
    expect(unknown).toEqual([]);
  });

  it('every path and every link of a document leads to a file or a folder', () => {
    const dead = documents.flatMap(({ path, text }) => {
      const named = [...text.matchAll(NAMED)].map(([, name]) => name ?? '');
      const links = [...text.matchAll(/\]\(([\w./-]+)\)/g)].map(([, link]) =>
        join(path, '..', link ?? ''),
      );
      const missing = [...named, ...links]
        .filter((name) => !name.startsWith(MADE_LATER))
        .filter((name) => !existsSync(join(ROOT, name)));
      return missing.map((name) => `${path}: ${name}`);
    });
    expect(dead).toEqual([]);
  });

  it('every npm script that a document names exists', () => {
    const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
    const unknown = documents.flatMap(({ path, text }) =>
      [...text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)]
        .map(([, script]) => script ?? '')
        .filter((script) => !(script in scripts))
        .map((script) => `${path}: npm run ${script}`),
    );
    expect(unknown).toEqual([]);
  });

  it('every test that architecture.md lists for an invariant carries its number', () => {
    const rows = read('docs/architecture.md').matchAll(/^\| (I\d+) \|.*$/gm);
    const silent = [...rows].flatMap(([row, number]) =>
      [...row.matchAll(NAMED)]
        .map(([, path]) => path ?? '')
        .filter((path) => !new RegExp(`\\b${number}\\b`).test(read(path)))
        .map((path) => `${number}: ${path}`),
    );
    expect(silent).toEqual([]);
  });
});
