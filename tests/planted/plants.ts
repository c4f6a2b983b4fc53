/** The bugs, and for each the test that must go red. `docs/planted.md` lists them for readers. */
import { hostility } from './hostility-plants.ts';
import { operation } from './operation-plants.ts';
import { at, type Plant } from './plant.ts';
import { simulated } from './sim-plants.ts';

const COUNTING_TEST = 'apps/projector/counting.int.test.ts';
const CLAIM_TEST = 'apps/projector/partition-claim.int.test.ts';
const CLOSING_TEST = 'apps/billing-api/closing/close-run.int.test.ts';
const SNAPSHOT_TEST = 'apps/billing-api/closing/snapshot.int.test.ts';
const LEASES_TEST = 'apps/proxy/budget/lease-events.int.test.ts';
const TAKEOVER_TEST = 'apps/proxy/takeover/takeover.int.test.ts';
const ATTEMPT_TEST = 'apps/proxy/call/attempt.int.test.ts';
const BOOK_TEST = 'apps/proxy/budget/budget-book.int.test.ts';
const CALLS_TEST = 'tests/e2e/calls.e2e.test.ts';

const counting: readonly Plant[] = [
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

const shipping: readonly Plant[] = [
  {
    bug: 'forget records before the log has them',
    edits: at('outbox-read-not-produced', { later: true }),
    test: {
      file: 'apps/proxy/shipper/shipper.int.test.ts',
      name: 'I1: keeps what the log did not take, and ships it once the log does',
    },
  },
  {
    bug: 'take a file that was used again for a journal that ended',
    edits: at('segment-was-not-used-again', { drop: true }),
    test: {
      file: 'adapters/journal/journal-store.prop.test.ts',
      name: 'I1: does not take a segment that was used again while it was read for one that ended',
    },
  },
  {
    bug: 'let the last bytes go before the record is durable',
    edits: at('done-is-held-back', { drop: true }),
    test: {
      file: 'apps/proxy/dialects/openai/stream-answer.prop.test.ts',
      name: 'I9: holds back [DONE] and what follows',
    },
  },
];

const budgets: readonly Plant[] = [
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
    test: { file: BOOK_TEST, name: 'I3: does not come back when it is lowered once more' },
  },
  {
    bug: 'leave a changed limit to the proxy that changed it',
    edits: at('changed-limit-is-followed', {
      swap: ['this.definition.revision > this.#account.definitionRevision', 'false'],
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
    bug: 'forget the lease total',
    edits: at('charge-adds-to-its-lease', { drop: true }),
    test: {
      file: 'adapters/journal/journal.int.test.ts',
      name: 'I3: adds a charge to its lease in the transaction that finishes the attempt',
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
        const result = await ledger.append(request.stream, expected, [event]);
        return result.ok || (await ledger.append(request.stream, result.actual, [event])).ok;
      }`,
    }),
    test: { file: LEASES_TEST, name: 'I3: a grant lands where it was decided, or never' },
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

const billing: readonly Plant[] = [
  {
    bug: 'look the price up when the call is settled',
    edits: at('attempt-is-settled', {
      instead: `const { provider, model } = this.facts.deployment;
        const now = this.#deps.directory.price(provider.priceProvider, model, Date.now());
        const deployment = { ...this.facts.deployment, price: now };
        const settlement = settle({ ...this.facts, deployment }, outcome);`,
    }),
    test: {
      file: CALLS_TEST,
      name: 'I7: a call is priced as of its start, whatever is published before its end',
    },
  },
  {
    bug: 'float money',
    edits: at('cost-is-rounded-once', {
      instead: 'return BigInt(Math.round(Number(exact) / 1e6));',
    }),
    test: {
      file: 'domain/pricing/cost.prop.test.ts',
      name: 'I6: is exact against a rational-number model, rounded once',
    },
  },
  {
    bug: 'leave the customer out of the filter',
    edits: at('usage-of-one-customer', {
      swap: ['[customer,', "[customer.replace('customer_id =', \"'' !=\"),"],
    }),
    test: { file: SNAPSHOT_TEST, name: 'a snapshot holds the usage of its customer alone (I10)' },
  },
  {
    bug: 'state an amount of nothing for what a collector could not price',
    edits: at('collected-is-unresolved-too', { swap: ["type = 'external' OR ", ''] }),
    test: {
      file: SNAPSHOT_TEST,
      name: 'I8: lists an event of a collector without a price or a quantity, and gives it no line',
    },
  },
  {
    bug: 'audit an old snapshot by the rule of today',
    edits: at('frozen-keeps-its-version', { instead: 'const version = undefined;' }),
    test: {
      file: 'tests/e2e/yesterday.e2e.test.ts',
      name: 'I3, I4, I5: pass the audit, for what was frozen then and what is frozen now',
    },
  },
  {
    bug: 'take what a clock rolled up before it was set back for a difference',
    edits: at('scratch-is-rolled-up-as-far', { swap: [', aheadMs', ''] }),
    test: {
      file: 'tests/e2e/clock-steps.e2e.test.ts',
      name: 'I3, I4, I5: the audit is clean, and every budget is level',
    },
  },
  {
    bug: 'close without the fence of the revision',
    edits: [
      ...at('snapshot-event-id', {
        swap: ['decision.event, ', 'decision.event, crypto.randomUUID() + '],
      }),
      ...at('snapshot-frozen-no-invoice', {
        instead: `{
          const result = await deps.ledger.append(stream, revision, [frozen]);
          if (!result.ok) await deps.ledger.append(stream, result.actual, [frozen]);
        }`,
      }),
    ],
    test: {
      file: CLOSING_TEST,
      name: 'concurrent closers make one snapshot and both read it (I4)',
    },
  },
  {
    bug: 'freeze before the projector has applied the cut',
    edits: [
      ...at('cut-must-be-applied', { drop: true }),
      ...at('closing-waits-for-the-cut', { drop: true }),
    ],
    test: {
      file: 'apps/billing-api/closing/cut.int.test.ts',
      name: 'before the projector has applied the cut',
    },
  },
];

const secrets: readonly Plant[] = [
  {
    bug: 'log the Authorization header',
    edits: at('proxy-routes', {
      before: `app.addHook('onResponse', (request, _reply, done) => {
        options.logger.error({ headers: request.headers }, 'answered');
        done();
      });`,
    }),
    test: { file: CALLS_TEST, name: 'I12: no key is in a log line, an answer, a table or a file' },
  },
  {
    bug: 'begin to start before the secrets are known to be there',
    edits: at('secrets-are-checked-first', { drop: true }),
    test: {
      file: 'apps/standalone/preflight.int.test.ts',
      name: 'a secret that is not set',
    },
  },
];

export const plants: readonly Plant[] = [
  ...counting,
  ...shipping,
  ...budgets,
  ...simulated,
  ...billing,
  ...secrets,
  ...hostility,
  ...operation,
];
