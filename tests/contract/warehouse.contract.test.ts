import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openChdbWarehouse } from '@tollgate/adapters/warehouse/chdb-warehouse.ts';
import { openClickhouseWarehouse } from '@tollgate/adapters/warehouse/clickhouse-warehouse.ts';
import { startClickhouseShim } from '../engines/clickhouse-shim.ts';
import { warehouseContract } from './warehouse.ts';

warehouseContract('chDB', {
  async fresh() {
    const folder = mkdtempSync(join(tmpdir(), 'tollgate-warehouse-'));
    return {
      open: () => openChdbWarehouse({ path: join(folder, 'warehouse') }),
      async dispose() {
        rmSync(folder, { recursive: true, force: true });
      },
    };
  },
});

warehouseContract('ClickHouse over HTTP (the engine is chDB behind a front)', {
  async fresh() {
    const shim = await startClickhouseShim();
    return {
      open: () => openClickhouseWarehouse({ url: shim.url }),
      dispose: () => shim.dispose(),
    };
  },
});
