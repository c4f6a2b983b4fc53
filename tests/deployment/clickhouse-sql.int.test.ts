/**
 * SQL for a ClickHouse server, which this machine does not have. The engine parses each statement
 * and runs none. That finds misspelt privileges, engines and settings.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { CLUSTER_SETTINGS, onCluster } from '@tollgate/adapters/warehouse/cluster-schema.ts';
import { migrations } from '@tollgate/adapters/warehouse/migrations.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const USERS_FILE = new URL('../../deploy/clickhouse/users.sql', import.meta.url);
const schema = migrations.flatMap(({ statements }) => statements);
const users = readFileSync(USERS_FILE, 'utf8')
  .replaceAll(/^--.*$/gm, '')
  .split(';')
  .map((statement) => statement.trim())
  .filter((statement) => statement !== '');

describe('the SQL for a ClickHouse server', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-parse-'));
  let engine: Warehouse;
  beforeAll(async () => {
    engine = await openChdbWarehouse({ path: join(folder, 'warehouse') });
  });
  afterAll(async () => {
    await engine.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const kindsOf = async (statements: readonly string[]): Promise<string[]> => {
    const kinds: string[] = [];
    for (const statement of statements) {
      const [first = ''] = await engine.syntaxTree(statement);
      kinds.push(first.split(' ')[0] ?? '');
    }
    return kinds;
  };

  it('every statement of the cluster form is parsed as one', async () => {
    const statements = schema.flatMap((statement) => onCluster(statement, 'main'));
    const kinds = statements.map((text) =>
      text.startsWith('ALTER') ? 'AlterQuery' : 'CreateQuery',
    );
    expect(await kindsOf(statements)).toEqual(kinds);
  });

  it('every statement for the users is parsed as one', async () => {
    const known = [
      'CreateQuotaQuery',
      'CreateRoleQuery',
      'CreateSettingsProfileQuery',
      'CreateUserQuery',
      'GrantQuery',
    ];
    const kinds = new Set(await kindsOf(users));
    expect([...kinds].sort()).toEqual(known);
    await expect(engine.syntaxTree('GRANT SELCT ON a.* TO b')).rejects.toMatchObject({
      code: '62',
    });
  });

  it('the writer may insert into each table of the projector, and create only its own tables', () => {
    const granted = users.flatMap((statement) => {
      const [, privileges, table] =
        /^GRANT (.+) ON (\S+) TO tollgate_writer$/.exec(statement) ?? [];
      return privileges?.includes('INSERT') ? [table] : [];
    });
    const made = schema.flatMap((statement) => {
      const [, table] = /CREATE TABLE IF NOT EXISTS (\S+)/.exec(statement) ?? [];
      return table === undefined ? [] : [table];
    });
    const shards = ['tollgate.raw_usage_local', 'tollgate.rollup_15m_local'];
    expect(granted.sort()).toEqual([...made, ...shards, 'tollgate.stage_*'].sort());
    const creating = users.filter((sql) => /CREATE TABLE.*TO tollgate_writer/.test(sql));
    expect(creating).toEqual([
      'GRANT CREATE TABLE, DROP TABLE, TRUNCATE, INSERT ON tollgate.stage_* TO tollgate_writer',
    ]);
  });

  it('the profile for a cluster sets what the warehouse asks for', () => {
    const profile = users.find((sql) => sql.includes('PROFILE IF NOT EXISTS tollgate_cluster'));
    const set = Object.fromEntries(
      [...(profile ?? '').matchAll(/(\w+) = '?(\w+)'?/g)].map(([, name, value]) => [name, value]),
    );
    expect(set).toEqual(CLUSTER_SETTINGS);
  });
});
