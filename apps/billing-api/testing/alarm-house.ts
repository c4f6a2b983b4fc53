/** Alarms and webhooks on a real ledger: read models, and any number of runs of what raises and sends. */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { alarmEvent, alarmStreamOf } from '@tollgate/adapters/ledger/alarm-appends.ts';
import { StreamTail } from '@tollgate/adapters/ledger/append-once.ts';
import type { LedgerEventBody } from '@tollgate/adapters/ledger/categories.ts';
import {
  budgetDefinitionEvents,
  deliveryEvents,
  webhookEvents,
} from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import { openSecrets } from '@tollgate/adapters/secrets/file-secrets.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { destinations } from '@tollgate/adapters/webhooks/destinations.ts';
import { webhookSecretText } from '@tollgate/adapters/webhooks/webhook-secret.ts';
import { createWebhookSender } from '@tollgate/adapters/webhooks/webhook-sender.ts';
import { alarmsDue } from '@tollgate/domain/alarm/alarm.ts';
import type { BudgetDefined } from '@tollgate/domain/budget/budget-events.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { AlarmIndex } from '../alarms/alarm-index.ts';
import { AlarmStats } from '../alarms/alarm-stats.ts';
import { AlarmWatch } from '../alarms/alarm-watch.ts';
import { type ApiLimits, apiLimits } from '../limits.ts';
import { ResourceIndex } from '../resources/resource-index.ts';
import { DeliveryRun } from '../webhooks/delivery-run.ts';
import { messageOf } from '../webhooks/message.ts';
import { sealSecret } from '../webhooks/sealed-secret.ts';

export type AlarmHouse = Awaited<ReturnType<typeof openAlarmHouse>>;
type Runs = { clock?: () => number; limits?: Partial<ApiLimits>; ledger?: Ledger };

/** Quick enough for tests, in the proportions of the real ones. */
const QUICK = {
  ...{ alarmPollMs: 20, webhookPollMs: 10, webhookTimeoutMs: 400, webhookClaimMs: 1_200 },
  ...{ webhookRetryFirstMs: 50, webhookRetryMaxMs: 200 },
  ...{ webhookPaceFirstMs: 10, webhookPaceMaxMs: 40 },
};

const UNUSED = {
  query: () => Promise.resolve([]),
} as unknown as Warehouse;

