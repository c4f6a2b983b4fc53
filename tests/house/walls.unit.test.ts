/** The walls between the rooms: planted violations are found, and what is next to them is not. */
import { describe, expect, it } from 'vitest';
import { checkDialectFields } from './dialect-fields.ts';
import { checkLayers } from './layers.ts';
import { type Finding, parseModule, type SourceModule } from './source-tree.ts';
import { checkSqlRoom } from './sql-room.ts';

function found(rule: (modules: readonly SourceModule[]) => Finding[], path: string, text: string) {
  const others = {
    'adapters/log/log.ts': 'export const log = 1;',
    'apps/audit/audit.ts': 'export const audit = 1;',
    'apps/billing-api/app.ts': 'export const app = 1;',
    'apps/projector/projector.ts': 'export const projector = 1;',
    'apps/proxy/app.ts': 'export const app = 1;',
    'apps/standalone/demo/stack.ts': 'export const stack = 1;',
    'domain/money/money.ts': 'export const pico = 1n;',
    'schemas/http/usage.ts': 'export const usage = 1;',
    'simulator/start.ts': 'export const start = 1;',
  };
  const modules = Object.entries({ ...others, [path]: text }).map(([name, content]) =>
    parseModule(name, content),
  );
  return rule(modules).map((one) => one.path);
}

describe('who may import whom among the apps', () => {
  it.each([
    ['apps/console/page.ts', '@tollgate/schemas/http/usage.ts'],
    ['apps/audit/a.ts', '@tollgate/projector/projector.ts'],
    ['apps/audit/a.ts', '@tollgate/billing-api/app.ts'],
    ['apps/cli/commands/doctor/command.ts', '@tollgate/audit/audit.ts'],
    ['apps/cli/commands/doctor/command.ts', '@tollgate/adapters/log/log.ts'],
    ['apps/standalone/core-main.ts', '@tollgate/projector/projector.ts'],
    ['apps/standalone/supervisor.ts', '@tollgate/simulator/start.ts'],
    ['tests/e2e/a.e2e.test.ts', '@tollgate/audit/audit.ts'],
    ['apps/standalone/demo/main.ts', './stack.ts'],
  ])('%s may import %s', (path, specifier) => {
    expect(found(checkLayers, path, `import '${specifier}';`)).toEqual([]);
  });

  it.each([
    ['apps/console/page.ts', '@tollgate/adapters/log/log.ts'],
    ['apps/console/page.ts', '@tollgate/domain/money/money.ts'],
    ['apps/console/page.ts', '@tollgate/billing-api/app.ts'],
    ['apps/console/page.ts', 'fastify'],
    ['apps/console/page.ts', 'node:fs'],
    ['apps/proxy/a.ts', '@tollgate/projector/projector.ts'],
    ['apps/projector/a.ts', '@tollgate/billing-api/app.ts'],
    ['apps/billing-api/a.ts', '@tollgate/audit/audit.ts'],
    ['apps/audit/a.ts', '@tollgate/proxy/app.ts'],
    ['apps/audit/a.ts', '@tollgate/simulator/start.ts'],
    ['apps/cli/commands/doctor/command.ts', '@tollgate/proxy/app.ts'],
    ['apps/cli/commands/doctor/command.ts', '@tollgate/simulator/start.ts'],
    ['simulator/a.ts', '@tollgate/audit/audit.ts'],
    ['tests/chaos/verdict.ts', '@tollgate/standalone/demo/stack.ts'],
  ])('%s may not import %s', (path, specifier) => {
    expect(found(checkLayers, path, `import '${specifier}';`)).toEqual([path]);
  });

  it('a cycle is found through a type, through other rooms, and through an import on demand', () => {
    const modules = Object.entries({
      'apps/cli/a.ts': "import type { B } from './b.ts'; export type A = B;",
      'apps/cli/b.ts': "export type { A as B } from './a.ts';",
      'apps/audit/c.ts': "export const late = () => import('./d.ts');",
      'apps/audit/d.ts': "import { late } from './c.ts'; export const d = late;",
    }).map(([path, text]) => parseModule(path, text));
    expect(checkLayers(modules).map(({ rule, message }) => [rule, message])).toEqual([
      ['cycle', 'apps/cli/a.ts → apps/cli/b.ts → apps/cli/a.ts'],
      ['cycle', 'apps/audit/c.ts → apps/audit/d.ts → apps/audit/c.ts'],
    ]);
  });
});

