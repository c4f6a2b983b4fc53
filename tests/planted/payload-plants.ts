/** Bugs of the payload log: whose payloads are kept, how, and for how long. */
import { at, type Plant } from './plant.ts';

const PAYLOADS_TEST = 'apps/proxy/payloads/payloads.int.test.ts';

export const payloads: readonly Plant[] = [
  {
    bug: "keep what every key's calls say",
    edits: at('payloads-are-kept-of-keys-that-opted-in', {
      swap: ['facts.key.payloadLog', 'true'],
    }),
    test: { file: PAYLOADS_TEST, name: 'has nothing of a key that did not opt in' },
  },
  {
    bug: 'store payloads as they came',
    edits: at('payloads-are-redacted-before-they-are-stored', {
      instead:
        'const shownOf = (body: Uint8Array | null) => ({ text: Buffer.from(body ?? []).toString(), note: null }); const bodies = { request: shownOf(request), answer: shownOf(answer) };',
    }),
    test: {
      file: PAYLOADS_TEST,
      name: 'has what a call of a key that opted in said, and the answer, redacted',
    },
  },
  {
    bug: 'redact a stream event by event',
    edits: at('texts-of-a-stream-are-read-together', {
      instead:
        'for (const leaves of places.values()) for (const leaf of leaves) this.#redact([leaf]);',
    }),
    test: {
      file: 'adapters/payloads/redactor.unit.test.ts',
      name: 'has no secret whose letters come in several events',
    },
  },
  {
    bug: 'let a purged payload come back',
    edits: at('purged-payload-does-not-come-back', { drop: true }),
    test: {
      file: PAYLOADS_TEST,
      name: 'of a customer does not come back with what was on its way',
    },
  },
  {
    bug: 'keep payloads without an end',
    edits: at('payloads-are-kept-for-a-time', { drop: true }),
    test: {
      file: PAYLOADS_TEST,
      name: 'is gone after its time: not shown at once, and deleted with the next that comes',
    },
  },
  {
    bug: 'keep payloads in memory without a bound',
    edits: at('payloads-in-memory-are-bounded', { drop: true }),
    test: { file: PAYLOADS_TEST, name: 'what has no room in memory is dropped and counted' },
  },
];