/** @param stores default: a ledger of its own, and a warehouse that has counted nothing */
export async function openAlarmHouse(stores?: { ledger: Ledger; warehouse?: Warehouse }) {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-alarms-'));
  const ledger =
    stores?.ledger ?? (await openSqliteLedger({ path: join(folder, 'ledger.sqlite') }));
  const warehouse = stores?.warehouse ?? UNUSED;
  const secrets = openSecrets(join(folder, 'secrets.json'));
  const follow = { ledger, retryMs: { first: 10, max: 100 }, onLost: () => undefined };
  const directory = new ResourceIndex(follow);
  const index = new AlarmIndex(follow, apiLimits);
  await Promise.all([directory.start(), index.start()]);
  const running: { stop(): Promise<void> }[] = [];
  const errors: string[] = [];
  const onError = (message: string, error: unknown) =>
    errors.push(`${message}: ${error instanceof Error ? error.message : error}`);
  const newId = (prefix: 'whk' | 'run' | 'bud') => makeId(prefix, Date.now(), randomBytes(10));
  const parts = (runs: Runs) => ({
    ...{ ledger: runs.ledger ?? ledger, warehouse, directory, index, secrets, onError },
    ...{ runId: newId('run'), clock: runs.clock ?? Date.now, stats: new AlarmStats() },
    limits: { ...apiLimits, ...QUICK, ...runs.limits },
  });

  const readers = [
    [webhookEvents, index],
    [budgetDefinitionEvents, directory],
  ] as const;
  const append = async (stream: string, event: LedgerEventBody, subject = newId('run')) => {
    const appended = newLedgerEvent(stream, event, subject);
    await new StreamTail(ledger, stream).appendAllOnce([appended]);
    // Nobody here waits for the events of windows: they are not in a read model.
    const reader = readers.find(([{ prefix }]) => stream.startsWith(prefix))?.[1];
    if (reader === undefined) return;
    const { revision } = (await ledger.read(stream)).at(-1) as { revision: bigint };
    await reader.sees(stream, revision, 1_000);
  };

  return {
    ...{ ledger, directory, index, errors, append, newId, warehouse },

    /** One more process that sends. */
    deliver(runs: Runs = {}) {
      const deps = parts(runs);
      const { webhookTimeoutMs: timeoutMs, webhookAnswerBytesMax: answerBytesMax } = deps.limits;
      const allowed = destinations(['127.0.0.1']);
      const sender = createWebhookSender({ destinations: allowed, timeoutMs, answerBytesMax });
      const bodyOf: DeliveryRunBody = (item) => messageOf(item, directory);
      const run = new DeliveryRun({ ...deps, sender, bodyOf, random: () => 0.5 });
      run.start();
      const stop = async () => {
        await run.stop();
        await sender.close();
      };
      running.push({ stop });
      return { stats: deps.stats, stop };
    },

    /** One more process that looks for alarms. */
    watch(runs: Runs = {}) {
      const deps = parts(runs);
      const watch = new AlarmWatch(deps);
      watch.start();
      running.push(watch);
      return { stats: deps.stats, stop: () => watch.stop() };
    },

    async webhook(url: string, event_types: string[] | null = null) {
      const webhook_id = newId('whk');
      const bytes = randomBytes(32);
      const secret = sealSecret(secrets, webhook_id, bytes);
      const data = { webhook_id, url, event_types, description: null, secret };
      await append(webhookEvents.of(webhook_id), { type: 'WebhookCreated', data });
      return { id: webhook_id, secret: webhookSecretText(bytes) };
    },

    async budget(fields: Partial<BudgetDefined['data']> = {}): Promise<string> {
      const budget_id = newId('bud');
      const data: BudgetDefined['data'] = {
        ...{ budget_id, scope: { type: 'key', id: 'key_1' }, unit: 'usd', window: 'total' },
        ...{ limit: '100.000000000000', enforcement: 'hard', basis: 'cost', time_zone: 'UTC' },
        ...fields,
      };
      await append(budgetDefinitionEvents.of(budget_id), { type: 'BudgetDefined', data });
      return budget_id;
    },

    /** Raises one alarm, as the watch would. */
    async raise(budgetId: string, threshold: number): Promise<string> {
      const window = { startMs: 0, endMs: Number.POSITIVE_INFINITY };
      const use = { budgetId, window, countedFromMs: 0, limit: 100n, spent: BigInt(threshold) };
      const [due] = alarmsDue(
        { ...use, thresholds: [threshold], overrun: 0n, unresolved: null },
        Date.now(),
        { forecastShareMin: 10, unresolvedShareMax: 5 },
      );
      if (due === undefined) throw new Error('nothing is due');
      const stream = alarmStreamOf(`budget-${budgetId}@19700101T000000Z`);
      const event = alarmEvent(stream, due.subject, due.data);
      await new StreamTail(ledger, stream).appendAllOnce([event]);
      return (event.data as { alarm_id: string }).alarm_id;
    },

    /** Every event of a delivery, as the ledger has it. */
    deliveryOf: (webhookId: string, eventId: string) =>
      ledger.read(deliveryEvents.of(`${webhookId}.${eventId}`)),

    async close(): Promise<void> {
      for (const one of running.splice(0)) await one.stop();
      await Promise.all([directory.stop(), index.stop()]);
      if (stores === undefined) await ledger.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type DeliveryRunBody = ConstructorParameters<typeof DeliveryRun>[0]['bodyOf'];

/** Polls, with a deadline that only a defect reaches. */
export async function until(what: string, done: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + 15_000;
  while (!(await done())) {
    if (performance.now() > deadlineMs) throw new Error(`not within 15 s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
