/** Bugs of the payload log: whose payloads are kept, how, and for how long. */
import { at, type Plant } from './plant.ts';

const PAYLOADS_TEST = 'apps/proxy/payloads/payloads.int.test.ts';
const FILE_TEST = 'adapters/payloads/payload-file.int.test.ts';

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
      swap: ['this.body(answer)', '{ text: Buffer.from(answer ?? []).toString(), note: null }'],
    }),
    test: {
      file: 'adapters/payloads/redactor.unit.test.ts',
      name: 'I12: both bodies of a payload are redacted, and the rest stays',
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
      file: FILE_TEST,
      name: 'takes nothing of a customer that was purged, of calls before that',
    },
  },
  {
    bug: 'keep payloads without an end',
    edits: at('payloads-are-kept-for-a-time', { drop: true }),
    test: {
      file: FILE_TEST,
      name: 'keeps nothing beyond its time',
    },
  },
  {
    bug: 'keep payloads in memory without a bound',
    edits: at('payloads-in-memory-are-bounded', { drop: true }),
    test: { file: PAYLOADS_TEST, name: 'what has no room in memory is dropped and counted' },
  },
];
