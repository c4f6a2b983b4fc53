/** The bugs, and for each the test that must go red. `docs/planted.md` lists them for readers. */
import type { Plant } from './plant.ts';

const COUNTING_TEST = 'apps/projector/counting.int.test.ts';
const CLAIM_TEST = 'apps/projector/partition-claim.int.test.ts';
const CLOSING_TEST = 'apps/billing-api/closing/close-run.int.test.ts';
const LEASES_TEST = 'apps/proxy/budget/lease-events.int.test.ts';
const TAKEOVER_TEST = 'apps/proxy/takeover/takeover.int.test.ts';
const ATTEMPT_TEST = 'apps/proxy/call/attempt.int.test.ts';
const BOOK_TEST = 'apps/proxy/budget/budget-book.int.test.ts';
const CALLS_TEST = 'tests/e2e/calls.e2e.test.ts';

const counting: readonly Plant[] = [
  {
    bug: 'skip the dedupe',
    file: 'apps/projector/dispositions.ts',
    anchor: '    if (first !== undefined) {',
    mistake: "    if (first !== undefined && first.leafHex === '') {",
    test: {
      file: COUNTING_TEST,
      name: 'I2: an event that is delivered five times counts once, in any batch',
    },
  },
  {
    bug: 'dedupe over the last 30 days only',
    file: 'apps/projector/raw-writer.ts',
    anchor: "       WHERE disposition = 'counted' AND id_key IN",
    mistake:
      "       WHERE disposition = 'counted' AND time > now() - INTERVAL 30 DAY AND id_key IN",
    test: {
      file: COUNTING_TEST,
      name: 'I2: a duplicate that comes 40 days later counts zero times, ours and a foreign one',
    },
  },
  {
    bug: 'take the offset as done before the insert',
    file: 'apps/projector/projector.ts',
    anchor: '        first: String(first),',
    mistake: '        first: String(last + 1n),',
    test: {
      file: CLAIM_TEST,
      name: 'I2: an insert that stored half of its rows is completed, by the intent that was recorded before',
    },
  },
  {
    bug: 'go on behind the noted offset without reading back',
    file: 'apps/projector/resume-decision.ts',
    anchor: '    if (!present.has(offset)) missing.push(offset);',
    mistake: '',
    test: {
      file: CLAIM_TEST,
      name: 'inserts what a torn batch lacks, under a new epoch',
    },
  },
  {
    bug: 'go on beyond a torn offset that cannot be read yet',
    file: 'apps/projector/projector.ts',
    anchor: `        if (record === undefined) throw new Error(unreadable(partition, offset));
        torn.push(record);`,
    mistake: `        if (record !== undefined) torn.push(record);
        void unreadable;`,
    test: {
      file: CLAIM_TEST,
      name: 'I2: does not go beyond a torn offset that the broker cannot give yet',
    },
  },
  {
    bug: 'insert without the fence',
    file: 'apps/projector/raw-writer.ts',
    anchor: `WHERE \${FENCE_HOLDS}
       SETTINGS`,
    mistake: 'SETTINGS',
    test: {
      file: CLAIM_TEST,
      name: 'I2, I4: two projectors, the first held before its insert: nothing doubled, it notices',
    },
  },
  {
    bug: 'tell foreign events apart without their customer',
    file: 'apps/projector/projection.ts',
    anchor: 'of [event.customer_id, event.source, event.id]',
    mistake: 'of [event.source, event.id]',
    test: { file: COUNTING_TEST, name: 'I10: equal foreign ids of two customers both count' },
  },
  {
    bug: 'sum cumulative usage',
    file: 'apps/proxy/relay/sse-relay.ts',
    anchor: '      this.#usage = chunk.usage;',
    mistake: `    {
      const last = (this.#usage ?? {}) as Record<string, number>;
      const stated = Object.entries(chunk.usage as Record<string, number>);
      this.#usage = Object.fromEntries(stated.map(([k, n]) => [k, n + (last[k] ?? 0)]));
    }`,
    test: {
      file: 'apps/proxy/relay/sse-relay.prop.test.ts',
      name: 'finds usage after the finish reason (Jarvis#48), the last one, never a sum',
    },
  },
  {
    bug: '|| instead of ?? on a zero',
    file: 'domain/usage/openai-usage.ts',
    anchor: "count(usage['prompt_tokens']);",
    mistake: "count(usage['prompt_tokens'] || null);",
    test: {
      file: 'domain/usage/openai-usage.unit.test.ts',
      name: 'I8: an explicit zero is a value (litellm#37992)',
    },
  },
];

