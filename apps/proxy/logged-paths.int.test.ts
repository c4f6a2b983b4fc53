/** What of a request reaches a log line when serving it fails: nothing that a client wrote. */
import { formatKeySecret } from '@tollgate/domain/key/key-secret.ts';
import type { FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildProxy, type ProxyAppOptions } from './app.ts';
import { LedgerView } from './ledger-view/ledger-view.ts';
import { proxyLimits } from './limits.ts';

const SECRET = formatKeySecret('live', new Uint8Array(32).fill(7));
/** The random part alone is the secret. */
const RANDOM_PART = SECRET.slice(8, -6);

let app: FastifyInstance;
const lines: string[] = [];

beforeAll(() => {
  app = buildProxy({
    deps: { directory: new LedgerView(16), limits: proxyLimits, onRefused: () => undefined },
    calls: {
      admit: () => {
        throw new Error('the ledger view is broken');
      },
    },
    health: async () => ({ ready: true, checks: {} }),
    logger: {
      error: ({ err, ...fields }: { err: Error }, message: string) =>
        lines.push(JSON.stringify({ ...fields, message, err: err.stack })),
    },
  } as unknown as ProxyAppOptions);
});
afterAll(() => app.close());

it('I12: a key in a path, a query or a header is in no log line, though the call fails', async () => {
  const urls = [
    `/v1/chat/completions?key=${SECRET}`,
    `/v1/models?api_key=${encodeURIComponent(SECRET)}`,
    `/v1/${SECRET}/chat/completions`,
    `/${SECRET}`,
  ];
  const statuses: number[] = [];
  for (const url of urls) {
    for (const method of ['GET', 'POST'] as const) {
      const headers = { authorization: `Bearer ${SECRET}`, 'x-api-key': SECRET, referer: url };
      statuses.push((await app.inject({ method, url, headers })).statusCode);
    }
  }
  // Those that fail are logged, by the name of their route.
  expect(statuses).toEqual([405, 500, 500, 405, 404, 404, 404, 404]);
  expect(lines.map((line) => (JSON.parse(line) as { route: string }).route)).toEqual([
    ...['/v1/chat/completions', '/v1/models'],
  ]);
  expect(lines.filter((line) => line.includes(RANDOM_PART))).toEqual([]);
});
