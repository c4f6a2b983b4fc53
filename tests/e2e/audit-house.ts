/** What audit and rebuild must do on every engine, by the operator's own commands. */

import { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { runAudit } from '@tollgate/audit/audit.ts';
import { type OpenStores, openStores } from '@tollgate/cli/stores.ts';
import { expect } from 'vitest';
import { lastLineOf, operatorCommand } from './operator-command.ts';

type Installation = { readonly data: string; readonly config: string };

async function withStores<T>(
  { data, config }: Installation,
  work: (stores: OpenStores) => Promise<T>,
): Promise<T> {
  const stores = await openStores(data, loadConfig(config));
  try {
    return await work(stores);
  } finally {
    await stores.close();
  }
}

/** @returns the exit code of `npm run tollgate -- …` and what it said last */
export async function commandOn(
  { data, config }: Installation,
  ...args: string[]
): Promise<[number, string]> {
  const [code, said] = await operatorCommand(...args, '--data', data, '--config', config);
  return [code, lastLineOf(said)];
}

/** Deletes a row behind the product's back; the audit names the row, a rebuild brings it back. */
export async function findsAndRepairs(on: Installation, batch: number): Promise<void> {
  expect(await commandOn(on, 'audit')).toEqual([0, 'No differences.']);
  await withStores(on, async (stores) => {
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
  const [code, said] = await commandOn(on, 'rebuild', '--batch', `${batch}`);
  expect([code, said]).toEqual([0, expect.stringMatching(/^Rebuilt [1-9]\d* rows/)]);
  expect(await commandOn(on, 'audit')).toEqual([0, 'No differences.']);
}