const shipping: readonly Plant[] = [
  {
    bug: 'forget records before the log has them',
    file: 'apps/proxy/shipper/shipper.ts',
    anchor: `  await log.append(records);
  await journal.write({ op: 'shipped', uptoSeq: last.seq });`,
    mistake: `  await journal.write({ op: 'shipped', uptoSeq: last.seq });
  await log.append(records);`,
    test: {
      file: 'apps/proxy/shipper/shipper.int.test.ts',
      name: 'I1: keeps what the log did not take, and ships it once the log does',
    },
  },
  {
    bug: 'take a file that was used again for a journal that ended',
    file: 'adapters/journal/journal-replay.ts',
    anchor: '    reader.assertStillThere();',
    mistake: '',
    test: {
      file: 'adapters/journal/journal-store.prop.test.ts',
      name: 'I1: does not take a segment that was used again while it was read for one that ended',
    },
  },
  {
    bug: 'let the last bytes go before the record is durable',
    file: 'apps/proxy/relay/sse-relay.ts',
    anchor: '      this.#held ??= [];',
    mistake: '',
    test: {
      file: 'apps/proxy/relay/sse-relay.prop.test.ts',
      name: 'I9: holds back [DONE] and what follows',
    },
  },
];

const budgets: readonly Plant[] = [
  {
    bug: 'release the hold when the request is sent',
    file: 'apps/proxy/call/attempt.ts',
    anchor: '    const body = upstreamBody(request, deployment.model);',
    mistake: `    this.#deps.budgets.cancel(this.#facts.holds);
    const body = upstreamBody(request, deployment.model);`,
    test: {
      file: 'tests/e2e/skeleton.e2e.test.ts',
      name: 'I3: a budget is not exceeded by concurrent calls through two proxies',
    },
  },
  {
    bug: 'release the hold before the charge is durable',
    file: 'apps/proxy/call/attempt.ts',
    anchor: '    const { attemptId, key } = this.#facts;\n    this.#deps.journal.submit(',
    mistake: `    const { attemptId, key } = this.#facts;
    settlement.release();
    settlement.release = () => undefined;
    this.#deps.journal.submit(`,
    test: { file: ATTEMPT_TEST, name: 'I3: is freed only when the charge is durable' },
  },
  {
    bug: 'charge what a broken stream had said so far',
    file: 'apps/proxy/call/settle.ts',
    anchor: 'stated !== null && (outcome.completed || answer?.isUsageFinal() === true)',
    mistake: 'stated !== null',
    test: {
      file: ATTEMPT_TEST,
      name: 'I3: is charged in full when a stream breaks that has stated zeros',
    },
  },
  {
    bug: 'let an older limit override a newer one',
    file: 'domain/budget/account.ts',
    anchor:
      '      if (BigInt(event.data.definition_revision) < account.definitionRevision) return account;',
    mistake: '',
    test: { file: BOOK_TEST, name: 'I3: does not come back when it is lowered once more' },
  },
  {
    bug: 'leave a changed limit to whoever changed it',
    file: 'apps/proxy/budget/window-account.ts',
    anchor: '    else if (this.definition.revision > this.#account.definitionRevision) {',
    mistake: '    else if (this.definition.revision < 0n) {',
    test: {
      file: BOOK_TEST,
      name: 'I3: binds although the proxy that opened it could not say so',
    },
  },
  {
    bug: 'lose sight of a lease at midnight',
    file: 'apps/proxy/budget/budget-book.ts',
    anchor: '      if (this.#current.get(budget_id) === entry) this.#current.delete(budget_id);',
    mistake: '      void budget_id;',
    test: {
      file: BOOK_TEST,
      name: 'I3: when its window ended while the call waited for another budget',
    },
  },
  {
    bug: 'grant all that is left to a call that it does not serve',
    file: 'domain/budget/grant.ts',
    anchor: 'if (served + amount <= left + free) served += amount;',
    mistake: 'served += amount;',
    test: { file: BOOK_TEST, name: 'is not taken from the calls of other proxies' },
  },
  {
    bug: 'charge nothing for an unknown outcome',
    file: 'apps/proxy/call/settle.ts',
    anchor: 'stated === null || cost === null ? held : chargeOf',
    mistake: 'stated === null || cost === null ? 0n : chargeOf',
    test: { file: ATTEMPT_TEST, name: 'I3: is charged in full when nobody knows what was used' },
  },
  {
    bug: 'forget the lease total',
    file: 'adapters/journal/journal-state.ts',
    anchor: '      lease.spent += amount;',
    mistake: '',
    test: {
      file: 'adapters/journal/journal.int.test.ts',
      name: 'I3: adds a charge to its lease in the transaction that finishes the attempt',
    },
  },
  {
    bug: 'settle twice',
    file: 'apps/proxy/budget/lease-events.ts',
    anchor: "    id: ledgerEventId(stream, 'LeaseSettled', leaseId),",
    mistake: '    id: crypto.randomUUID(),',
    test: { file: LEASES_TEST, name: 'I3: a lease is settled once, by owner and taker together' },
  },
  {
    bug: 'fold a second settlement as if it were one more',
    file: 'domain/budget/account.ts',
    anchor: '  if (lease === undefined) throw new Error(',
    mistake: '  if (lease === undefined) return account;\n  if (lease === null) throw new Error(',
    test: {
      file: 'domain/budget/account.prop.test.ts',
      name: 'refuses a stream that settles a lease twice',
    },
  },
  {
    bug: 'grant at whatever revision the stream has now',
    file: 'apps/proxy/budget/lease-events.ts',
    anchor: '      return (await ledger.append(request.stream, expected, [event])).ok;',
    mistake: `      const result = await ledger.append(request.stream, expected, [event]);
      return result.ok || (await ledger.append(request.stream, result.actual, [event])).ok;`,
    test: { file: LEASES_TEST, name: 'I3: a grant lands where it was decided, or never' },
  },
  {
    bug: 'append without revision',
    file: 'adapters/ledger/sqlite-ledger-worker.ts',
    anchor: `  const first = expected === 'no_stream' ? 0n : expected + 1n;
  if (last !== expected) return alreadyThere(stream, first, events, last);`,
    mistake: `  const first = last === 'no_stream' ? 0n : last + 1n;
  if (events.length === 0) return alreadyThere(stream, first, events, last);`,
    test: {
      file: 'tests/contract/sqlite-stores.contract.test.ts',
      name: 'refuses an append that was decided from something else, and says from what',
    },
  },
  {
    bug: 'free the holds of a dead instance',
    file: 'apps/proxy/takeover/takeover.ts',
    anchor: "    amount: parseDecimal12(event.hold_amounts[index] ?? '0.000000000000'),",
    mistake: "    amount: parseDecimal12(event.hold_amounts[index + 99] ?? '0.000000000000'),",
    test: {
      file: TAKEOVER_TEST,
      name: 'I1, I3: finishes, ships and settles once, whichever step its own death comes at',
    },
  },
  {
    bug: 'forget the lease total before it is settled',
    file: 'apps/proxy/takeover/takeover.ts',
    anchor: `      await settleLease(deps.ledger, stream, leaseId, spent);
      await journal.write({ op: 'lease_forgotten', leaseId });`,
    mistake: `      await journal.write({ op: 'lease_forgotten', leaseId });
      await settleLease(deps.ledger, stream, leaseId, spent);`,
    test: {
      file: TAKEOVER_TEST,
      name: 'I1, I3: finishes, ships and settles once, whichever step its own death comes at',
    },
  },
];

