import { describe, expect, it } from 'vitest';
import { checkDomainPurity } from './domain-purity.ts';
import { checkLayers } from './layers.ts';
import { type Finding, parseModule, type SourceModule } from './source-tree.ts';
import { checkTestNames } from './test-names.ts';
import { checkTraps } from './traps.ts';

type Rule = (modules: readonly SourceModule[]) => Finding[];

/** The rule's findings, as `path:line`, in a tree that has only these files. */
function places(rule: Rule, files: Readonly<Record<string, string>>): string[] {
  const modules = Object.entries(files).map(([path, text]) => parseModule(path, text));
  return rule(modules).map(({ path, line }) => `${path}:${line}`);
}

const MONEY = { 'domain/money/money.ts': 'export const pico = 1n;' };
const importing = (path: string, specifier: string) => ({
  ...MONEY,
  [path]: `import { pico } from '${specifier}';`,
});

describe('layers', () => {
  it.each([
    ['domain/usage/a.ts', '../money/money.ts'],
    ['adapters/log/a.ts', '@tollgate/domain/money/money.ts'],
    ['apps/proxy/a.ts', '@tollgate/domain/money/money.ts'],
    ['simulator/a.unit.test.ts', '@tollgate/domain/money/money.ts'],
    ['adapters/log/a.ts', 'node:sqlite'],
    ['apps/standalone/scenario/a.ts', 'openai'],
    ['schemas/a.ts', 'zod/mini'],
    ['domain/money/a.prop.test.ts', 'node:fs'],
  ])('lets %s import %s', (path, specifier) => {
    expect(places(checkLayers, importing(path, specifier))).toEqual([]);
  });

  it.each([
    ['schemas/a.ts', '@tollgate/domain/money/money.ts', 'a value of the domain'],
    ['simulator/a.ts', '@tollgate/domain/money/money.ts', 'the oracle must be independent'],
    ['domain/usage/a.ts', '@tollgate/domain/money/money.ts', 'its own package by name'],
    ['adapters/log/a.ts', '../../domain/money/money.ts', 'another package by path'],
    ['domain/usage/a.ts', '../money/gone.ts', 'a file that is not there'],
    ['domain/usage/a.ts', 'node:fs', "Node's modules"],
    ['domain/usage/a.ts', 'zod', 'a vendor'],
    ['apps/proxy/a.ts', 'node:sqlite', 'a store without its port'],
    ['apps/proxy/a.ts', 'left-pad', 'a vendor without a place'],
  ])('stops %s importing %s: %s', (path, specifier) => {
    expect(places(checkLayers, importing(path, specifier))).toEqual([`${path}:1`]);
  });

  it('stops an import against the direction, dynamic and re-exported too', () => {
    const files = {
      'adapters/log/log.ts': 'export const log = 1;',
      'apps/proxy/a.ts': 'export const a = 1;',
      'apps/projector/b.ts': "\nexport { a } from '@tollgate/proxy/a.ts';",
      'apps/standalone/main.ts': "import '@tollgate/proxy/a.ts';",
      'domain/usage/a.ts': "export const late = () => import('@tollgate/adapters/log/log.ts');",
    };
    expect(places(checkLayers, files)).toEqual(['apps/projector/b.ts:2', 'domain/usage/a.ts:1']);
  });

  it('lets schemas import types of the domain and stops production importing tests', () => {
    const files = {
      'domain/key/key.ts': 'export interface Key {}',
      'schemas/key.ts': "import type { Key } from '@tollgate/domain/key/key.ts';",
      'tests/e2e/stack.ts': 'export const stack = 1;',
      'apps/proxy/a.ts': "import { stack } from '@tollgate/tests/e2e/stack.ts';",
    };
    expect(places(checkLayers, files)).toEqual(['apps/proxy/a.ts:1']);
  });

  it('lets schemas import the list of quantities, which their fields follow from', () => {
    const files = {
      'domain/usage/quantities.ts': 'export const quantities = [];',
      'schemas/a.ts': "import { quantities } from '@tollgate/domain/usage/quantities.ts';",
    };
    expect(places(checkLayers, files)).toEqual([]);
  });

  it('stops a cycle', () => {
    const files = {
      'domain/a.ts': "import { b } from './b.ts'; export const a = b;",
      'domain/b.ts': "import { c } from './c.ts'; export const b = c;",
      'domain/c.ts': "import { a } from './a.ts'; export const c = a;",
    };
    expect(places(checkLayers, files)).toEqual(['domain/a.ts:1']);
  });
});

describe('the domain is pure', () => {
  it.each([
    'Date.now()',
    'new Date()',
    'Math.random()',
    'Temporal.Now.instant()',
    'async () => 1',
    'Promise.resolve(1)',
    '(a: Promise<number>) => a',
    'process.env',
    'globalThis',
    'setTimeout(() => {}, 1)',
  ])('stops %s', (code) => {
    const file = { 'domain/period/a.ts': `export const a = ${code};` };
    expect(places(checkDomainPurity, file)).toContain('domain/period/a.ts:1');
  });

  it('lets instants and zones pass that come in as arguments', () => {
    const code =
      'export const day = (ms: number) => ({ process: new Date(ms), z: Temporal.Instant.from("x") });';
    expect(places(checkDomainPurity, { 'domain/period/a.ts': code })).toEqual([]);
  });

  it.each(['0.15', '1e-6', 'Number(text)', 'parseFloat(text)', 'Number.parseFloat(text)', '+text'])(
    'stops the float %s in money (I6)',
    (code) => {
      const text = `export const a = (text: string) => ${code};`;
      expect(places(checkDomainPurity, { 'domain/pricing/a.ts': text })).toHaveLength(1);
      expect(places(checkDomainPurity, { 'domain/pricing/a.unit.test.ts': text })).toEqual([]);
    },
  );

  it('lets a count become a number where it is checked', () => {
    const text =
      'function toSafeNumber(n: bigint) { return Number(n); }\nNumber(toSafeNumber(1n));';
    expect(places(checkDomainPurity, { 'domain/invoice/a.ts': text })).toEqual([
      'domain/invoice/a.ts:2',
    ]);
  });

  it('stops toFixed in money and lets integers pass (I6)', () => {
    const text =
      'export const a = (n: number) => [10n ** 12n, 1_000, n.toString(),\n n.toFixed(2)];';
    expect(places(checkDomainPurity, { 'domain/money/a.ts': text })).toEqual([
      'domain/money/a.ts:2',
    ]);
  });
});

describe('traps', () => {
  it('stops a number behind || that hides a zero (I8)', () => {
    const text = 'a || 0;\na || -1n;\na ||= 0;\na ?? 0;\na || other;';
    expect(places(checkTraps, { 'apps/proxy/a.ts': text })).toHaveLength(3);
  });

  it('stops settings that leak into the next query of a connection', () => {
    const text = 'query({ query: "select 1", clickhouse_settings: {} });';
    expect(places(checkTraps, { 'adapters/warehouse/a.ts': text })).toHaveLength(1);
  });

  it('stops a test that no tier would run', () => {
    const files = { 'domain/a.test.ts': '', 'domain/a.unit.test.ts': '' };
    expect(places(checkTestNames, files)).toEqual(['domain/a.test.ts:1']);
  });
});
