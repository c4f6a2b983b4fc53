/**
 * Usage that Stripe rates: whatever dies, is lost or is refused at whatever point, the meters have counted each
 * line once, in its own period, and what could not go there is told.
 */
import type { AddressInfo } from 'node:net';
import { stripeWebhook } from '@tollgate/adapters/payments/stripe-webhook.ts';
import { webhookApp } from '@tollgate/billing-api/payments/testing/webhook-app.ts';
import type { MeterReport } from '@tollgate/simulator/stripe/meters.ts';
import { signThin } from '@tollgate/simulator/stripe/webhooks.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { FAULTS } from './export-faults.ts';
import { HOUR_MS, StripeHouse } from './export-house.ts';
import { METERED } from './export-scenarios.ts';

const DAY_MS = 24 * HOUR_MS;
const open: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((close) => close()));
});

/** 1,234,567,890,123,456 + 5 + 7 tokens; three lines of a pico-dollar each. */
const ALL_COUNTED = { llm_input: 1_234_567_890_123_468, llm_cost: 3 };

async function opened(): Promise<StripeHouse> {
  const house = await StripeHouse.open(METERED);
  open.push(house.close);
  return house;
}

/** Of the one customer, after Stripe has checked what it took. */
function counted({ stripe }: StripeHouse): unknown {
  stripe.meters.process();
  const usage = Object.values(stripe.meters.usage());
  expect(usage.length).toBeLessThanOrEqual(1);
  return usage[0];
}

/** One run; what is wrong with it is told. */
async function trial(at: unknown, go: (house: StripeHouse) => Promise<unknown>) {
  const house = await StripeHouse.open(METERED);
  try {
    await go(house);
    const found = { counted: counted(house), done: house.house.state().done };
    const right = { counted: ALL_COUNTED, done: 'meters' };
    return JSON.stringify(found) === JSON.stringify(right) ? [] : [{ at, found }];
  } finally {
    await house.close();
  }
}

async function measure(): Promise<{ requests: number; points: number }> {
  const house = await opened();
  await house.run('run_a');
  return { requests: house.stripe.requests.length, points: house.points };
}

describe('each line of usage is counted once', () => {
  it('when the exporter dies at any point, and its successor comes soon or after a day', async () => {
    const { points } = await measure();
    const wrong = [];
    for (let point = 1; point <= points; point += 1) {
      for (const pauseMs of [0, 25 * HOUR_MS]) {
        const found = await trial({ point, pauseMs }, async (house) => {
          await house.runAndDie('run_a', point);
          house.house.nowMs += pauseMs;
          if (pauseMs > 0) house.stripe.meters.process();
          await house.run('run_b');
        });
        wrong.push(...found);
      }
    }
    expect(wrong).toEqual([]);
    expect(points).toBeGreaterThan(20);
  });

  it.each(FAULTS)('with %s at any request', async (_, fault) => {
    const { requests } = await measure();
    const wrong = [];
    for (let request = 1; request <= requests; request += 1) {
      const found = await trial(request, (house) => {
        house.stripe.faults.add({ request, fault });
        return house.run('run_a');
      });
      wrong.push(...found);
    }
    expect(wrong).toEqual([]);
  });

  it('after an outage of an hour, or of more than a day, that begins at any request', async () => {
    const { requests } = await measure();
    const wrong = [];
    for (let request = 1; request <= requests; request += 1) {
      const lastsMs = request % 2 === 0 ? HOUR_MS : 25 * HOUR_MS;
      const found = await trial({ request, lastsMs }, async ({ stripe, house }) => {
        const untilMs = house.nowMs + lastsMs;
        const fault = { kind: 'refused', status: 503 } as const;
        stripe.faults.add({ fromRequest: request, untilMs, fault });
        // Stripe checks what it took while it answers nobody.
        house.ledger.before = () => void stripe.meters.process();
        await house.exportAll(house.exporter('run_a'), { tries: 400 });
        expect(house.nowMs).toBeGreaterThanOrEqual(untilMs);
      });
      wrong.push(...found);
    }
    expect(wrong).toEqual([]);
  });

  it('by two exporters at once', async () => {
    const both = await trial('both', (house) =>
      Promise.all([house.run('run_a'), house.run('run_b')]),
    );
    expect(both).toEqual([]);
  });
});