const billing: readonly Plant[] = [
  {
    bug: 'look the price up when the call is settled',
    file: 'apps/proxy/call/attempt.ts',
    anchor: '    const settlement = settle(this.#facts, outcome);',
    mistake: `    const { provider, model } = this.#facts.deployment;
    const now = this.#deps.directory.price(provider.priceProvider, model, Date.now());
    const deployment = { ...this.#facts.deployment, price: now };
    const settlement = settle({ ...this.#facts, deployment }, outcome);`,
    test: {
      file: CALLS_TEST,
      name: 'I7: a call is priced as of its start, whatever is published before its end',
    },
  },
  {
    bug: 'float money',
    file: 'domain/pricing/cost.ts',
    anchor: '  return divideHalfAwayFromZero(exact, MILLION);',
    mistake: '  return BigInt(Math.round(Number(exact) / 1e6));',
    test: {
      file: 'domain/pricing/cost.prop.test.ts',
      name: 'I6: is exact against a rational-number model, rounded once',
    },
  },
  {
    bug: 'leave the customer out of the filter',
    file: 'apps/billing-api/closing/usage-set.ts',
    anchor: 'const parts = [customer, "disposition = \'counted\'", here.where];',
    mistake:
      "const parts = [customer.replace('customer_id =', \"'' !=\"), \"disposition = 'counted'\", here.where];",
    test: { file: CLOSING_TEST, name: 'a snapshot holds the usage of its customer alone (I10)' },
  },
  {
    bug: 'close without the fence of the revision',
    file: 'apps/billing-api/closing/freeze.ts',
    anchor: `  const id = ledgerEventId(stream, type, \`\${content.id}|\${hash}\`);
  try {
    await deps.ledger.append(stream, revision, [{ id, type, data }]);`,
    mistake: `  const id = crypto.randomUUID();
  try {
    const result = await deps.ledger.append(stream, revision, [{ id, type, data }]);
    if (!result.ok) await deps.ledger.append(stream, result.actual, [{ id, type, data }]);`,
    test: {
      file: CLOSING_TEST,
      name: 'concurrent closers make one snapshot and both read it (I4)',
    },
  },
  {
    bug: 'freeze before the projector has applied the cut',
    file: 'apps/billing-api/closing/close-run.ts',
    anchor: '    await run.applied(next.cutId, next.logs);',
    mistake: '',
    test: {
      file: 'apps/billing-api/closing/cut.int.test.ts',
      name: 'before the projector has applied the cut',
    },
  },
];

const secrets: readonly Plant[] = [
  {
    bug: 'log the Authorization header',
    file: 'apps/proxy/app.ts',
    anchor: '  addCallRoutes(app, deps, calls);\n  addOperatorRoutes',
    mistake: `  app.addHook('onResponse', (request, _reply, done) => {
    options.logger.error({ headers: request.headers }, 'answered');
    done();
  });
  addCallRoutes(app, deps, calls);
  addOperatorRoutes`,
    test: { file: CALLS_TEST, name: 'I12: no key is in a log line, an answer, a table or a file' },
  },
];

export const plants: readonly Plant[] = [
  ...counting,
  ...shipping,
  ...budgets,
  ...billing,
  ...secrets,
];
