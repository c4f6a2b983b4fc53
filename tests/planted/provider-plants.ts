/** Bugs of providers: keys that take others down with them, signatures, what passes unmetered. */
import { at, type Plant } from './plant.ts';

const RING_TEST = 'apps/proxy/routing/key-ring.unit.test.ts';
const PASS_TEST = 'apps/proxy/dialects/pass/pass-through.unit.test.ts';
const KEYS_TEST = 'apps/proxy/call/another-key.unit.test.ts';

export const providers: readonly Plant[] = [
  {
    bug: 'blame the key for what the request says',
    edits: at('key-cools-down-apart', { swap: ['isOfKey(answer)', '(status ?? 0) >= 400'] }),
    test: { file: RING_TEST, name: 'do not go around one that carried a text that is not allowed' },
  },
  {
    bug: 'use a key that its provider has just refused',
    edits: at('cooling-key-is-not-used', { drop: true }),
    test: {
      file: RING_TEST,
      name: 'come back to one that was left alone when its provider says, one call at first',
    },
  },
  {
    bug: 'send again with another key what the provider may bill',
    edits: at('another-key-for-what-is-not-billed', { swap: ['gatewayFault(status)', 'status'] }),
    test: { file: KEYS_TEST, name: 'is no reason to send again what the provider may bill' },
  },
  {
    bug: 'open the breaker of a provider one of whose keys is refused',
    edits: at('other-keys-are-as-good', { swap: ['this.#isOfAnotherKey(facts, end)', 'false'] }),
    test: {
      file: KEYS_TEST,
      name: 'another key of the same provider comes before another provider, which is not blamed',
    },
  },
  {
    bug: 'take the model of the body where the path of Azure names another',
    edits: at('deployment-is-the-model', { swap: ['withModel(body, target.model)', 'body'] }),
    test: {
      file: 'apps/proxy/dialects/openai/azure-paths.unit.test.ts',
      name: 'means the deployment by the model, whatever the body says',
    },
  },
  {
    bug: 'take a figure of a passed answer that is not there for zero',
    edits: at('every-pointer-has-to-lead-somewhere', {
      swap: ['this.#isOdd || this.#found.size < this.#pointers.length', 'this.#isOdd'],
    }),
    test: { file: PASS_TEST, name: 'I8: takes no figure for zero because it is not stated' },
  },
  {
    bug: 'pass another model on than the one that is priced',
    edits: at('passed-call-is-priced-as-what-it-asks-for', { drop: true }),
    test: { file: PASS_TEST, name: 'another model than the rule prices' },
  },
  {
    bug: 'bill a passed call that was not served for a request',
    edits: at('fixed-use-is-of-what-was-served', { swap: [' || httpStatus >= 300', ''] }),
    test: {
      file: PASS_TEST,
      name: 'costs nothing if the provider refuses it unbilled, and what it may bill is not known',
    },
  },
  {
    bug: 'sign by a clock that the provider has shown to be wrong',
    edits: at('signature-is-of-the-server-s-time', { drop: true }),
    test: {
      file: 'adapters/provider/sigv4.int.test.ts',
      name: 'a clock that is off is found by a refusal, and the next request has the server’s time',
    },
  },
  {
    bug: 'keep a token for good',
    edits: at('token-is-read-again', { swap: [' && nowMs - this.#readAtMs < REREAD_MS', ''] }),
    test: {
      file: 'adapters/provider/authorizer.unit.test.ts',
      name: 'texts in files are read again once a minute',
    },
  },
  {
    bug: 'pass a request on for nothing because its model has a price of tokens',
    edits: at('passed-request-has-a-price', { swap: ['byRequest &&', 'false &&'] }),
    test: {
      file: 'apps/proxy/routing/deployments.unit.test.ts',
      name: 'I8: what is passed on and billed by the request has a price of a request, or is not passed on',
    },
  },
];
