/** Bugs that would count usage twice, or not at all, on the way from the log to the roll-ups. */
import { at, type Plant } from './plant.ts';

const COUNTING_TEST = 'apps/projector/counting.int.test.ts';
const CLAIM_TEST = 'apps/projector/partition-claim.int.test.ts';

export const counting: readonly Plant[] = [
  {
    bug: 'skip the dedupe',
    edits: at('known-event-is-a-duplicate', {
      swap: ['first !== undefined', "first !== undefined && first.leafHex === ''"],
    }),
    test: {
      file: COUNTING_TEST,
      name: 'I2: an event that is delivered five times counts once, in any batch',
    },
  },
  {
    bug: 'dedupe over the last 30 days only',
    edits: at('dedupe-lookup', {
      swap: [
        "disposition = 'counted'",
        "disposition = 'counted' AND time > now() - INTERVAL 30 DAY",
      ],
    }),
    test: {
      file: COUNTING_TEST,
      name: 'I2: a duplicate that comes 40 days later counts zero times, ours and a foreign one',
    },
  },
  {
    bug: 'take the offset as done before the insert',
    edits: at('batch-intent', { swap: ['first: String(first)', 'first: String(last + 1n)'] }),
    test: {
      file: CLAIM_TEST,
      name: 'I2: an insert that stored half of its rows is completed, by the intent that was recorded before',
    },
  },
  {
    bug: 'go on behind the noted offset without reading back',
    edits: at('torn-offset-is-missing', { drop: true }),
    test: {
      file: CLAIM_TEST,
      name: 'inserts what a torn batch lacks, under a new epoch',
    },
  },
  {
    bug: 'go on beyond a torn offset that cannot be read yet',
    edits: at('torn-record-must-be-readable', { instead: 'if (record === undefined) continue;' }),
    test: {
      file: CLAIM_TEST,
      name: 'I2: does not go beyond a torn offset that the broker cannot give yet',
    },
  },
  {
    bug: 'insert without the fence',
    edits: at('insert-behind-the-fence', { swap: [`WHERE \${FENCE_HOLDS}`, ''] }),
    test: {
      file: CLAIM_TEST,
      name: 'I2, I4: two projectors, the first held before its insert: nothing doubled, it notices',
    },
  },
  {
    bug: 'tell foreign events apart without their customer',
    edits: at('foreign-event-key', { swap: ['event.customer_id, ', ''] }),
    test: { file: COUNTING_TEST, name: 'I10: equal foreign ids of two customers both count' },
  },
  {
    bug: 'sum cumulative usage',
    edits: at('usage-is-the-last-stated', {
      instead: `{
        const last = this.#best?.quantities.outputTokens ?? 0;
        const outputTokens = reading.quantities.outputTokens + last;
        this.#best = { ...reading, quantities: { ...reading.quantities, outputTokens } };
      }`,
    }),
    test: {
      file: 'apps/proxy/dialects/openai/stream-answer.prop.test.ts',
      name: 'finds usage after the finish reason (Jarvis#48), the last one, never a sum',
    },
  },
  {
    bug: '|| instead of ?? on a zero',
    edits: at('prompt-count', {
      swap: ['= prompt', '= prompt || null'],
    }),
    test: {
      file: 'domain/usage/openai-usage.unit.test.ts',
      name: 'I8: an explicit zero is a value (litellm#37992)',
    },
  },
];