describe("a field of a provider's body", () => {
  const CODE = [
    'const { choices } = body;',
    'body.choices.length;',
    "body['max_tokens'];",
    'body?.usage?.prompt_tokens;',
    'const sent = { stream_options: true };',
    "const sent = { 'stream_options': true };",
    "const names = ['tool_calls'];",
    'type Answer = { finish_reason: string };',
    'const text = \'{"messages":[]}\';',
    `const text = \`{"model":"\${name}","max_completion_tokens":\${most}}\`;`,
    'class Request { messages = []; }',
  ];

  it.each(CODE)('is found outside of the dialects: %s', (text) => {
    const path = 'apps/proxy/call/a.ts';
    expect(found(checkDialectFields, path, text)).toContain(path);
    expect(found(checkDialectFields, 'adapters/provider/a.ts', text)).not.toEqual([]);
    expect(found(checkDialectFields, 'apps/billing-api/a.ts', text)).not.toEqual([]);
  });

  it.each(CODE)(
    'may be named by a dialect, the readers of usage, clients and tests: %s',
    (text) => {
      for (const path of [
        'apps/proxy/dialects/openai/a.ts',
        'domain/usage/openai-usage.ts',
        'apps/standalone/scenario/a.ts',
        'apps/proxy/call/a.int.test.ts',
      ]) {
        expect(found(checkDialectFields, path, text)).toEqual([]);
      }
    },
  );

  it.each([
    'event.reasoning_tokens;',
    'config.max_output_tokens;',
    'const messages = ["ours"]; messages.push("a local name");',
    "const text = 'there are no choices left';",
  ])('is not seen in our own names: %s', (text) => {
    expect(found(checkDialectFields, 'apps/proxy/call/a.ts', text)).toEqual([]);
  });
});

describe('SQL', () => {
  const CODE = [
    "warehouse.query('SELECT 1 FROM tollgate.fence');",
    `const sql = \`SELECT \${names} FROM \${table}\`;`,
    "const part = 'tollgate.raw_usage';",
    `const sql = \`ALTER TABLE \${table} DELETE WHERE 1\`;`,
    "const sql = 'INSERT INTO x VALUES (1)';",
    `const sql = \`CREATE OR REPLACE VIEW \${name} AS\`;`,
    `const sql = \`EXCHANGE TABLES \${a} AND \${b}\`;`,
    "const sql = 'DROP DATABASE IF EXISTS tollgate_audit';",
  ];

  it.each(CODE)('is found outside of its room: %s', (text) => {
    for (const path of [
      'apps/projector/a.ts',
      'apps/billing-api/routes/sql/a.ts',
      'adapters/journal/a.ts',
      'domain/usage/a.ts',
    ]) {
      expect(found(checkSqlRoom, path, text)).toEqual([path]);
    }
  });

  it.each(CODE)('may be written in its rooms, and in tests: %s', (text) => {
    for (const path of [
      'adapters/warehouse/queries/a.ts',
      'adapters/ledger/sqlite-ledger-worker.ts',
      'apps/projector/a.int.test.ts',
    ]) {
      expect(found(checkSqlRoom, path, text)).toEqual([]);
    }
  });

  it.each([
    "const help = 'names the engines (default: ./tollgate.yaml)';",
    "const refusal = 'Send one SELECT, without FORMAT';",
    "const text = 'select a plan from the list';",
    "import a from '@tollgate/domain/money/money.ts';",
  ])('is not seen in plain text: %s', (text) => {
    expect(found(checkSqlRoom, 'apps/cli/a.ts', text)).toEqual([]);
  });
});
