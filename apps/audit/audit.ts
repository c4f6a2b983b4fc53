/**
 * What an operator runs after an incident, and what the fault tests call. It computes raw rows,
 * roll-ups, budgets, snapshots and invoices again from the log and the ledger, and names every
 * difference to what is stored. It changes nothing: its results are in a scratch database, which it
 * drops.
 */
import { dropScratchDatabase } from '@tollgate/adapters/warehouse/queries/scratch-database.ts';
import { auditBilling } from './billing.ts';
import { auditBudgets } from './budgets.ts';
import { type Difference, Differences } from './differences.ts';
import { auditLedger, auditLog } from './log-and-ledger.ts';
import { auditDeadLetters, auditRaw, auditRollups } from './raw-rows.ts';
import { buildScratch, readDeadLetters } from './scratch.ts';
import type { Stores } from './stores.ts';

const DATABASE = 'tollgate_audit';

export type AuditResult = { differences: Difference[]; count: number };

export async function runAudit(
  stores: Stores,
  say: (step: string) => void = () => undefined,
): Promise<AuditResult> {
  const { log, deadLetters, ledger, warehouse } = stores;
  const found = new Differences();
  say('reading the ledger');
  await auditLedger(ledger, found);
  say('reading the log');
  const ends = await auditLog(log, found);
  const letters = await readDeadLetters(deadLetters, (place, error) =>
    found.add('dead letters', place, `cannot be read: ${(error as Error).message}`),
  );
  say('projecting the log into scratch tables');
  const scratch = await buildScratch(stores, {
    database: DATABASE,
    ends,
    letters,
    // The audit changes nothing: a letter that is missing stays missing, and is found below.
    deadLetters: { append: async () => [] },
    onProgress: (rows, total) => say(`projecting the log: ${rows} of ${total} records`),
  });
  try {
    say('comparing raw rows');
    await auditRaw(warehouse, scratch, DATABASE, found);
    await auditDeadLetters(warehouse, letters, found);
    say('comparing roll-ups');
    await auditRollups(warehouse, DATABASE, found);
    say('comparing budgets');
    await auditBudgets(ledger, scratch, warehouse, found);
    say('comparing snapshots and invoices');
    await auditBilling(ledger, scratch, found);
  } finally {
    await dropScratchDatabase(warehouse, DATABASE);
  }
  return { differences: found.listed, count: found.count };
}
