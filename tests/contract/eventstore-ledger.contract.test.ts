/** The Ledger port's contract on EventStoreDB's client, over the stand-in for its server. */
import { openEventStoreLedger } from '@tollgate/adapters/ledger/eventstore-ledger.ts';
import { startEventStoreStandIn } from '../engines/eventstore-stand-in/server.ts';
import { ledgerContract } from './ledger.ts';

ledgerContract('EventStoreDB client on a stand-in server', {
  async fresh() {
    const standIn = await startEventStoreStandIn();
    const { connectionString } = standIn;
    const open = () => openEventStoreLedger({ connectionString });
    const ledger = await open();
    return {
      ledger,
      reopen: open,
      async dispose() {
        await ledger.close();
        await standIn.stop();
      },
    };
  },
});
