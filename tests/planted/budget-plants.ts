/** Bugs that would let a budget be exceeded, or charge it for what was not used. */
import { at, type Plant } from './plant.ts';

const LEASES_TEST = 'apps/proxy/budget/lease-events.int.test.ts';
const TAKEOVER_TEST = 'apps/proxy/takeover/takeover.int.test.ts';
const ATTEMPT_TEST = 'apps/proxy/call/attempt.int.test.ts';
const END_USERS_TEST = 'apps/proxy/budget/end-user-budgets.unit.test.ts';
const BOOK_TEST = 'apps/proxy/budget/budget-book.int.test.ts';
const RECALLS_TEST = 'apps/proxy/budget/recalls.unit.test.ts';

export const budgets: readonly Plant[] = [
  {
    bug: 'release the hold when the request is sent',
    edits: at('request-is-sent', { before: 'this.#deps.budgets.cancel(this.facts.holds);' }),
    test: {
      file: 'tests/e2e/skeleton.e2e.test.ts',
      name: 'I3: a budget is not exceeded by concurrent calls through two proxies',
    },
  },
  {
    bug: 'release the hold before the charge is durable',
    edits: at('charge-is-submitted', {
      before: 'settlement.release(); settlement.release = () => undefined;',
    }),
    test: { file: ATTEMPT_TEST, name: 'I3: is freed only when the charge is durable' },
  },
  {
    bug: 'charge what a broken stream had said so far',
    edits: at('running-total-is-not-usage', {
      swap: ['(outcome.completed || answer?.isUsageFinal() === true)', 'true'],
    }),
    test: {
      file: ATTEMPT_TEST,
      name: 'I3: is charged in full when a stream breaks that has stated what was used so far',
    },
  },
  {
    bug: 'read on without an end for a client that has left',
    edits: at('drain-has-a-bound', { drop: true }),
    test: {
      file: 'apps/proxy/call/drain.unit.test.ts',
      name: 'is given up when too much more is generated, many tokens at a time',
    },
  },
  {
    bug: 'let an older limit override a newer one',
    edits: at('older-limit-is-ignored', { drop: true }),
    // A proxy that appends at the revision that it has read cannot meet it alone any more.
    test: {
      file: 'domain/budget/account.unit.test.ts',
      name: 'I3: takes a newer limit, and one of the same definition, but no older one',
    },
  },
  {
    bug: 'leave a changed limit to the proxy that changed it',
    edits: at('changed-limit-is-followed', {
      swap: ['isBehind(this.account, this.#latest, nowMs)', 'false'],
    }),
    test: {
      file: BOOK_TEST,
      name: 'I3: binds although the proxy that opened it could not say so',
    },
  },
  {
    bug: 'lose sight of a lease at midnight',
    edits: at('ended-window-is-forgotten', { drop: true }),
    test: {
      file: BOOK_TEST,
      name: 'I3: when its window ended while the call waited for another budget',
    },
  },
  {
    bug: 'grant all that is left to a call that it does not serve',
    edits: at('only-served-calls-are-granted', {
      swap: ['if (served + amount <= left + free) ', ''],
    }),
    test: { file: BOOK_TEST, name: 'is not taken from the calls of other proxies' },
  },
  {
    bug: 'keep idle slices although another proxy asks for them',
    edits: at('recalled-slices-go-back', { swap: [' || account.isRecalled()', ''] }),
    test: {
      file: RECALLS_TEST,
      name: 'goes back when a call elsewhere needs it, although much is left, before that call is refused',
    },
  },
  {
    bug: 'keep what no call uses of a slice that is in use, although another proxy asks for it',
    edits: at('free-parts-go-back', { drop: true }),
    test: {
      file: RECALLS_TEST,
      name: 'goes back as the free part of a slice whose calls go on',
    },
  },
  {
    bug: 'take what is on its way back for spent',
    edits: at('parts-on-their-way-back-are-left', { drop: true }),
    test: {
      file: RECALLS_TEST,
      name: 'serves a call, although a free part that its own proxy gives back meets other events',
    },
  },
  {
    bug: 'read each budget of a path only once the one before it has a slice',
    edits: at('later-budgets-are-read-meanwhile', { drop: true }),
    test: {
      file: 'apps/proxy/budget/budget-book.unit.test.ts',
      name: 'a call reads those of its budgets that it has not read while it waits for the first',
    },
  },
  {
    bug: 'ask for idle slices with each call that waits',
    edits: at('recall-is-rare', { instead: 'return nowMs >= Number(stretch);' }),
    test: {
      file: RECALLS_TEST,
      name: 'of all proxies that wait, one asks, and not again for a while',
    },
  },
  {
    bug: 'say that nothing is known to a call for which too little is left',
    edits: at('short-call-is-refused', { drop: true }),
    test: { file: RECALLS_TEST, name: 'is refused, although the ledger stops answering then' },
  },
  {
    bug: 'charge nothing for an unknown outcome',
    edits: at('unknown-outcome-is-charged', { swap: ['? most', '? 0n'] }),
    test: { file: ATTEMPT_TEST, name: 'I3: is charged in full when nobody knows what was used' },
  },
  {
    bug: 'believe that no model reasons',
    edits: at('hidden-output-has-no-bound', { swap: ['hidesOutput ||', 'false ||'] }),
    test: {
      file: 'apps/proxy/call/call.int.test.ts',
      name: 'I3: is charged in full where nobody says that the model hides nothing',
    },
  },
  {
    bug: 'take what was cut off for all that was generated',
    edits: at('answer-shows-all', { swap: ['|| !this.#ended ', ''] }),
    test: {
      file: 'apps/proxy/dialects/openai/unshown-output.unit.test.ts',
      name: 'of what cannot be read: no JSON, a broken event, an answer without an end',
    },
  },
  {
    bug: 'record what was held where less was charged',
    edits: at('event-has-what-was-charged', { swap: ['bound === null ? null : proven', 'null'] }),
    test: {
      file: 'apps/proxy/call/proven-charge.prop.test.ts',
      name: 'I3: has spent exactly what its bill says once that is imported',
    },
  },
  {
    bug: 'forget the limit that a call was given',
    edits: at('imposed-limit-is-on-the-event', { swap: ['limit === undefined', 'true'] }),
    test: {
      file: 'apps/proxy/call/call.int.test.ts',
      name: 'says on its event which output limit the call got that it did not ask for',
    },
  },
  {
    bug: 'charge a lease for the last attempt of a group alone',
    edits: at('group-charges-add-up', { before: 'this.#charged.clear();' }),
    test: {
      file: 'adapters/journal/journal-codec.prop.test.ts',
      name: 'I3: charges of one lease in one group add up, and those that an earlier version wrote are read',
    },
  },
  {
    bug: 'forget the lease total',
    edits: at('charge-adds-to-its-lease', { drop: true }),
    test: {
      file: 'adapters/journal/journal.int.test.ts',
      name: 'I3: adds a charge to its lease in the transaction that finishes the attempt',
    },
  },
  {
    bug: 'let calls without an end user pass a template',
    edits: at('nobody-is-an-end-user-too', {
      before: 'if (definition.per !== null && request.endUser === null) continue;',
    }),
    test: {
      file: 'apps/proxy/call/end-users.int.test.ts',
      name: 'I3: calls that name nobody share one budget, so that leaving the name out is no way around',
    },
  },
  {
    bug: 'give all end users one window',
    edits: at('window-of-the-end-user', {
      swap: ['bounds.startMs, endUser', "bounds.startMs, endUser && ''"],
    }),
    test: {
      file: END_USERS_TEST,
      name: 'has the whole limit, from the first call on, whatever others spend',
    },
  },
  {
    bug: 'keep every slice of an end user as short as the first',
    edits: at('long-streams-wait-longer', {
      swap: ['doublings < DOUBLINGS_MAX ? doublings : DOUBLINGS_MAX', '0n'],
    }),
    test: { file: END_USERS_TEST, name: 'a bounded number of one who calls each minute for hours' },
  },
  {
    bug: 'take the idle slices of a crowd, however long their streams are',
    edits: at('long-streams-keep-slices-in-a-crowd', { swap: [' * Number(stretchInCrowd)', ''] }),
    test: {
      file: END_USERS_TEST,
      name: 'a bounded number of each in a crowd, where none can keep a slice for long',
    },
  },
  {
    bug: 'read each window of a crowd each second',
    edits: at('plenty-is-not-read-each-second', {
      swap: ['account.definition.per !== null', 'account.definition.per === undefined'],
    }),
    test: {
      file: END_USERS_TEST,
      name: 'reads a window with an idle slice again each second only where little is left',
    },
  },
  {
    bug: 'ask for the first slices of all end users at once',
    edits: at('end-user-grants-take-turns', { drop: true }),
    test: {
      file: END_USERS_TEST,
      name: 'asks for so many slices at once, and other budgets do not wait for it',
    },
  },
  {
    bug: 'settle twice',
    edits: at('settlement-event', {
      swap: ['data }, leaseId)', 'data }, crypto.randomUUID())'],
    }),
    test: { file: LEASES_TEST, name: 'I3: a lease is settled once, by owner and taker together' },
  },
  {
    bug: 'fold a second settlement as if it were one more',
    edits: at('settled-lease-must-be-open', {
      before: 'if (lease === undefined) return account;',
    }),
    test: {
      file: 'domain/budget/account.prop.test.ts',
      name: 'refuses a stream that settles a lease twice',
    },
  },
  {
    bug: 'grant at whatever revision the stream has now',
    edits: at('grant-is-appended', {
      instead: `{
        const result = await ledger.append(request.stream, expected, events);
        return result.ok || (await ledger.append(request.stream, result.actual, [event])).ok;
      }`,
    }),
    test: { file: LEASES_TEST, name: 'I3: a grant lands where it was decided, or never' },
  },
  {
    bug: 'append the first grant of a window without what opens it',
    edits: at('opening-goes-with-its-grant', { instead: 'const events = [event];' }),
    test: {
      file: LEASES_TEST,
      name: 'I3: a first grant lands together with what opens its window, or neither ever does',
    },
  },
  {
    bug: 'use the first slice of a window whose limit has fallen while it was opened',
    edits: at('opened-window-is-looked-after', {
      swap: ['readDefinition(ledger, this.#definition.budget_id)', 'this.#latest'],
    }),
    test: {
      file: 'apps/proxy/budget/grants.int.test.ts',
      name: 'I3: learns of a limit that falls while it opens before a call holds its first slice',
    },
  },
  {
    bug: 'use a slice of a raise that has ended while its request was journaled',
    edits: at('falls-count-from-the-decision', {
      before: 'this.#fallsWhenRequested = this.#falls;',
    }),
    test: {
      file: 'apps/proxy/budget/changing-limits.int.test.ts',
      name: 'I3: that ends while a slice of it is on its way to the journal is in no slice that calls take of',
    },
  },
  {
    bug: 'let what nobody waits for go before calls that wait',
    edits: at('background-leaves-room', { swap: ['group.push', 'group.unshift'] }),
    test: {
      file: 'adapters/ledger/sqlite-ledger.int.test.ts',
      name: 'comes behind what somebody waits for, although it was asked before',
    },
  },
  {
    bug: 'return idle slices as if a call waited for it',
    edits: at('idle-slices-leave-room', { swap: ['!isWanted', 'false'] }),
    test: {
      file: 'apps/proxy/budget/sweep.unit.test.ts',
      name: 'as something that nobody waits for: a call that needs a slice goes first',
    },
  },
  {
    bug: 'append without revision',
    edits: [
      ...at('revision-of-an-append', {
        swap: ["expected === 'no_stream' ? 0n : expected", "last === 'no_stream' ? 0n : last"],
      }),
      ...at('revision-is-the-expected-one', { drop: true }),
    ],
    test: {
      file: 'tests/contract/sqlite-stores.contract.test.ts',
      name: 'refuses an append that was decided from something else, and says from what',
    },
  },
  {
    bug: 'free the holds of a dead instance',
    edits: at('dead-attempt-is-charged', {
      swap: ['hold_amounts[index]', 'hold_amounts[index + 99]'],
    }),
    test: {
      file: TAKEOVER_TEST,
      name: 'I1, I3: finishes, ships and settles once, whichever step its own death comes at',
    },
  },
  {
    bug: 'forget the lease total before it is settled',
    edits: at('takeover-settled-not-forgotten', { later: true }),
    test: {
      file: TAKEOVER_TEST,
      name: 'I1, I3: finishes, ships and settles once, whichever step its own death comes at',
    },
  },
];
