/** The ledger that the configuration names: EventStoreDB, or the embedded one in the data folder. */
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { dataFolder } from '../config/data-folder.ts';
import { resolveSecret } from '../config/load-config.ts';
import { openEventStoreLedger } from '../ledger/eventstore-ledger.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts';

/** @throws Error if it cannot be opened */
export function openLedger(options: {
  config: Pick<TollgateConfig, 'engines'>;
  data: string;
  logger: { warn(fields: object, message: string): void };
}): Promise<Ledger> {
  const eventstore = options.config.engines.ledger?.eventstoredb;
  if (eventstore === undefined) return openSqliteLedger({ path: dataFolder(options.data).ledger });
  const connectionString = resolveSecret(eventstore.connection_string, process.env);
  return openEventStoreLedger({ connectionString, logger: options.logger });
}
