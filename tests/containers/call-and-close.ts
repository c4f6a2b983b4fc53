/**
 * A customer's month through the containers: calls with the official SDK through the gateway, the
 * period closed through the API, and the invoice held against the simulator's own bill.
 */
import { type AdminClient, adminClient } from '@tollgate/standalone/admin-client.ts';
import { rollups, until } from '@tollgate/standalone/demo/audit.ts';
import {
  assertEqual,
  type BillLine,
  type Figures,
  sum,
} from '@tollgate/standalone/demo/figures.ts';
import OpenAI from 'openai';

const CALLS = 12;
/** Each of the two proxies has the key: the balancer spreads these over both. */
const PROBES = 8;

export type Running = {
  gatewayUrl: string;
  apiUrl: string;
  adminToken: string;
  /** The bill as the simulator has it on its disk. */
  bill(): Promise<BillLine[]>;
};

type Key = { customerId: string; secret: string };
type Invoice = { currency: string; total_minor: number; lines: Figures[] };

/** A key with a hard budget, which every proxy has heard of. */
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

/** @returns one sentence with the sums, which are the same in every place */
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
  const { snapshot, invoice } = await closePeriod(api, key.customerId);
  const places = {
    "simulator's bill": billed,
    'roll-ups': applied,
    snapshot,
    invoice: sum(invoice.lines),
  };
  assertEqual(places);
  return `${Object.keys(places).join(' = ')}: ${billed.requests} calls, $${billed.cost}`;
}

async function closePeriod(api: AdminClient, customerId: string) {
  const { data } = await api.get<{ data: { id: string; status: string }[] }>(
    `/v1/periods?customer_id=${customerId}`,
  );
  const open = data.find(({ status }) => status === 'open');
  if (open === undefined) throw new Error('the customer has no open period');
  const at = new Date().toISOString();
  const closed = await api.post<{ snapshot_id: string; invoice_id: string }>(
    `/v1/periods/${open.id}/close`,
    { at },
  );
  const { body } = await api.get<{ body: string }>(`/v1/snapshots/${closed.snapshot_id}`);
  const invoice = await api.get<Invoice>(`/v1/invoices/${closed.invoice_id}`);
  return { snapshot: (JSON.parse(body) as { totals: Figures }).totals, invoice };
}
