/** `tollgate audit`: holds every store against the log and the ledger (apps/audit). */
import { runAudit } from '@tollgate/audit/audit.ts';
import type { Command } from '../../command.ts';
import { openStores } from '../../stores.ts';

export const auditCommand: Command = {
  name: 'audit',
  summary: `compute raw rows, roll-ups, budgets, snapshots and invoices again from the log
and the ledger, and name every difference to what is stored; changes nothing`,
  options: { json: { type: 'boolean', help: 'print the differences as JSON' } },
  async run({ config, data, values, print, say, progress }) {
    const stores = await openStores(data, config, progress);
    try {
      const { differences, count } = await runAudit(stores, progress);
      if (values['json'] === true) print(JSON.stringify({ count, differences }, null, 2));
      else
        for (const { store, place, finding } of differences) print(`${store} ${place}: ${finding}`);
      if (count > differences.length) say(`… and ${count - differences.length} more`);
      say(count === 0 ? 'No differences.' : `${count} differences.`);
      return count === 0 ? 0 : 1;
    } finally {
      await stores.close();
    }
  },
};
