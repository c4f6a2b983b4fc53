/** The ledger that the configuration names: EventStoreDB, or the embedded one in the data folder. */
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { dataFolder } from '../config/data-folder.ts';
import { resolveSecret } from '../config/load-config.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { openSqliteLedger } from '../ledger/sqlite-ledger.ts';

/**
 * @throws Error if it cannot be opened; a server that is only unreachable is no error if it
 *   `mayBeAway`
 */
export async function openLedger(options: {
  config: Pick<TollgateConfig, 'engines'>;
  data: string;
  logger: { warn(fields: object, message: string): void };
  mayBeAway?: boolean;
}): Promise<Ledger> {
  const eventstore = options.config.engines.ledger?.eventstoredb;
  if (eventstore === undefined) return openSqliteLedger({ path: dataFolder(options.data).ledger });
  const connectionString = resolveSecret(eventstore.connection_string, process.env);
  const { logger, mayBeAway = false } = options;
  // Loaded only where it is used, as the log's client is.
  const { openEventStoreLedger } = await import('../ledger/eventstore-ledger.ts');
  return openEventStoreLedger({ connectionString, logger, mayBeAway });
}
