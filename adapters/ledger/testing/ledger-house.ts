/** An embedded ledger in a folder of its own, and ways for its answers to get lost. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Ledger } from '../ledger.ts';
import { openSqliteLedger } from '../sqlite-ledger.ts';

export type LedgerHouse = { ledger: Ledger; close(): Promise<void> };

export async function openLedgerHouse(): Promise<LedgerHouse> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-ledger-'));
  const ledger = await openSqliteLedger({ path: join(folder, 'ledger.db') });
  return {
    ledger,
    async close() {
      await ledger.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What becomes of the next appends, in order; those after them go through. */
export type AppendFate =
  /** It does not arrive. */
  | 'lost'
  /** It arrives, and its answer does not. */
  | 'answer_lost'
  /** Something else comes first. */
  | (() => Promise<unknown>);

export function withFates(ledger: Ledger, fates: readonly AppendFate[]): Ledger {
  const left = [...fates];
  return {
    ...ledger,
    async append(stream, expected, events) {
      const fate = left.shift();
      if (fate === 'lost') throw new Error('lost');
      if (typeof fate === 'function') await fate();
      const result = await ledger.append(stream, expected, events);
      if (fate === 'answer_lost') throw new Error('answer lost');
      return result;
    },
  };
}
