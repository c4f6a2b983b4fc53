/** Bugs of clients' keys: what is sent twice, given to another, or stuck. */
import { at, type Plant } from './plant.ts';

const WHOLE_CALLS = 'apps/proxy/idempotency/idempotent-calls.int.test.ts';
const CONTRACT = 'tests/contract/embedded-idempotency.contract.test.ts';

export const repetitions: readonly Plant[] = [
  {
    bug: 'send what broke off once more, because its client got no answer',
    edits: at('what-may-be-billed-is-not-sent-again', {
      swap: ['!tapes.some(mayBeBilled)', "tape.end?.ending !== 'answered'"],
    }),
    test: {
      file: WHOLE_CALLS,
      name: 'an answer that broke off: its error is given again, and says not to repeat it',
    },
  },
  {
    bug: 'keep a refusal of the provider for a day',
    edits: at('what-may-be-billed-is-not-sent-again', {
      swap: ['!tapes.some(mayBeBilled)', 'false'],
    }),
    test: { file: WHOLE_CALLS, name: 'a refusal of ours, and one of the provider' },
  },
  {
    bug: 'share a key between virtual keys',
    edits: at('key-is-of-one-virtual-key', { swap: ['keyId}', 'header}'] }),
    test: {
      file: WHOLE_CALLS,
      name: 'without the header, under another key, or of another virtual key it is a call of its own',
    },
  },
  {
    bug: 'leave a key to its lease because the store was away for a moment',
    edits: at('the-store-is-told-again', { drop: true }),
    test: {
      file: WHOLE_CALLS,
      name: 'at the end of a call is told when it is back: neither the answer nor the key is lost',
    },
  },
  {
    bug: 'answer another request under a used key',
    edits: at('another-request-is-no-repetition', { drop: true }),
    test: {
      file: CONTRACT,
      name: 'another request under a key is one, whatever became of the first',
    },
  },
  {
    bug: 'let the key of a killed proxy wait to the end of its life',
    edits: at('ended-lease-is-lost', {
      swap: ["Number(found['lease_until']) > nowMs", 'true'],
    }),
    test: {
      file: CONTRACT,
      name: 'what nobody finished in its lease is lost, and given to nobody else',
    },
  },
];
