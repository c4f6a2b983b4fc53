/** A warehouse that holds its user back, like a process that is stopped for a while. */
import { FENCED } from '@tollgate/adapters/warehouse/queries/fence.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';

/** Stops before the first statement of the first batch that goes through the fence. */
export function heldAtFence(warehouse: Warehouse) {
  const { promise: held, resolve: release } = Promise.withResolvers<void>();
  const { promise: atFence, resolve: reached } = Promise.withResolvers<void>();
  const holding: Warehouse = {
    ...warehouse,
    command: async (sql) => {
      if (sql.includes(FENCED)) {
        reached();
        await held;
      }
      return warehouse.command(sql);
    },
  };
  return { warehouse: holding, atFence, release };
}
