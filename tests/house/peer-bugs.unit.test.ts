/** `docs/peer-bugs.md` stays true: every report that it lists is in the comment above the test it names. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(ROOT + path, 'utf8');
const ROW = /^\| (?<reports>[^|]+) \| [^|]+ \| `(?<file>[\w./-]+\.test\.ts)`: (?<title>.+) \|$/gm;
const rows = [...read('docs/peer-bugs.md').matchAll(ROW)].map(({ groups }) => ({
  reports: groups?.['reports']?.split(', ') ?? [],
  file: groups?.['file'] ?? '',
  title: groups?.['title'] ?? '',
}));

/** The comment above the test of this title; null: there is none of it, or more than one. */
function commentAbove(source: string, title: string): string | null {
  const lines = source.split('\n');
  const named = lines.flatMap((line, index) =>
    ["'", '`'].some((quote) => line.includes(quote + title + quote)) ? [index] : [],
  );
  const [at, ...others] = named;
  if (at === undefined || others.length > 0) return null;
  let first = at;
  while (first > 0 && !/^\s*it(\.each)?\(/.test(lines[first] ?? '')) first--;
  const comment: string[] = [];
  for (let i = first - 1; /^\s*\/\//.test(lines[i] ?? ''); i--) comment.unshift(lines[i] ?? '');
  return comment.map((line) => line.replace(/^\s*\/\/ ?/, '')).join(' ');
}

it('the page of what went wrong elsewhere has rows', () => {
  expect(rows.length).toBeGreaterThan(30);
});

it.each(rows)('$reports: $title', ({ reports, file, title }) => {
  const comment = commentAbove(read(file), title);
  expect(comment, `one test of ${file} has this title`).not.toBeNull();
  // A number is not the beginning of a longer one.
  const unnamed = reports.filter((report) => !new RegExp(`${report}(?!\\d)`).test(comment ?? ''));
  expect(unnamed).toEqual([]);
});

it('a report without the test that its row names is found', () => {
  const source =
    "// litellm#123: it\n// did.\nit('says so', () => undefined);\nit('twice', a);\nit('twice', b);";
  expect(commentAbove(source, 'says so')).toBe('litellm#123: it did.');
  expect([commentAbove(source, 'says'), commentAbove(source, 'twice')]).toEqual([null, null]);
});
