/** What the tests of backup and restore do to a running product, embedded or on servers. */
import type { AdminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { until } from './platform-house.ts';

const CONNECTIONS = 8;

export async function invoicesOf(api: AdminClient): Promise<object[]> {
  const { data: listed } = await api.get<{ data: { id: string }[] }>('/v1/invoices');
  return Promise.all(listed.map(({ id }) => api.get<object>(`/v1/invoices/${id}`)));
}

/** @returns the secret of a key that works already */
export async function newKey(api: AdminClient, proxyUrl: string): Promise<string> {
  const customer = await api.post<{ id: string }>('/v1/customers', { name: 'backed up' });
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
    customer_id: customer.id,
    name: 'k',
  });
  await api.post('/v1/budgets', { scope: { type: 'key', id: key.id }, limit: '10' });
  await until('the key works', async () => (await call(proxyUrl, key.secret)) !== null);
  return key.secret;
}

/**
 * Backs up while calls run: before, during and after the backup.
 *
 * @returns the calls that were answered before it began
 */
export async function backUpUnderLoad(
  proxyUrl: string,
  secret: string,
  backUp: () => Promise<void>,
): Promise<string[]> {
  const traffic = load(proxyUrl, secret);
  await until('calls are answered', async () => traffic.answered.length > 50);
  const before = [...traffic.answered];
  await backUp();
  const during = traffic.answered.length;
  await until('it goes on', async () => traffic.answered.length > during + 50);
  await traffic.stop();
  return before;
}

/** @returns the call's id, or null if it was refused */
export async function call(proxyUrl: string, secret: string): Promise<string | null> {
  const response = await fetch(`${proxyUrl}/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'sim-small', messages: [{ role: 'user', content: 'hi' }] }),
  });
  await response.arrayBuffer();
  return response.ok ? response.headers.get('x-tollgate-call-id') : null;
}

/** Calls without a pause on several connections. */
function load(proxyUrl: string, secret: string) {
  const answered: string[] = [];
  let stopped = false;
  const loops = Array.from({ length: CONNECTIONS }, async () => {
    while (!stopped) {
      const id = await call(proxyUrl, secret);
      if (id !== null) answered.push(id);
    }
  });
  const ended = Promise.all(loops);
  // `stop` reports a failure; until then it must not end the process.
  ended.catch(() => undefined);
  return {
    answered,
    async stop() {
      stopped = true;
      await ended;
    },
  };
}
