import { closePeriod } from '@tollgate/billing-api/closing/close-run.ts';
import { openPeriod } from '@tollgate/billing-api/closing/open-period.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

let house: PlatformHouse;
beforeEach(async () => {
  house = await openPlatform();
});
afterEach(() => house.close());

const messages = [{ role: 'user' as const, content: 'Tell me about exact money, please.' }];

async function billed(): Promise<string> {
  const lines = await house.simulator.bill();
  return formatDecimal12(lines.reduce((sum, line) => sum + parseDecimal12(line.cost), 0n));
}

async function sumOf(view: string): Promise<string> {
  const [row] = await house.warehouse.query<{ cost: string | null }>(
    `SELECT toDecimalString(sum(cost), 12) AS cost FROM tollgate.${view}`,
  );
  return row?.cost ?? 'nothing';
}

/** Budget accounts as the ledger has them, folded by hand: granted, settled. */
async function leases(budgetId: string) {
  const month = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth()));
  const start = month.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const events = await house.ledger.read(`budget-${budgetId}@${start}`);
  const sum = (type: string, field: string) =>
    events
      .filter((event) => event.type === type)
      .reduce(
        (total, e) => total + parseDecimal12((e.data as Record<string, string>)[field] ?? ''),
        0n,
      );
  const count = (type: string) => events.filter((event) => event.type === type).length;
  return {
    open: count('LeaseGranted') - count('LeaseSettled'),
    spent: sum('LeaseSettled', 'spent'),
  };
}

describe('one call flows through all of it', () => {
  it('I1, I4, I6: bill = events = roll-ups = snapshot = invoice, JSON, streams and embeddings', async () => {
    const customer = await house.customer(200_000);
    const key = await house.key(customer);
    const budget = await house.budget(key.id, '1.000000000000');
    await openPeriod(house.closing, {
      customerId: customer,
      startMs: null,
      timeZone: null,
      anchorDay: null,
    });
    const proxies = [await house.proxy(), await house.proxy()];
    const calls = Array.from({ length: 40 }, async (_, i) => {
      const sdk = house.sdk(proxies[i % 2]?.url ?? '', key.secret);
      const model = ['sim-small', 'sim-odd', 'sim-reasoner'][i % 3] ?? '';
      const body = { model, messages, max_completion_tokens: 50 + i, user: `user-${i}` };
      if (i % 4 === 0) return sdk.embeddings.create({ model: 'sim-embed', input: `text ${i}` });
      if (i % 2 === 0) return sdk.chat.completions.create(body);
      const stream = await sdk.chat.completions.create({ ...body, stream: true });
      let chunks = 0;
      for await (const chunk of stream) {
        // Clients that index choices[0] break on the usage chunk that they did not ask for.
        expect(chunk.choices.length).toBeGreaterThan(0);
        chunks++;
      }
      return chunks;
    });
    await Promise.all(calls);
    for (const proxy of proxies) await proxy.stop();
    await house.projected();
    const result = await closePeriod(house.closing, {
      customerId: customer,
      periodId: await openPeriodId(customer),
      endMs: Date.now(),
      graceMs: 0,
    });
    if (!result.ok) throw new Error(result.refusal.code);
    const frozen = (await house.ledger.read(`billing-${customer}`)).find(
      (event) => event.type === 'SnapshotFrozen',
    );
    const snapshot = JSON.parse(bodyOf(frozen)) as {
      totals: { cost: string; events: number };
    };
    const invoices = await house.ledger.read(`invoice-${result.closed.invoiceId}`);
    const invoice = JSON.parse(bodyOf(invoices[0])) as {
      lines: { cost: string }[];
    };
    const invoiced = invoice.lines.reduce((sum, line) => sum + parseDecimal12(line.cost), 0n);
    const bill = await billed();
    await until('late buckets are rolled up', async () => (await sumOf('usage_hourly')) === bill);
    const account = await leases(budget);
    expect({
      events: await sumOf('usage_events'),
      rollups: await sumOf('usage_hourly'),
      snapshot: snapshot.totals.cost,
      invoice: formatDecimal12(invoiced),
      budget: formatDecimal12(account.spent),
      openLeases: account.open,
      attempts: snapshot.totals.events,
      messages: house.messages,
    }).toEqual({
      events: bill,
      rollups: bill,
      snapshot: bill,
      invoice: bill,
      budget: bill,
      openLeases: 0,
      attempts: (await house.simulator.bill()).length,
      messages: [],
    });
  });

  // bifrost#3547: each replica counted alone: the budget times the replicas.
  it('I3: a budget is not exceeded by concurrent calls through two proxies', async () => {
    const customer = await house.customer();
    const key = await house.key(customer);
    const budget = await house.budget(key.id, '0.010000000000');
    const proxies = [await house.proxy(), await house.proxy()];
    const outcomes = await Promise.all(
      Array.from({ length: 120 }, async (_, i) => {
        const sdk = house.sdk(proxies[i % 2]?.url ?? '', key.secret);
        const body = { model: 'sim-large', messages, max_completion_tokens: 40 };
        try {
          await sdk.chat.completions.create(body);
          return 'served';
        } catch (error) {
          const refused = error as { status: number; code: string };
          return `${refused.status} ${refused.code}`;
        }
      }),
    );
    for (const proxy of proxies) await proxy.stop();
    const spent = parseDecimal12(await billed());
    const account = await leases(budget);
    expect([...new Set(outcomes)].sort()).toEqual(['402 budget_exceeded', 'served']);
    expect(spent <= parseDecimal12('0.010000000000')).toBe(true);
    expect([account.open, account.spent]).toEqual([0, spent]);
  });
});

function bodyOf(event: { data: unknown } | undefined): string {
  if (event === undefined) throw new Error('the ledger lacks the event');
  return (event.data as { body: string }).body;
}

async function openPeriodId(customerId: string): Promise<string> {
  const events = await house.ledger.read(`billing-${customerId}`);
  return (events[0] as { data: { period_id: string } }).data.period_id;
}
