/**
 * The demo's Stripe: the fake of the simulator, in this process. Invoices are exported to it, customers pay
 * there, and its webhooks come twice and in reverse. What its lines say is compared with all other places.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { AdminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { loadConfig } from '@tollgate/adapters/config/load-config.ts';
import { BUCKETS, type Figures, sum } from '@tollgate/audit/bill/figures.ts';
import { machineClock } from '@tollgate/simulator/stripe/clock.ts';
import { type RunningStripe, startStripe } from '@tollgate/simulator/stripe/start.ts';

const SECRET_KEY = 'sk_test_demo';
/** How long exports and payments may take, ms. */
const WAIT_MS = 60_000;
const POLL_MS = 100;

export type DemoStripe = {
  /** A `tollgate.yaml` with payments. */
  config: string;
  /** @returns the figures of all its lines @throws Error naming the first thing that differs */
  bill(api: AdminClient, apiUrl: string, invoices: readonly Issued[]): Promise<Figures>;
  stop(): Promise<void>;
};

type Issued = { id: string; total_minor: number };

/** @param base a `tollgate.yaml` that names the engines; undefined: all embedded */
export async function startDemoStripe(base: string | undefined): Promise<DemoStripe> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-demo-stripe-'));
  const fake = await startStripe({ clock: machineClock });
  const endpoint = await post(fake, '/v1/webhook_endpoints', {
    ...{ url: 'http://127.0.0.1:1', 'enabled_events[0]': '*' },
  });
  const file = (name: string, text: string) => {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    return path;
  };
  const stripe = {
    secret_key: { file: file('secret-key', SECRET_KEY) },
    webhook_secret: { file: file('webhook-secret', endpoint['secret'] ?? '') },
    base_url: fake.url,
    zero_invoices: 'invoice',
  };
  const engines = base === undefined ? {} : loadConfig(base);
  const config = file('tollgate.yaml', JSON.stringify({ ...engines, payments: { stripe } }));
  return {
    config,
    async bill(api, apiUrl, invoices) {
      const url = `${apiUrl}/v1/stripe/webhooks`;
      await post(fake, `/v1/webhook_endpoints/${endpoint['id']}`, { url });
      return await exported(fake, api, invoices);
    },
    async stop() {
      await fake.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function post(
  { url }: RunningStripe,
  path: string,
  form: Record<string, string>,
): Promise<Record<string, string>> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRET_KEY}` },
    body: new URLSearchParams(form),
  });
  if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
  return (await answer.json()) as Record<string, string>;
}

type Exported = {
  state: string;
  external_id: string | null;
  stopped: { detail: string } | null;
  payment: { status: string } | null;
};

async function exported(
  fake: RunningStripe,
  api: AdminClient,
  invoices: readonly Issued[],
): Promise<Figures> {
  for (const { id } of invoices) await api.post(`/v1/invoices/${id}/export`, {});
  for (const { id } of invoices) {
    const { external_id, payment } = await until(api, id, ({ state }) => state === 'done');
    if (external_id === null) throw new Error(`${id} has no invoice in Stripe`);
    if (payment?.status === 'open') {
      fake.dashboard.failPayment(external_id);
      fake.dashboard.pay(external_id);
    }
  }
  const deliveries = await fake.webhooks.deliver((all) => [...all, ...all].reverse());
  const refused = deliveries.find(({ status }) => status !== 200);
  if (refused !== undefined) throw new Error(`${refused.type} was answered with ${refused.status}`);
  for (const { id } of invoices) {
    await until(api, id, ({ payment }) => payment?.status === 'paid');
  }
  return figuresOf(fake, invoices);
}

async function until(
  api: AdminClient,
  id: string,
  isReached: (exported: Exported) => boolean,
): Promise<Exported> {
  const endMs = performance.now() + WAIT_MS;
  for (;;) {
    const { export: now } = await api.get<{ export: Exported }>(`/v1/invoices/${id}`);
    if (isReached(now)) return now;
    const stopped = now.stopped === null ? '' : `: ${now.stopped.detail}`;
    if (now.stopped !== null || performance.now() > endMs) {
      throw new Error(`the export of ${id} is ${now.state}${stopped}`);
    }
    await wait(POLL_MS);
  }
}

type StripeInvoice = {
  total: number;
  status: string;
  metadata: Record<string, string>;
  lines: { amount: number; metadata: Record<string, string> }[];
};

function figuresOf(fake: RunningStripe, invoices: readonly Issued[]): Figures {
  const there = fake.state().invoices as unknown as StripeInvoice[];
  if (there.length !== invoices.length) {
    throw new Error(`Stripe has ${there.length} invoices of ${invoices.length}`);
  }
  for (const { id, total_minor } of invoices) {
    const [found] = there.filter(({ metadata }) => metadata['tollgate_invoice_id'] === id);
    const amounts = found?.lines.reduce((total, { amount }) => total + amount, 0);
    if (found?.status !== 'paid' || found.total !== total_minor || amounts !== total_minor) {
      throw new Error(
        `${id}: Stripe says ${found?.status} ${found?.total}, and not ${total_minor}`,
      );
    }
  }
  return sum(there.flatMap(({ lines }) => lines.map(({ metadata }) => usedOf(metadata))));
}

function usedOf(metadata: Record<string, string>): Figures {
  const used = BUCKETS.map((bucket) => [bucket, Number(metadata[`tollgate_${bucket}`] ?? 0)]);
  const cost = metadata['tollgate_cost'] ?? '0.000000000000';
  return { ...(Object.fromEntries(used) as Omit<Figures, 'cost'>), cost };
}
