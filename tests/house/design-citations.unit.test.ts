/** A comment that cites the design names one of its sections; a moved section is found here. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { readTextFiles } from './plain-english.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** `docs/design.md, Settle`, also where the line of a comment ends in between. */
const CITATION = /docs\/design\.md,[\s*/#]+([A-Z][\w' *\n/:-]*)/g;

it('every citation of docs/design.md names a section of it', () => {
  const design = readFileSync(`${ROOT}docs/design.md`, 'utf8');
  const sections = [...design.matchAll(/^#{2,3} (?:\d+\. )?(.+)$/gm)].map(([, name]) => name ?? '');
  const unknown = readTextFiles(ROOT).flatMap(({ path, text }) =>
    [...text.matchAll(CITATION)]
      .map(([, cited]) => (cited ?? '').replaceAll(/[\s*/]+/g, ' '))
      .filter((cited) => !sections.some((section) => cited.startsWith(section)))
      .map((cited) => `${path}: ${cited}`),
  );
  expect(unknown).toEqual([]);
});
