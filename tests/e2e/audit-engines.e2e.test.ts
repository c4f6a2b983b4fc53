/**
 * The commands audit and rebuild on engines that tollgate.yaml names, over the stores of a demo
 * that ran on them: only ClickHouse's engine behind HTTP, and the same with a real Kafka and the
 * stand-in for EventStoreDB.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { runAudit } from '@tollgate/audit/audit.ts';
import { CommandError } from '@tollgate/cli/command.ts';
import { rebuild } from '@tollgate/cli/commands/rebuild/rebuild.ts';
import { type OpenStores, openStores } from '@tollgate/cli/stores.ts';
import { projectorLimits } from '@tollgate/projector/limits.ts';
import { claimPartitions } from '@tollgate/projector/partition-claim.ts';
import { runScenario } from '@tollgate/standalone/scenario/scenario.ts';
import { builtInShapes } from '@tollgate/standalone/scenario/workload.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { startClickhouseShim } from '../engines/clickhouse-shim.ts';
import { kafkaUnavailable } from '../engines/kafka-jars.ts';
import { startEngines } from '../engines/stack.ts';
import { lastLineOf, operatorCommand } from './operator-command.ts';

const unavailable = kafkaUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: audit on Kafka. ${unavailable}`);

let folder: string;
let data: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-audit-engines-'));
  data = join(folder, 'data');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

async function demoOn(config: string): Promise<void> {
  const quiet = () => undefined;
  const options = { data, config, proxies: 2, speed: 0, say: quiet, progress: quiet };
  const { platform } = await runScenario({ ...options, shapes: builtInShapes(60) });
  await platform.stop();
}

/** `npm run tollgate -- …` @returns its exit code and what it said */
async function operator(...args: string[]): Promise<[number, string]> {
  const [code, said] = await operatorCommand(...args, '--data', data);
  return [code, lastLineOf(said)];
}

async function withStores<T>(config: string, work: (stores: OpenStores) => Promise<T>): Promise<T> {
  const stores = await openStores(data, loadConfig(config));
  try {
    return await work(stores);
  } finally {
    await stores.close();
  }
}

/**
 * Deletes a row behind the product's back; the audit names the row, and a rebuild brings it back.
 */
async function findsAndMends(config: string, batch: number): Promise<void> {
  expect(await operator('audit', '--config', config)).toEqual([0, 'No differences.']);
  await withStores(config, async (stores) => {
    const [row] = await stores.warehouse.query<{ partition: number; at: string }>(
      `SELECT partition, toString(\`offset\`) AS at FROM tollgate.raw_usage
       WHERE type = 'attempt' ORDER BY partition, at LIMIT 1`,
    );
    await stores.warehouse.command(
      `ALTER TABLE tollgate.raw_usage DELETE WHERE partition = ${row?.partition}
       AND \`offset\` = ${row?.at} SETTINGS mutations_sync = 2`,
    );
    expect((await runAudit(stores)).differences).toContainEqual({
      store: 'raw',
      place: `0/${row?.partition}/${row?.at}`,
      finding: 'no row for this record',
    });
  });
  const [code, said] = await operator('rebuild', '--config', config, '--batch', `${batch}`);
  expect([code, said]).toEqual([0, expect.stringMatching(/^Rebuilt [1-9]\d* rows/)]);
  expect(await operator('audit', '--config', config)).toEqual([0, 'No differences.']);
}

describe('audit and rebuild on engines', () => {
  it('I5: the warehouse over HTTP, also when a projector runs against the rules', async () => {
    const shim = await startClickhouseShim();
    try {
      const config = join(folder, 'tollgate.yaml');
      const warehouse = { clickhouse: { url: shim.url } };
      writeFileSync(config, stringify({ engines: { warehouse }, projectors: 1 }));
      await demoOn(config);
      await findsAndMends(config, 7);
      await withStores(config, async (stores) => {
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

  it.skipIf(unavailable !== null)(
    'I5: log, ledger and warehouse on servers',
    async () => {
      const engines = await startEngines({
        folder: join(folder, 'stack'),
        partitions: 16,
        projectors: 1,
      });
      try {
        await demoOn(engines.config);
        await findsAndMends(engines.config, 100);
      } finally {
        await engines.stop();
      }
    },
    240_000,
  );
});
