import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseModule, readSourceTree } from '../house/source-tree.ts';
import { editSource } from './edit.ts';
import type { Edit } from './seam.ts';
import { checkSeams } from './seam-rules.ts';
import { seamUses } from './uses.ts';

const SHIP = `async function ship(log, journal) {
  const records = await journal.outbox();
  // seam: read-not-produced
  // The log first: what it has not taken must stay.
  await log.append(records);
  await journal.write({ op: 'shipped' });
}`;

/** The body of `ship` after one edit, without its first line and its comments. */
function shipped(edit: Edit): string[] {
  const edited = editSource('ship.ts', SHIP, [{ seam: 'read-not-produced', edit }]);
  const lines = edited.split('\n').map((line) => line.trim());
  return lines.slice(2, -1).filter((line) => !line.startsWith('//'));
}

describe('an edit at a seam', () => {
  const append = 'await log.append(records);';
  const write = "await journal.write({ op: 'shipped' });";

  it.each<[string, Edit, string[]]>([
    ['puts a text before', { before: 'hit();' }, ['hit();', append, write]],
    ['puts a text after', { after: 'hit();' }, [append, 'hit();', write]],
    ['drops the statement', { drop: true }, [';', write]],
    ['puts another one there', { instead: 'hit();' }, ['hit();', write]],
    ['swaps a text in it', { swap: ['records', '[]'] }, ['await log.append([]);', write]],
    ['makes it come after the next one', { later: true }, [write, append]],
  ])('%s', (_, edit, body) => {
    expect(shipped(edit)).toEqual(body);
  });

  it('marks a member, a property, an element and an argument as well as a statement', () => {
    const source = `class A {
      // seam: member
      b = 1;
      c = f({
        // seam: property
        d: 2,
        e: [
          // seam: element
          3,
        ],
      });
    }`;
    const edits = ['member', 'property', 'element'].map((seam) => ({
      seam,
      edit: { instead: seam },
    }));
    expect(editSource('a.ts', source, edits).replaceAll(/\s+/g, ' ')).toBe(
      'class A { // seam: member member c = f({ // seam: property property, e: [ // seam: element element, ], }); }',
    );
  });

  it('takes two edits of one seam, and several of one file', () => {
    const edits = [
      { seam: 'read-not-produced', edit: { before: 'one();' } },
      { seam: 'read-not-produced', edit: { after: 'two();' } },
    ];
    expect(editSource('ship.ts', SHIP, edits)).toContain(
      `one();\n${append}\ntwo();\n  await journal`,
    );
  });
});

describe('the rule of seams', () => {
  const use = (edit: Edit, seam = 'read-not-produced') => ({
    user: 'the planted bug "x"',
    path: 'tests/planted/plants.ts',
    edits: [{ seam, edit }],
  });
  const objections = (files: Readonly<Record<string, string>>, uses = [use({ drop: true })]) =>
    checkSeams(
      Object.entries(files).map(([path, text]) => parseModule(path, text)),
      uses,
    ).map(({ path, line, message }) => `${path}:${line} ${message.split(';')[0]}`);
  const files = { 'apps/proxy/ship.ts': SHIP };

  it('has nothing against a seam that is used', () => {
    expect(objections(files)).toEqual([]);
  });

  it('finds a seam that is there twice, that is not used, and that is misspelled', () => {
    const more = '// seam: read-not-produced\nf();\n// seam: idle\ng();\n// seam: Too Long\nh();';
    expect(objections({ ...files, 'apps/proxy/zip.ts': more })).toEqual([
      'apps/proxy/zip.ts:1 "read-not-produced" is in apps/proxy/ship.ts as well',
      'apps/proxy/zip.ts:3 no planted bug and no fault point uses "idle"',
      'apps/proxy/zip.ts:5 a seam is a line of its own: // seam: kebab-name',
    ]);
  });

  it('finds a seam in test code', () => {
    const test = { 'apps/proxy/ship.unit.test.ts': SHIP };
    expect(objections(test)[0]).toContain(
      'ship.unit.test.ts:3 only the product and its checks have seams',
    );
  });

  it.each<[string, Edit, string]>([
    ['a text that is gone', { swap: ['entries', '[]'] }, 'has 0 times the text: entries'],
    ['a text that is there twice', { swap: ['o', 'u'] }, 'has 2 times the text: o'],
    ['code that does not parse', { before: 'hit(' }, 'edited, apps/proxy/ship.ts is broken'],
    ['a private name that is gone', { before: 'this.#gone();' }, 'is broken'],
  ])('finds %s', (_, edit, message) => {
    const found = objections(files, [use(edit)]);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(`tests/planted/plants.ts:1 the planted bug "x": `);
    expect(found[0]).toContain(message);
  });

  it('finds a use whose seam is gone, and says what to do', () => {
    const [first] = checkSeams([], [use({ drop: true })]);
    expect(first?.message).toContain('the product has no seam "read-not-produced"; carry');
  });

  it('finds an edit that cannot be reached, or has no room', () => {
    const source = `function f(a) {
      if (a) return 1;
      // seam: last
      return a ? 2 : 3;
    }`;
    const at = (edit: Edit) => objections({ 'apps/a.ts': source }, [use(edit, 'last')])[0];
    expect(at({ after: 'hit();' })).toContain('nothing runs after it');
    expect(at({ later: true })).toContain('no statement follows');
  });
});

describe('the seams of the product', () => {
  const modules = readSourceTree(fileURLToPath(new URL('../..', import.meta.url)));
  const findings = checkSeams(modules, seamUses);

  it.each(seamUses.map(({ user }) => user))('fit %s', (user) => {
    expect(findings.filter(({ message }) => message.startsWith(user))).toEqual([]);
  });
});
