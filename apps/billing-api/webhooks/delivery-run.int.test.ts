import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { selfSigned } from '@tollgate/adapters/webhooks/testing/certificate.ts';
import {
  answerWith,
  hang,
  type Receiver,
  startReceiver,
} from '@tollgate/adapters/webhooks/testing/receiver.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AlarmHouse, openAlarmHouse, until } from '../testing/alarm-house.ts';

let house: AlarmHouse;
const receivers: Receiver[] = [];
beforeEach(async () => {
  house = await openAlarmHouse();
});
afterEach(async () => {
  await house.close();
  for (const one of receivers.splice(0)) await one.close();
});

async function receiver(options: Parameters<typeof startReceiver>[0] = {}): Promise<Receiver> {
  const started = await startReceiver(options);
  receivers.push(started);
  return started;
}

const statusOf = (webhookId: string, eventId: string) =>
  house.index.deliveries.get(webhookId, eventId)?.state.status;

describe('an alarm is delivered', () => {
  it('signed, once, to every webhook that asked for it', async () => {
    const [all, some, none] = [await receiver(), await receiver(), await receiver()];
    const webhook = await house.webhook(all.url);
    all.state.secret = webhook.secret;
    await house.webhook(some.url, ['budget.threshold_reached']);
    await house.webhook(none.url, ['budget.overrun']);
    house.deliver();
    const budgetId = await house.budget();
    const alarmId = await house.raise(budgetId, 80);
    await until('both have it', () => all.received.length > 0 && some.received.length > 0);
    expect(all.received).toMatchObject([
      {
        id: alarmId,
        verified: {
          type: 'budget.threshold_reached',
          data: {
            ...{ id: alarmId, kind: 'threshold', threshold: 80, budget_id: budgetId },
            ...{ scope: { type: 'key', id: 'key_1' }, unit: 'usd' },
          },
        },
      },
    ]);
    await until('it is recorded', () => statusOf(webhook.id, alarmId) === 'delivered');
    const stored = await house.deliveryOf(webhook.id, alarmId);
    expect(stored.map(({ type }) => type)).toEqual(['DeliveryStarted', 'DeliveryEnded']);
    expect(none.received).toEqual([]);
  });

  // surya-koritala/loomfeed#54: the identity of an event must be the same at every attempt.
  it('again, under the same id and with the same body, until it is received', async () => {
    const flaky = await receiver({ answer: answerWith(500) });
    const { id } = await house.webhook(flaky.url);
    house.deliver();
    const alarmId = await house.raise(await house.budget(), 50);
    await until('it was tried', () => flaky.received.length >= 3);
    flaky.state.answer = answerWith(200);
    await until('it is recorded', () => statusOf(id, alarmId) === 'delivered');
    expect(new Set(flaky.received.map((one) => one.id))).toEqual(new Set([alarmId]));
    expect(new Set(flaky.received.map(({ body }) => body)).size).toBe(1);
    const { attempts } = house.index.deliveries.get(id, alarmId)?.state ?? {};
    expect(attempts?.map(({ error }) => error).slice(0, 3)).toEqual(Array(3).fill('http_status'));
    expect(attempts?.at(-1)).toMatchObject({ httpStatus: 200, error: null });
  });

  it('for three days, and then no more', async () => {
    const dead = await receiver({ answer: answerWith(503) });
    const { id } = await house.webhook(dead.url);
    let nowMs = Date.now();
    house.deliver({
      clock: () => nowMs,
      limits: {
        ...{ webhookRetryFirstMs: 60_000, webhookRetryMaxMs: 14_400_000 },
        webhookClaimMs: 3_600_000,
      },
    });
    const alarmId = await house.raise(await house.budget(), 50);
    const startMs = nowMs;
    const gaps: number[] = [];
    const stateOf = () => house.index.deliveries.get(id, alarmId)?.state;
    const endedOf = () => stateOf()?.attempts.filter(({ endedAtMs }) => endedAtMs !== null) ?? [];
    while (stateOf()?.status !== 'failed') {
      const before = endedOf().length;
      await until('it is tried', () => {
        nowMs = Math.max(nowMs + 1_000, stateOf()?.nextAtMs ?? 0);
        return endedOf().length > before;
      });
      gaps.push((stateOf()?.nextAtMs ?? 0) - (endedOf().at(-1)?.endedAtMs ?? 0));
    }
    expect((nowMs - startMs) / 86_400_000).toBeGreaterThan(2.8);
    expect(gaps[0]).toBeLessThanOrEqual(60_000);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(14_400_000);
    expect(dead.received.length).toBeGreaterThan(15);
    expect(dead.received.length).toBe(endedOf().length);
  });

  // langwatch/langwatch#7328: what waited for an endpoint that was away was dropped.
  it('although nobody could send it for days, at least once', async () => {
    const late = await receiver();
    const { id } = await house.webhook(late.url);
    const alarmId = await house.raise(await house.budget(), 50);
    house.deliver({ clock: () => Date.now() + 10 * 86_400_000 });
    await until('it is delivered', () => statusOf(id, alarmId) === 'delivered');
    expect(late.received).toHaveLength(1);
  });

  it('over TLS, once its certificate is trusted: until then each attempt has failed by it', async () => {
    const certificate = selfSigned();
    const shown = await receiver({ tls: certificate });
    const { id } = await house.webhook(shown.url);
    const alarmId = await house.raise(await house.budget(), 50);
    house.deliver();
    const attempts = () => house.index.deliveries.get(id, alarmId)?.state.attempts ?? [];
    await until('it was tried again', () => attempts().length > 2);
    expect(attempts()[0]).toMatchObject({ httpStatus: null, error: 'tls_failed' });
    expect([shown.received, statusOf(id, alarmId)]).toEqual([[], 'pending']);
    const trusted = getCACertificates('default');
    try {
      setDefaultCACertificates([...trusted, certificate.cert]);
      await until('it is delivered', () => statusOf(id, alarmId) === 'delivered');
    } finally {
      setDefaultCACertificates(trusted);
    }
    expect([shown.received.length, house.errors]).toEqual([1, []]);
  });

  it('to nobody that was archived or came later', async () => {
    const [gone, young] = [await receiver(), await receiver()];
    const { id } = await house.webhook(gone.url);
    const alarmId = await house.raise(await house.budget(), 50);
    await house.append(`webhook-${id}`, { type: 'WebhookArchived', data: { webhook_id: id } });
    await house.webhook(young.url);
    house.deliver();
    await until('it is given up', () => statusOf(id, alarmId) === 'canceled');
    await house.raise(await house.budget(), 50);
    await until('the later alarm is sent', () => young.received.length > 0);
    expect([gone.received.length, young.received.length]).toEqual([0, 1]);
  });
});

