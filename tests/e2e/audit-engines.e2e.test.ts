/**
 * The commands audit and rebuild on ClickHouse's engine behind HTTP, over the stores of a demo that
 * ran on it. With log and ledger on servers too: `backup-servers.e2e.test.ts`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runAudit } from '@tollgate/audit/audit.ts';
import { CommandError } from '@tollgate/cli/command.ts';
import { rebuild } from '@tollgate/cli/commands/rebuild/rebuild.ts';
import { projectorLimits } from '@tollgate/projector/limits.ts';
import { claimPartitions } from '@tollgate/projector/partition-claim.ts';
import { runScenario } from '@tollgate/standalone/scenario/scenario.ts';
import { builtInShapes } from '@tollgate/standalone/scenario/workload.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startClickhouseShim } from '../engines/clickhouse-shim.ts';
import { findsAndRepairs, withStores } from './audit-house.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-audit-engines-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function demoOn(on: { data: string; config: string }): Promise<void> {
  const quiet = () => undefined;
  const options = { ...on, proxies: 2, speed: 0, say: quiet, progress: quiet };
  const { platform } = await runScenario({ ...options, shapes: builtInShapes(60) });
  await platform.stop();
}

describe('audit and rebuild on engines', () => {
  it('I5: the warehouse over HTTP, also when a projector runs against the rules', async () => {
    const shim = await startClickhouseShim();
    try {
      const on = { data: join(folder, 'data'), config: join(folder, 'tollgate.yaml') };
      const warehouse = { clickhouse: { url: shim.url } };
      writeFileSync(on.config, stringify({ engines: { warehouse }, projectors: 1 }));
      await demoOn(on);
      await findsAndRepairs(on, 23);
      await withStores(on, async (stores) => {
        const partitions = [3];
        const intruding = {
          ...stores.warehouse,
          query: stores.warehouse.query.bind(stores.warehouse),
          select: stores.warehouse.select.bind(stores.warehouse),
          syntaxTree: stores.warehouse.syntaxTree.bind(stores.warehouse),
          insertLines: stores.warehouse.insertLines.bind(stores.warehouse),
          loadLines: stores.warehouse.loadLines.bind(stores.warehouse),
          close: () => Promise.resolve(),
          async command(sql: string, params?: Record<string, unknown>) {
            await stores.warehouse.command(sql, params);
            if (!sql.startsWith('CREATE DATABASE tollgate_rebuild')) return;
            await claimPartitions({ ...stores, owner: 'another' }, partitions, projectorLimits);
          },
        };
        const refused = rebuild({ ...stores, warehouse: intruding }, {});
        await expect(refused).rejects.toThrow(CommandError);
        await expect(refused).rejects.toThrow('a projector has taken partition 3 meanwhile');
        expect((await runAudit(stores)).differences).toEqual([]);
      });
    } finally {
      await shim.dispose();
    }
  });
});
