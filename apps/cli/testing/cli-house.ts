/**
 * The command line in this process, and a real billing API for it to talk to. Requests go to the API by
 * calls: no port is listened on.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ApiHouseOptions, openApiHouse } from '@tollgate/billing-api/testing/api-house.ts';
import { type RunOptions, runInProcess } from './run-in-process.ts';

export type CliHouse = Awaited<ReturnType<typeof openCliHouse>>;

const URL_OF_HOUSE = 'http://tollgate.test';

export type CliHouseOptions = ApiHouseOptions & {
  /** Who answers elsewhere; undefined: the billing API does. */
  others?: (url: URL) => Response | undefined;
};

export async function openCliHouse({ others, ...options }: CliHouseOptions = {}) {
  const api = await openApiHouse(options);
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-cli-'));
  const home = join(folder, 'home');
  mkdirSync(home);
  const requests: string[] = [];
  const send: typeof fetch = async (input, init = {}) => {
    const url = new URL(String(input));
    const other = others?.(url);
    if (other !== undefined) return other;
    const { pathname, search } = url;
    requests.push(`${init.method} ${pathname}${search}`);
    const answer = await api.api.app.inject({
      ...{ method: (init.method ?? 'GET') as 'GET', url: pathname + search },
      headers: init.headers as Record<string, string>,
      ...(init.body === undefined ? {} : { payload: String(init.body) }),
    });
    const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
    return new Response(answer.rawPayload as Uint8Array<ArrayBuffer>, {
      status: answer.statusCode,
      headers: headers as [string, string][],
    });
  };
  const environment = {
    ...{ TOLLGATE_API_URL: URL_OF_HOUSE, TOLLGATE_ADMIN_TOKEN: api.token },
    TOLLGATE_PROXY_URL: URL_OF_HOUSE,
    ...{ HOME: home, TZ: 'Europe/Berlin' },
  };
  return {
    ...{ api, folder, requests, environment, fetch: send },
    run: (words: readonly string[], more: RunOptions = {}) =>
      runInProcess(words, {
        fetch: send,
        ...more,
        environment: { ...environment, ...more.environment },
      }),
    async close() {
      await api.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