describe('an endpoint', () => {
  // travis-ci/travis-ci#3192, owncast/owncast#1504, formbricks/formbricks#9123: one that is dead held up
  // the others.
  it('that hangs delays no other, however many hang', async () => {
    const well = await receiver();
    await house.webhook(well.url);
    for (let i = 0; i < 12; i++) await house.webhook((await receiver({ answer: hang })).url);
    house.deliver({
      limits: { webhookSendsMax: 8, webhookTimeoutMs: 3_000, webhookClaimMs: 20_000 },
    });
    const budgetId = await house.budget();
    // Nothing is known of any of them yet, and those that hang are many.
    await house.raise(budgetId, 10);
    await until('the first is there', () => well.received.length === 1);
    for (const threshold of [20, 30, 40]) {
      const startedMs = performance.now();
      await house.raise(budgetId, threshold);
      await until('it is there', () => well.received.length === threshold / 10);
      expect(performance.now() - startedMs).toBeLessThan(1_500);
      await new Promise((resolve) => setTimeout(resolve, 1_500));
    }
  });

  it('that fails is asked at its own pace, and gets all that waited once it is back', async () => {
    const back = await receiver({ answer: answerWith(500) });
    const { id } = await house.webhook(back.url);
    house.deliver({ limits: { webhookPaceFirstMs: 200, webhookPaceMaxMs: 400 } });
    const budgetId = await house.budget();
    const alarms: string[] = [];
    for (let percent = 1; percent <= 30; percent++) {
      alarms.push(await house.raise(budgetId, percent));
    }
    await until('it has failed', () => back.received.length >= 2);
    const [before, sinceMs] = [back.received.length, performance.now()];
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    const perSecond = (back.received.length - before) / ((performance.now() - sinceMs) / 1000);
    expect(perSecond).toBeLessThan(8);
    back.state.answer = answerWith(200);
    await until('all are delivered', () =>
      alarms.every((one) => statusOf(id, one) === 'delivered'),
    );
  });
});

describe('several processes', () => {
  // BerriAI/litellm#14809, TwiN/gatus#421: every replica sent every alert.
  it('send each event once', async () => {
    const { url, received } = await receiver();
    const { id } = await house.webhook(url);
    for (let run = 0; run < 3; run++) house.deliver();
    const budgetId = await house.budget();
    const alarms: string[] = [];
    for (let percent = 1; percent <= 40; percent++) {
      alarms.push(await house.raise(budgetId, percent));
    }
    await until('all are delivered', () =>
      alarms.every((one) => statusOf(id, one) === 'delivered'),
    );
    expect(received.map((one) => one.id).toSorted()).toEqual(alarms.toSorted());
  });

  // mohamedboukari/bunmail#30: retries lived in memory, and a crash lost the event.
  it('take over from one that was killed in the midst of an attempt, after its time', async () => {
    const { url, received } = await receiver();
    const { id } = await house.webhook(url);
    const alarmId = await house.raise(await house.budget(), 50);
    await until('it is due', () => statusOf(id, alarmId) === 'pending');
    const stream = `webhook_delivery-${id}.${alarmId}`;
    const data = {
      ...{ webhook_id: id, event_id: alarmId, attempt: 1, run_id: 'run_dead' },
      started_at: new Date().toISOString(),
    };
    const claim = newLedgerEvent(stream, { type: 'DeliveryStarted', data }, '1|run_dead');
    await house.ledger.append(stream, 'no_stream', [claim]);
    const startedMs = performance.now();
    house.deliver();
    await until('it is delivered', () => statusOf(id, alarmId) === 'delivered');
    expect(performance.now() - startedMs).toBeGreaterThan(1_000);
    expect(received).toHaveLength(1);
    const { attempts } = house.index.deliveries.get(id, alarmId)?.state ?? {};
    expect(attempts?.map(({ endedAtMs }) => endedAtMs === null)).toEqual([true, false]);
  });
});
