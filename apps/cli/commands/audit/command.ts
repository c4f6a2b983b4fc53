/** `tollgate audit`: holds every store against the log and the ledger (apps/audit). */
import type { Command } from '../../command.ts';

export const auditCommand: Command = {
  name: 'audit',
  summary: 'compute everything again from log and ledger, and name every difference',
  detail: `Raw rows, roll-ups, budgets, snapshots and invoices are computed again from the log and the ledger, and
every difference to what is stored is named. Changes nothing. Stop Tollgate first: it refuses to run on a
data folder that is in use. On servers, stop the proxies and projectors yourself: otherwise it reports usage
that is still on its way as a difference.`,
  examples: [
    { line: 'tollgate audit', help: 'the installation in ./.tollgate' },
    { line: 'tollgate audit --data /var/lib/tollgate --json', help: 'another one, for a program' },
  ],
  async run({ installation, output, print, say, progress }) {
    const { openStores } = await import('../../stores.ts');
    const { runAudit } = await import('@tollgate/audit/audit.ts');
    const { config, data } = await installation();
    const stores = await openStores(data, config, progress);
    try {
      const { differences, count } = await runAudit(stores, progress);
      if (output.isJson) print(JSON.stringify({ count, differences }));
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
