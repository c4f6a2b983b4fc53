/**
 * A customer's month through the containers: calls with the official SDK through the gateway, the
 * period closed through the API, and the invoice compared with the simulator's own bill.
 */
import { adminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { closeAll } from '@tollgate/audit/bill/closing.ts';
import { assertEqual, type BillLine, sum } from '@tollgate/audit/bill/figures.ts';
import { rollups, until } from '@tollgate/audit/bill/steps.ts';
import OpenAI from 'openai';

const CALLS = 12;
/** Each of the two proxies has the key: the balancer spreads these calls over both. */
const PROBES = 8;

export type Running = {
  gatewayUrl: string;
  apiUrl: string;
  adminToken: string;
  /** The bill on the simulator's disk. */
  bill(): Promise<BillLine[]>;
};

type Key = { customerId: string; secret: string };

/** Makes a key with a hard budget, and waits until every proxy knows it. */
export async function makeKey(running: Running): Promise<Key> {
  const api = adminClient(running.apiUrl, running.adminToken);
  const { id: customerId } = await api.post<{ id: string }>('/v1/customers', {
    name: 'containers',
    markup_ppm: 200_000,
  });
  const key = await api.post<{ id: string; secret: string }>('/v1/keys', {
    customer_id: customerId,
    name: 'containers',
    environment: 'test',
  });
  await api.post('/v1/budgets', { scope: { type: 'key', id: key.id }, limit: '5' });
  const headers = { authorization: `Bearer ${key.secret}` };
  await until('every proxy knows the key', async () => {
    const probes = Array.from({ length: PROBES }, async () => {
      const { ok } = await fetch(`${running.gatewayUrl}/v1/models`, { headers });
      return ok;
    });
    return (await Promise.all(probes)).every((ok) => ok);
  });
  return { customerId, secret: key.secret };
}

/** Half of the calls stream. @throws Error if one fails, or answers nothing */
export async function makeCalls(running: Running, key: Key): Promise<void> {
  const client = new OpenAI({
    apiKey: key.secret,
    baseURL: `${running.gatewayUrl}/v1`,
    maxRetries: 0,
  });
  const request = {
    model: 'sim-small',
    messages: [{ role: 'user' as const, content: 'What is in a container?' }],
    max_completion_tokens: 40,
  };
  const whole = async () => {
    const { choices } = await client.chat.completions.create(request);
    return choices[0]?.message.content ?? '';
  };
  const streamed = async () => {
    let text = '';
    const stream = await client.chat.completions.create({ ...request, stream: true });
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? '';
    return text;
  };
  const answers = await Promise.all(
    Array.from({ length: CALLS }, (_, index) => (index % 2 === 0 ? whole() : streamed())),
  );
  if (answers.some((text) => text === '')) throw new Error('a call answered nothing');
}

/** @returns one sentence with the sums, which are equal in every place */
export async function closeAndCompare(
  running: Running,
  key: Key,
  startMs: number,
): Promise<string> {
  const api = adminClient(running.apiUrl, running.adminToken);
  const billed = sum(await running.bill());
  if (billed.requests !== CALLS) throw new Error(`the bill has ${billed.requests} calls`);
  let applied = sum([]);
  await until('every call has reached the roll-ups', async () => {
    applied = await rollups(api, startMs);
    return applied.requests === CALLS;
  });
  const { snapshots, invoices } = await closeAll(api, [key.customerId]);
  const places = {
    "simulator's bill": billed,
    'roll-ups': applied,
    snapshot: snapshots,
    invoice: invoices,
  };
  assertEqual(places);
  return `${Object.keys(places).join(' = ')}: ${billed.requests} calls, $${billed.cost}`;
}
