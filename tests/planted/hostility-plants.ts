/** Bugs that would let one client stop the gateway, or see what is not theirs. */
import { at, type Plant } from './plant.ts';

const HOSTILE_TEST = 'apps/proxy/body/hostile-bodies.int.test.ts';
const NAMES_TEST = 'apps/billing-api/routes/sql/by-name.int.test.ts';
const GUESTS_TEST = 'adapters/warehouse/guests/guests.int.test.ts';
const UNBILLABLE_TEST = 'apps/billing-api/closing/unbillable.int.test.ts';

/** What strangers, tenants and providers try: the mistakes that would let them. */
export const hostility: readonly Plant[] = [
  {
    bug: 'suspend a key for its newest secret only',
    edits: at('key-changes-for-every-secret', {
      instead: `{
        const newest = key.digests.at(-1);
        if (newest !== undefined) newest.key = key.view;
      }`,
    }),
    test: {
      file: 'apps/proxy/auth/authenticate.unit.test.ts',
      name: 'that is suspended opens nothing with any of its secrets until it is resumed',
    },
  },
  {
    bug: 'let a body have as many values as it likes',
    edits: at('body-has-too-many-values', { drop: true }),
    test: {
      file: HOSTILE_TEST,
      name: 'four million numbers are refused on the way, closed and recorded',
    },
  },
  {
    bug: 'read all that providers have sent in one turn',
    edits: at('turn-has-a-budget', { swap: [' && !this.isSpent', ''] }),
    test: {
      file: 'apps/proxy/call/intake.unit.test.ts',
      name: 'ends with what has waited in it when it is spent; the rest has the next one',
    },
  },
  {
    bug: 'forget the short work of a turn, however much of it there is',
    edits: at('short-work-counts-too', { drop: true }),
    test: {
      file: 'apps/proxy/call/intake.unit.test.ts',
      name: 'has no callback for one short thing, and is used up by many',
    },
  },
  {
    bug: 'read what nobody serves before it is refused',
    edits: at('stranger-is-refused-unread', { drop: true }),
    test: {
      file: HOSTILE_TEST,
      name: 'a path that nobody serves is answered and closed, with most of the body unread',
    },
  },
  {
    bug: 'let one customer’s waiting calls all go first',
    edits: at('owner-goes-behind-the-others', {
      instead: 'if (queue.length === 0) this.#queues.delete(owner);',
    }),
    test: {
      file: 'apps/proxy/routing/fair-gate.unit.test.ts',
      name: 'owners enter in turn, however many of one are waiting',
    },
  },
  {
    bug: 'open any time zone that a query names',
    edits: at('time-zone-is-of-the-list', { drop: true }),
    test: {
      file: NAMES_TEST,
      name: 'a time zone that the engine would open as a file is refused, and so is a computed one',
    },
  },
  {
    bug: 'take a bare word for a column',
    edits: at('bare-name-calls-a-function', { swap: ['!functions.has(lowerName)', 'true'] }),
    test: {
      file: NAMES_TEST,
      name: 'a call without parentheses is refused',
    },
  },
  {
    bug: 'give guests our environment',
    edits: at('guest-has-nothing-of-ours', { instead: 'env: process.env' }),
    test: {
      file: GUESTS_TEST,
      name: 'I12: run in a process whose environment holds nothing of ours',
    },
  },
  {
    bug: 'leave the end of a query to the engine',
    edits: at('guest-is-killed-in-time', { swap: ['}, timeoutMs)', '}, 2 ** 30)'] }),
    test: {
      file: GUESTS_TEST,
      name: 'are killed where they outlive their time, and no other query with them',
    },
  },
  {
    bug: 'call a projector ready that does not advance',
    edits: at('standstill-is-a-fault', { drop: true }),
    test: {
      file: 'adapters/http/readiness.unit.test.ts',
      name: 'is at fault once it stays where it is for too long, and not before',
    },
  },
  {
    bug: 'keep what secrets can be worked out from',
    edits: at('replay-key-is-deleted', { drop: true }),
    test: {
      file: 'adapters/secrets/replay-keys.int.test.ts',
      name: 'I12: is gone after a day, from the disk too, and does not come back',
    },
  },
  {
    bug: 'log the path of a call that fails',
    edits: at('failure-is-logged-without-its-path', {
      swap: ["request.routeOptions.url ?? 'no route'", 'request.url'],
    }),
    test: {
      file: 'apps/proxy/logged-paths.int.test.ts',
      name: 'I12: a key in a path, a query or a header is in no log line, though the call fails',
    },
  },
  {
    bug: 'begin to close what no invoice can state',
    edits: at('invoice-before-closing', { drop: true }),
    test: {
      file: UNBILLABLE_TEST,
      name: 'is refused before its period closes, in every run, and other customers are closed',
    },
  },
  {
    bug: 'begin to close before all usage is known',
    edits: at('closing-waits-for-the-cut', { drop: true }),
    test: {
      file: UNBILLABLE_TEST,
      name: 'is refused before its period closes, although it was not projected when the run began',
    },
  },
  {
    bug: 'freeze what no invoice can state',
    edits: at('invoice-before-freezing', { drop: true }),
    test: {
      file: UNBILLABLE_TEST,
      name: 'that became known only after its period began to close is not frozen either',
    },
  },
  {
    bug: 'pass on every header of a provider',
    edits: at('answer-headers-are-on-the-list', { swap: ['!passes(name)', 'false'] }),
    test: {
      file: 'apps/proxy/call/headers.unit.test.ts',
      name: 'are those of the provider that SDKs read, and not one more',
    },
  },
  {
    bug: 'let a request name two keys',
    edits: at('header-is-stated-once', { drop: true }),
    test: {
      file: 'apps/proxy/gate.int.test.ts',
      name: 'two keys in one request are refused: who pays must not depend on who reads it',
    },
  },
  {
    bug: 'install what has no hash',
    edits: at('package-has-its-hash', { drop: true }),
    test: {
      file: 'tests/house/check-commands.int.test.ts',
      name: 'fails on a package of the lockfile that has no hash',
    },
  },
  {
    bug: 'raise a bound against strangers without a word',
    edits: at('bound-is-stated-to-strangers', { swap: ['500_000', '5_000_000'] }),
    test: {
      file: 'tests/house/security.unit.test.ts',
      name: 'SECURITY.md states the bounds as they are in the code',
    },
  },
];
