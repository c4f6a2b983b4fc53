/** Bugs that would bill a customer twice, bill what nobody checked, or believe what nobody said. */
import { at, type Plant } from './plant.ts';

const PEERS_TEST = 'tests/stripe/exporter-peers.int.test.ts';
const METERS_TEST = 'tests/stripe/exporter-meters.int.test.ts';
const RUN_TEST = 'apps/exporter/export-run.unit.test.ts';

const CREDITS_TEST = 'apps/exporter/credits.unit.test.ts';

export const payments: readonly Plant[] = [
  {
    bug: 'make a credit note there without looking for the one that was made',
    edits: at('credit-is-looked-for-first', { swap: ['move.inDoubt', 'false'] }),
    test: {
      file: CREDITS_TEST,
      name: 'whose process dies at any append or request is there once, even after its key expired',
    },
  },
  {
    bug: 'take an invoice that is there for the end, whatever it was credited',
    edits: at('credits-follow-their-invoice', { instead: 'return done !== null;' }),
    test: { file: CREDITS_TEST, name: 'waits until its invoice is there' },
  },
  {
    bug: 'give back what was paid onto the balance, whatever the policy says',
    edits: at('paid-credit-by-policy', { swap: ['deps.paidCredits', "'customer_balance'"] }),
    test: { file: CREDITS_TEST, name: 'of what was paid is paid back, by policy' },
  },
  {
    bug: 'credit our amount where another one was asked for',
    edits: at('whole-credit-is-what-was-asked', {
      instead: 'if (minor >= invoice) return invoice;',
    }),
    test: {
      file: 'domain/payment/credit-plan.prop.test.ts',
      name: 'credit nothing below zero, and together what was asked for there, whatever its tax',
    },
  },
  {
    bug: 'make a step of an export that another process has begun',
    edits: at('export-step-is-a-claim', { drop: true }),
    test: {
      file: 'domain/payment/next-step.unit.test.ts',
      name: 'waits for another process that has begun it, and takes it for dead after a while',
    },
  },
  {
    bug: 'go on saying that a process lives after its step has ended',
    edits: at('renewal-is-of-a-running-step', { drop: true }),
    test: {
      file: 'domain/payment/next-step.unit.test.ts',
      name: 'is its process’s for as long as that says so, and nobody’s after it has ended',
    },
  },
  {
    bug: 'make a customer without looking for the one that was made',
    edits: at('customer-is-looked-for-first', { instead: 'const looks = isExisting;' }),
    test: {
      file: RUN_TEST,
      name: 'whose process dies at any append or request ends in one invoice',
    },
  },
  {
    bug: 'make a draft without looking for the one that was made',
    edits: at('draft-is-looked-for-first', { swap: ['move.inDoubt', 'false'] }),
    test: {
      file: RUN_TEST,
      name: 'whose process dies at any append or request ends in one invoice',
    },
  },
  {
    bug: 'add lines without looking for those that were added',
    edits: at('lines-are-looked-for-first', { swap: ['move.inDoubt', 'false'] }),
    test: {
      file: RUN_TEST,
      name: 'whose process dies at any append or request ends in one invoice',
    },
  },
  {
    bug: 'repeat under its key what was answered with a failure',
    edits: at('answered-failure-takes-a-new-key', { swap: ["kind === 'failed'", 'false'] }),
    test: {
      file: RUN_TEST,
      name: 'with any of its requests answered by a failure ends in one invoice',
    },
  },
  {
    bug: 'leave out of a line at Stripe that it is late usage',
    edits: at('late-usage-is-told', { drop: true }),
    test: {
      file: 'domain/payment/plan.unit.test.ts',
      name: 'says of each line how many lines of late usage are in it, of merged ones too',
    },
  },
  {
    bug: 'ask at Stripe for less than the document does, by its tax',
    edits: at('our-tax-is-handed-over', { drop: true }),
    test: {
      file: PEERS_TEST,
      name: 'names our number on the invoice there and in its metadata, and asks for the tax of the document',
    },
  },
  {
    bug: 'let Stripe add a tax to a document that has one',
    edits: at('taxed-once', { swap: ['(document?.tax ?? null) === null', 'true'] }),
    test: {
      file: 'apps/billing-api/payments/request-export.unit.test.ts',
      name: 'a document with a tax is exported with that tax, and none is added by Stripe',
    },
  },
  {
    bug: 'send usage again after a day without asking what was counted',
    edits: at('meters-are-asked-after-a-day', { instead: 'const isForgotten = false;' }),
    test: {
      file: METERS_TEST,
      name: 'when the exporter dies at any point, and its successor comes soon or after a day',
    },
  },
  {
    bug: 'date usage that is too old as Stripe takes it',
    edits: at('old-usage-is-a-difference', {
      instead:
        'const isTooOld = false; if (nowMs - at_ms > deps.limits.meterAgeMs) return differences;',
    }),
    test: {
      file: METERS_TEST,
      name: 'usage older than 35 days is a difference, and is never dated otherwise',
    },
  },
  {
    bug: 'take an event for counted because Stripe knows its identifier',
    edits: at('known-is-not-counted', { drop: true }),
    test: {
      file: METERS_TEST,
      name: 'a rejection that comes by webhook after the end reopens the export, and what was not counted is sent again',
    },
  },
  {
    bug: 'answer a report of rejected usage and look at nothing',
    edits: at('rejected-usage-reopens', { drop: true }),
    test: {
      file: METERS_TEST,
      name: 'a rejection that comes by webhook after the end reopens the export, and what was not counted is sent again',
    },
  },
  {
    bug: 'reopen exports by a report that nobody has signed',
    edits: at('meter-report-is-signed', { drop: true }),
    test: { file: METERS_TEST, name: 'a report that nobody signed reopens nothing' },
  },
  {
    bug: 'send a value of 16 digits to a meter',
    edits: at('meter-value-in-parts', { drop: true }),
    test: {
      file: 'domain/payment/meter-plan.unit.test.ts',
      name: 'values are whole, have at most 15 digits, and add up exactly: also a pico-dollar, and a correction',
    },
  },
  {
    bug: 'finalize an invoice without reading its lines back',
    edits: at('verified-before-finalized', { swap: ["'verify'", "'finalize'"] }),
    test: {
      file: RUN_TEST,
      name: 'is a draft, its lines in parts, read back, finalized and sent, an event for each',
    },
  },
  {
    bug: 'finalize a draft that somebody has edited',
    edits: at('edited-draft-stops', { drop: true }),
    test: { file: RUN_TEST, name: 'has a line more: nothing is finalized' },
  },
  {
    bug: 'take the last webhook that came for the truth',
    edits: at('payment-reports-are-merged', { instead: 'status: said.status' }),
    test: {
      file: 'domain/payment/payment-state.prop.test.ts',
      name: 'reports that come twice and in any order leave the state that the last one tells of',
    },
  },
  {
    bug: 'take a webhook that nobody has signed',
    edits: at('payment-webhook-is-signed', {
      instead: 'const event = JSON.parse(Buffer.from(body).toString()) as Stripe.Event;',
    }),
    test: {
      file: 'apps/exporter/stripe.int.test.ts',
      name: 'that nobody signed, or that were signed long ago, are refused and change nothing',
    },
  },
  {
    bug: 'give keys back that an operator has suspended',
    edits: at('only-own-suspensions-are-lifted', {
      instead: 'if (key.suspend_reason === null) return [];',
    }),
    test: {
      file: 'domain/payment/dunning.unit.test.ts',
      name: 'stay suspended where an operator did it, and put away where they are',
    },
  },
  {
    bug: 'keep the key of a request that Stripe has refused and saved',
    edits: at('saved-refusal-takes-a-new-key', { drop: true }),
    test: { file: PEERS_TEST, name: 'goes on within minutes after a 429 that Stripe has saved' },
  },
  {
    bug: 'believe of a customer’s key what Stripe has forgotten',
    edits: at('customer-is-looked-for-first', { instead: 'const looks = isExisting;' }),
    test: {
      file: PEERS_TEST,
      name: 'makes a customer once, although the answer was lost a day ago',
    },
  },
];