// the-answerai/theanswer#624: timestamps older than 35 days were refused, and the usage was lost or dated as of now.
it('usage older than 35 days is a difference, and is never dated otherwise', async () => {
  const house = await opened();
  // September is over for 36 days; October is not.
  house.house.nowMs = Date.parse('2026-11-06T00:00:00.000Z');
  const { metered, done } = await house.run('run_a');
  const differences = [...metered.values()].flatMap((part) => part.differences);
  expect(done).toBe('meters');
  expect(differences.map(({ identifier, value, reason }) => [identifier, value, reason])).toEqual([
    ['snp_1:2:input_tokens', '7', 'too_old'],
    ['snp_1:2:cost_pico_usd', '1', 'too_old'],
  ]);
  expect(counted(house)).toEqual({ llm_input: 1_234_567_890_123_461, llm_cost: 2 });
  const times = house.stripe.meters.events.map(({ timestampMs }) => timestampMs);
  expect(Math.min(...times)).toBeGreaterThan(Date.parse('2026-10-01T00:00:00.000Z'));
  expect(Math.max(...times)).toBeLessThan(Date.parse('2026-11-01T00:00:00.000Z'));
});

// langwatch/langwatch#3984: values of more than 15 digits were refused.
it('a value of 16 digits goes in parts that add up to it, and late usage in its own period', async () => {
  const house = await opened();
  await house.run('run_a');
  const { events } = house.stripe.meters;
  const values = events.map(({ payload }) => payload['value'] ?? '');
  expect(values.every((value) => /^\d{1,15}$/.test(value))).toBe(true);
  expect(new Set(events.map(({ identifier }) => identifier)).size).toBe(events.length);
  const late = events.find(({ identifier }) => identifier === 'snp_1:2:input_tokens');
  expect(new Date(late?.timestampMs ?? 0).toISOString().slice(0, 7)).toBe('2026-09');
});

// superserve-ai/sandbox#376: rejections came by webhook, after the period was finalized, and nobody looked.
it('a rejection that comes by webhook after the end reopens the export, and what was not counted is sent again', async () => {
  const house = await opened();
  const { stripe, house: ours } = house;
  await ours.index.start();
  await house.run('run_a');
  expect(ours.state().done).toBe('meters');
  const meter = stripe.meters.meters.get('llm_input') ?? expect.unreachable();
  meter.active = false;
  const [report] = stripe.meters.process();
  meter.active = true;
  expect(await notified(house, report ?? expect.unreachable())).toBe(200);
  expect(ours.state()).toMatchObject({ done: null, isRecheck: true });
  // Stripe knows the identifiers for a day, and would not count them again before that.
  const before = ours.nowMs;
  await ours.exportAll(ours.exporter('run_b'), { tries: 3 });
  expect(ours.state().failure?.error).toBe('meter_event_not_counted');
  await ours.exportAll(ours.exporter('run_b'), { tries: 200 });
  expect(ours.state().done).toBe('meters');
  expect(ours.nowMs - before).toBeLessThan(2 * DAY_MS);
  expect(counted(house)).toEqual(ALL_COUNTED);
});

it('a report that nobody signed reopens nothing', async () => {
  const house = await opened();
  await house.house.index.start();
  await house.run('run_a');
  (house.stripe.meters.meters.get('llm_input') ?? expect.unreachable()).active = false;
  const [report] = house.stripe.meters.process();
  expect(await notified(house, report ?? expect.unreachable(), 'whsec_wrong')).toBe(400);
  expect(house.house.state().done).toBe('meters');
});

async function notified(
  { house }: StripeHouse,
  report: MeterReport,
  secret = 'whsec_right',
): Promise<number> {
  const stores = { ledger: house.ledger, exports: house.index, clock: () => house.nowMs };
  const app = webhookApp(stores, stripeWebhook('whsec_invoices', 'whsec_right'));
  await app.listen({ port: 0, host: '127.0.0.1' });
  open.push(() => app.close());
  const { port } = app.server.address() as AddressInfo;
  const { payload, signature } = signThin(report, secret, house.nowMs);
  const headers = { 'content-type': 'application/json', 'stripe-signature': signature };
  const url = `http://127.0.0.1:${port}/v1/stripe/webhooks`;
  return (await fetch(url, { method: 'POST', headers, body: payload })).status;
}
