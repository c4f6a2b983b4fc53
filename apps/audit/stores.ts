/** The stores of one installation that an audit compares. */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';

export type Stores = {
  log: Log;
  deadLetters: Log;
  ledger: Ledger;
  warehouse: Warehouse;
};
