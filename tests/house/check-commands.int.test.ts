/** The commands of `npm run check`, with our configuration, on planted faults. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import type { Lockfile } from './supply-chain.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONFIGURATION = [
  'package.json',
  'tsconfig.json',
  'biome.json',
  'knip.json',
  '.gitignore',
  'domain/package.json',
];
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

/** A repository of our configuration and these files alone. */
async function plant(files: Readonly<Record<string, string>>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tollgate-house-'));
  folders.push(folder);
  for (const name of CONFIGURATION) await cp(join(ROOT, name), join(folder, name));
  await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  }
  return folder;
}

async function run(folder: string, command: string, args: readonly string[]) {
  const options = { cwd: folder, env: { ...process.env, NO_COLOR: '1' } };
  return promisify(execFile)(join(ROOT, 'node_modules/.bin', command), [...args], options).then(
    ({ stdout, stderr }) => ({ code: 0, output: stdout + stderr }),
    ({ code, stdout, stderr }) => ({ code: code as number, output: `${stdout}${stderr}` }),
  );
}

describe('npm run check', () => {
  it('fails on an export of the domain that nothing imports, and on such a file', async () => {
    const folder = await plant({
      'domain/money/money.ts': 'export const used = 1n;\nexport const unused = 2n;\n',
      'domain/money/money.unit.test.ts': "import { used } from './money.ts';\nused.toString();\n",
      'domain/money/forgotten.ts': 'export const forgotten = 3n;\n',
    });
    const { code, output } = await run(folder, 'knip', [
      '--no-progress',
      '--no-config-hints',
      '--include=exports,files',
    ]);
    expect(code).toBe(1);
    expect(output).toMatch(/Unused files \(1\)\s+domain\/money\/forgotten\.ts/);
    expect(output).toMatch(/Unused exports \(1\)\s+unused\s+domain\/money\/money\.ts/);
  });

  it('fails on a promise that is not awaited, an any and a missing case', async () => {
    const folder = await plant({
      'apps/proxy/a.ts': [
        'async function settle(): Promise<void> {',
        "  await import('node:fs');",
        '}',
        'export function start(input: any): void {',
        '  settle();',
        "  const kind: 'a' | 'b' = input;",
        '  switch (kind) {',
        "    case 'a':",
        '      settle().catch(() => undefined);',
        '  }',
        '}',
        '',
      ].join('\n'),
    });
    const { code, output } = await run(folder, 'biome', ['check', '--error-on-warnings']);
    expect(code).toBe(1);
    expect(output).toContain('lint/nursery/noFloatingPromises');
    expect(output).toContain('lint/suspicious/noExplicitAny');
    expect(output).toContain('lint/nursery/useExhaustiveSwitchCases');
  });

  it("fails on a provider's field, SQL, an adapter in the console and a cycle", async () => {
    const folder = await plant({
      'adapters/log/log.ts': 'export const log = 1;\n',
      'apps/console/page.ts': "import '@tollgate/adapters/log/log.ts';\n",
      'apps/proxy/call/a.ts': 'export const limit = (body: any) => body.max_tokens;\n',
      'apps/projector/a.ts': "export const sql = 'SELECT 1 FROM tollgate.fence';\n",
      'domain/usage/a.ts': "import { b } from './b.ts';\nexport const a = () => b;\n",
      'domain/usage/b.ts': "import { a } from './a.ts';\nexport const b = () => a;\n",
    });
    const rules = join(ROOT, 'tests/house/house-rules.ts');
    const { code, output } = await run(folder, 'node', [rules, folder]);
    expect(code).toBe(1);
    expect(output).toContain(
      'apps/console/page.ts:1 [layers] apps/console may not import adapters',
    );
    expect(output).toContain('apps/proxy/call/a.ts:1 [dialect] max_tokens');
    expect(output).toContain('apps/projector/a.ts:1 [sql]');
    expect(output).toContain('domain/usage/a.ts:1 [cycle] domain/usage/a.ts → domain/usage/b.ts');
  });

  it('fails on a package of the lockfile that has no hash', async () => {
    const lockfile = JSON.parse(
      await readFile(join(ROOT, 'package-lock.json'), 'utf8'),
    ) as Lockfile;
    const check = async (text: string) => {
      const folder = await plant({ 'package-lock.json': text });
      const main = join(ROOT, 'tests/house/supply-chain-main.ts');
      return run(folder, 'node', [main, join(folder, 'package-lock.json')]);
    };
    expect(await check(JSON.stringify(lockfile))).toMatchObject({ code: 0 });
    const { integrity, ...zod } = lockfile.packages['node_modules/zod'] ?? {};
    const without = { packages: { ...lockfile.packages, 'node_modules/zod': zod } };
    const { code, output } = await check(JSON.stringify(without));
    expect([code, output]).toEqual([
      1,
      expect.stringContaining('node_modules/zod: has no SHA-512 to verify'),
    ]);
    expect(integrity).toMatch(/^sha512-/);
  });
});
