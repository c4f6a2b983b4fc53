/** The billing API on the real embedded stores, in folders of its own, and requests to it. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PayloadStore } from '@tollgate/adapters/payloads/payloads.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import { openReplayKeys } from '@tollgate/adapters/secrets/replay-keys.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { type House, openHouse } from '@tollgate/projector/testing/projector-house.ts';
import type { NamedModels } from '@tollgate/schemas/routes/route-terms.ts';
import { buildApi } from '../app.ts';

export type ApiHouse = Awaited<ReturnType<typeof openApiHouse>>;

export type ApiHouseOptions = {
  /** Unix ms. Default: the machine's clock. */
  clock?: () => number;
  /** The warehouse as the API sees it. Default: as it is. */
  between?: (warehouse: Warehouse) => Warehouse;
  /** What calls say; the test closes it. Default: none is kept. */
  payloads?: PayloadStore;
  /** Those that the configuration names. Default: none. */
  models?: NamedModels;
  /** Stores that are there already; the house closes them. */
  stores?: House;
};

export async function openApiHouse(options: ApiHouseOptions = {}) {
  const { clock = () => Date.now(), between = (warehouse) => warehouse } = options;
  const stores = options.stores ?? (await openHouse());
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-api-'));
  const secrets = openSecrets(join(folder, 'secrets.json'));
  const token = secrets.newAdminToken ?? '';
  const { ledger, log } = stores;
  const api = await buildApi({
    ...{ ledger, log, warehouse: between(stores.warehouse), secrets, clock },
    replayKeys: openReplayKeys(null, clock),
    randomBytes: (length) => randomBytes(length),
    onError: () => undefined,
    health: async () => ({ ready: true, checks: {} }),
    payloads: options.payloads,
    models: options.models ?? {},
  });

  async function send<T>(
    request: { method: 'GET' | 'POST' | 'PATCH'; url: string; payload?: string },
    headers: Record<string, string | string[]>,
  ): Promise<{ status: number; json: T }> {
    const ours = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const answer = await api.app.inject({ ...request, headers: { ...ours, ...headers } });
    return { status: answer.statusCode, json: JSON.parse(answer.body) as T };
  }

  return {
    ...{ stores, api, token },
    get: <T>(url: string) => send<T>({ method: 'GET', url }, {}),
    /** @param body text goes as it is; anything else as JSON */
    post: <T>(url: string, body: unknown, headers: Record<string, string | string[]> = {}) => {
      const payload = typeof body === 'string' ? body : JSON.stringify(body);
      return send<T>({ method: 'POST', url, payload }, headers);
    },
    patch: <T>(url: string, body: unknown) =>
      send<T>({ method: 'PATCH', url, payload: JSON.stringify(body) }, {}),
    async close(): Promise<void> {
      await api.stop();
      await stores.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
