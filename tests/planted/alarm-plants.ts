/** Mistakes of alarms and webhooks. */
import { at, type Plant } from './plant.ts';

const SENDER_TEST = 'adapters/webhooks/webhook-sender.int.test.ts';
const WATCH_TEST = 'apps/billing-api/alarms/alarm-watch.int.test.ts';
const DELIVERY_TEST = 'apps/billing-api/webhooks/delivery-run.int.test.ts';

export const alarms: readonly Plant[] = [
  {
    bug: 'raise an alarm again after a restart',
    edits: at('alarm-has-one-id', {
      swap: [
        'data: { alarm_id, ...data } }, subject',
        'data: { alarm_id, ...data } }, crypto.randomUUID()',
      ],
    }),
    test: {
      file: WATCH_TEST,
      name: 'are raised once by any number of processes, and not again by one that starts',
    },
  },
  {
    bug: 'look for alarms only where something changes from now on',
    edits: at('all-budgets-are-looked-at-first', { drop: true }),
    test: { file: WATCH_TEST, name: 'are raised for what happened while no process looked' },
  },
  {
    bug: 'raise a threshold only above its share',
    edits: at('threshold-is-reached', { swap: ['isShare(spent,', 'isShare(spent - 1n,'] }),
    test: {
      file: 'domain/alarm/alarm.unit.test.ts',
      name: 'is reached at exactly its share of the limit, and not below',
    },
  },
  {
    bug: 'forecast from the first minute',
    edits: at('forecast-needs-a-part-of-the-window', { drop: true }),
    test: {
      file: 'domain/alarm/alarm.unit.test.ts',
      name: 'is not made in the first part of a window, where one call is everything',
    },
  },
  {
    bug: 'send a webhook without a signature that fits',
    edits: at('webhook-is-signed', { swap: ['sign(id, at, body)', "sign('', at, body)"] }),
    test: { file: SENDER_TEST, name: 'signed: the library of the standard verifies it' },
  },
  {
    bug: 'take a redirect for a delivery',
    edits: at('redirect-is-no-delivery', { swap: ['status < 300', 'status < 400'] }),
    test: { file: SENDER_TEST, name: 'a redirect is not followed' },
  },
  {
    bug: 'connect to whatever address a name leads to',
    edits: at('webhook-address-is-checked', { before: 'if (isIP(found) !== 0) return true;' }),
    test: { file: SENDER_TEST, name: 'as a name that leads elsewhere each time it is asked' },
  },
  {
    bug: 'send although another process has claimed it',
    edits: at('claim-is-won-or-lost', {
      instead: 'if (!result.ok) return { named, subject, revision: result.actual as bigint };',
    }),
    test: { file: DELIVERY_TEST, name: 'send each event once' },
  },
  {
    bug: 'take an attempt that runs for one that died',
    edits: at('started-attempt-is-a-claim', { drop: true }),
    test: {
      file: 'domain/webhook/delivery.unit.test.ts',
      name: 'that runs is nobody else’s, until its process must be dead',
    },
  },
  {
    bug: 'let dead endpoints have all places',
    edits: at('failing-endpoints-have-a-part', {
      swap: ['Math.floor(limits.webhookSendsMax * UNPROVEN_PART) - others', 'free'],
    }),
    test: { file: DELIVERY_TEST, name: 'that hangs delays no other, however many hang' },
  },
  {
    bug: 'measure a window that is over by the limit of today',
    edits: at('limit-of-its-own-window', { swap: ['Math.min(nowMs, bounds.endMs - 1)', 'nowMs'] }),
    test: {
      file: 'apps/billing-api/alarms/budget-uses.int.test.ts',
      name: 'is not measured by what came after its window',
    },
  },
  {
    bug: 'say only in the log that the store of rates is away',
    edits: at('store-away-is-an-alarm', { drop: true }),
    test: {
      file: 'tests/e2e/rates-away.e2e.test.ts',
      name: 'are an alarm that arrives once, although open limits let every call pass',
    },
  },
  {
    bug: 'send webhooks to anyone who answers at an address',
    edits: at('certificate-is-checked', {
      swap: ['allowH2: false,', 'allowH2: false, rejectUnauthorized: false,'],
    }),
    test: {
      file: 'adapters/webhooks/webhook-tls.int.test.ts',
      name: 'is not sent to a server whose certificate nobody here knows',
    },
  },
];
