/** Bugs of the languages on the wire: calls that go where nobody understands them, figures that are misread. */
import { at, type Plant } from './plant.ts';

export const dialects: readonly Plant[] = [
  {
    bug: 'send a call to a provider that does not speak its dialect',
    edits: at('provider-speaks-the-dialect', {
      instead: 'if (provider) return this.#configured(configured, model, nowMs);',
    }),
    test: {
      file: 'apps/proxy/routing/deployments.unit.test.ts',
      name: 'goes only to a provider that speaks it, whatever lists the model',
    },
  },
  {
    bug: 'pass on counts of tokens of a key whose calls guardrails look through',
    edits: at('free-is-no-way-around-a-guardrail', { drop: true }),
    test: {
      file: 'apps/proxy/free/free-calls.int.test.ts',
      name: 'no text goes around the guardrails of a key',
    },
  },
  {
    bug: 'add the running totals of a stream up',
    edits: at('running-totals-are-not-added', {
      instead: 'this.#counts[count] = (this.#counts[count] ?? 0) + (counts[count] as number);',
    }),
    test: {
      file: 'domain/usage/anthropic-usage.unit.test.ts',
      name: 'of a start and two deltas are the largest of each count, and no sum',
    },
  },
  {
    bug: 'take what a message states at its start for its total',
    edits: at('start-of-a-message-states-no-total', { instead: 'return this.#usage.quantities;' }),
    test: {
      file: 'apps/proxy/dialects/anthropic/message-stream.prop.test.ts',
      name: 'I8: states no total if it breaks off before it has one',
    },
  },
  {
    bug: 'price a run of another model as one of the model that was asked',
    edits: at('runs-of-other-models-are-not-priced', { drop: true }),
    test: {
      file: 'domain/usage/anthropic-usage.unit.test.ts',
      name: 'of another model are not known, nor those of a kind that nobody knows',
    },
  },
  {
    bug: 'raise the limit that a message states',
    edits: at('clamp-is-below-the-stated-limit', { instead: 'const tokens = limit.tokens;' }),
    test: {
      file: 'apps/proxy/dialects/anthropic/messages-request.unit.test.ts',
      name: 'I3: has the name that the model has there, and never more output than was asked for',
    },
  },
  {
    bug: 'make a text of whatever a part says that it is',
    edits: at('what-is-no-text-is-not-called', { instead: 'return String(value);' }),
    test: {
      file: 'tests/fuzz/fuzz.prop.test.ts',
      name: 'I11: of 4,000 requests each is refused by a name, or sent as the client wrote it',
    },
  },
  {
    bug: 'take a member that every object has for a count',
    edits: at('counts-are-known-by-own-names', {
      instead:
        'if (name in COUNTS) this.#count(counts, COUNTS[name as keyof typeof COUNTS], value);',
    }),
    test: {
      file: 'domain/usage/anthropic-usage.unit.test.ts',
      name: 'has a count by a name that every object has',
    },
  },
];
