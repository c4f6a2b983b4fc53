/**
 * I3: what a whole answer without usage is charged, against an oracle that bills up to a token for each
 * byte that the model wrote, and what its format has: never less than the bill, never more than the
 * hold, and after the bill exactly its cost.
 */
import { chargeHold } from '@tollgate/domain/budget/amounts.ts';
import type { BudgetUnit } from '@tollgate/domain/budget/budget-events.ts';
import { parseHoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { leaseAdjustments } from '@tollgate/domain/budget/lease-adjustments.ts';
import { formatDecimal12, PICO_PER_UNIT, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import { costOf } from '@tollgate/domain/pricing/cost.ts';
import { finishedText, startedText } from '@tollgate/domain/usage/event/event-text.ts';
import {
  knownQuantities,
  noQuantities,
  zeroQuantities,
} from '@tollgate/domain/usage/quantities.ts';
import type { UsageEvent } from '@tollgate/domain/usage/usage-event.ts';
import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { PathBudget } from '../budget/path-budget.ts';
import type { CallRequest } from '../dialects/dialect.ts';
import { chatCompletions } from '../dialects/openai/chat-request.ts';
import { proxyLimits } from '../limits.ts';
import { settleNow } from '../testing/settle-now.ts';
import type { AttemptFacts } from './attempt-facts.ts';
import { holdRequests } from './holds.ts';
import type { Outcome, Settlement } from './settle.ts';

const UNITS: readonly BudgetUnit[] = ['usd', 'tokens', 'requests'];
const ATTEMPT = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';
const TIME = '2026-11-24T01:02:03.004Z';

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.lorem());
const tier = fc
  .bigInt({ min: 0n, max: 10n ** 15n })
  .map((pico) => [{ from_input_tokens: 0, pico_usd_per_million: String(pico) }]);

/** An answer, what the oracle bills for it as shares of the most, and what was held by. */
const generated = fc.record({
  content: fc.option(text),
  calls: fc.array(fc.record({ name: fc.string({ minLength: 1 }), args: text }), { maxLength: 3 }),
  stop: fc.option(fc.array(text, { minLength: 1, maxLength: 4 }), { nil: undefined }),
  stream: fc.boolean(),
  limit: fc.integer({ min: 1, max: 400 }),
  price: fc.record({ input: tier, output: tier, request: tier }),
  inputShare: fc.integer({ min: 0, max: 100 }),
  outputShare: fc.integer({ min: 0, max: 100 }),
  /** Where holds are cut into parts, in per cent. */
  cuts: fc.array(fc.integer({ min: 0, max: 100 }), { maxLength: 2 }),
});
type Generated = typeof generated extends fc.Arbitrary<infer T> ? T : never;

const bytes = (written: string | null) => Buffer.byteLength((written ?? '').toWellFormed());

/** Of a model that writes a token for each byte, in a format that takes all that may be taken. */
function mostWritten({ content, calls, stop, limit }: Generated): number {
  const { structureTokensPerAnswer, structureTokensPerToolCall } = proxyLimits;
  const ofCalls = calls.reduce(
    (sum, { name, args }) => sum + bytes(name) + bytes(args) + structureTokensPerToolCall,
    0,
  );
  const ofStop = Math.max(0, ...(stop ?? []).map(bytes));
  return Math.min(limit, bytes(content) + ofCalls + ofStop + structureTokensPerAnswer);
}

function requestOf({ stop, stream, limit }: Generated): CallRequest {
  const messages = [{ role: 'user', content: 'hi' }];
  const body = JSON.stringify({ model: 'm', messages, max_tokens: limit, stream, stop });
  const read = chatCompletions.read({ body: Buffer.from(body) }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  return chatCompletions.open(read.facts);
}

function answerText({ content, calls, stream }: Generated): string {
  const finish_reason = calls.length > 0 ? 'tool_calls' : 'stop';
  const called = calls.map(({ name, args }, index) => ({
    ...{ index, id: `call_${index}`, type: 'function' },
    function: { name, arguments: args },
  }));
  const message = calls.length > 0 ? { content, tool_calls: called } : { content };
  if (!stream) return JSON.stringify({ choices: [{ index: 0, message, finish_reason }] });
  const deltas: object[] = [...(content ?? '')].map((piece) => ({ content: piece }));
  for (const piece of called) deltas.push({ tool_calls: [piece] });
  const chunks = [
    ...deltas.map((delta) => ({ choices: [{ index: 0, delta, finish_reason: null }] })),
    { choices: [{ index: 0, delta: {}, finish_reason }] },
  ];
  const events = chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('');
  return `${events}data: [DONE]\n\n`;
}

function factsOf(given: Generated, hidesOutput: boolean): AttemptFacts {
  const request = requestOf(given);
  const price = { price: compilePrice(given.price), version: 'v1', source: 'config' };
  const deployment = {
    ...{ provider: { name: 'p', notBilledStatuses: new Set() }, model: 'm', price },
    ...{ outputTokensMax: 400, outputTokensDefault: null, hidesOutput },
  };
  const budgets = UNITS.map(
    (unit) => ({ definition: { unit }, unit: parseHoldUnit(unit) }) as PathBudget,
  );
  const wanted = holdRequests(budgets, request, deployment as never, null);
  if ('code' in wanted) throw new Error(wanted.code);
  const holds = wanted.map(({ definition, unit, amount }) => ({
    unit,
    account: { definition, stream: `budget-${definition.unit}@20261101T000000Z` },
    parts: cut(amount, given.cuts).map((part, index) => ({
      ...{ lease: { leaseId: `${definition.unit}-${index}` }, amount: part },
    })),
  }));
  return {
    ...{ attemptId: ATTEMPT, callId: ATTEMPT, attempt: 1, instanceId: 'ins_1', startedAtMs: 0 },
    key: { customerId: 'c', teamId: null, keyId: 'k', environment: 'live', tags: {} },
    ...{ request, deployment, holds, imposedLimit: null },
  } as unknown as AttemptFacts;
}

function cut(amount: bigint, cuts: readonly number[]): bigint[] {
  const parts: bigint[] = [];
  let left = amount;
  for (const share of cuts) {
    const part = (left * BigInt(share)) / 100n;
    parts.push(part);
    left -= part;
  }
  return [...parts, left];
}

function settled(given: Generated, hidesOutput = false) {
  const facts = factsOf(given, hidesOutput);
  const type = given.stream ? 'text/event-stream' : 'application/json';
  const body = Buffer.from(answerText(given));
  const answer = facts.request.answer({ 'content-type': type }, proxyLimits, body);
  answer.push(body);
  const outcome: Outcome = {
    ...{ status: 'ok', httpStatus: 200, unsent: false, completed: true, answer },
  };
  return { facts, settlement: settleNow(facts, outcome) };
}

/** As the attempt writes it. */
function eventOf(facts: AttemptFacts, { proven, usage, note }: Settlement) {
  const started = startedText(proven === null ? facts : { ...facts, holds: proven });
  const times = { latency_ms: 1, ttft_ms: null, overhead_us: 1, recorded_at: TIME };
  const end = { ...usage, ...times, status: 'ok', http_status: 200, error_type: note } as const;
  return usageEvent.parse(JSON.parse(finishedText(started, end)));
}

/** What each budget is charged, by its unit. */
function sums(parts: readonly { unit: string; amount: bigint }[]): Record<string, bigint> {
  const byUnit: Record<string, bigint> = { usd: 0n, tokens: 0n, requests: 0n };
  for (const { unit, amount } of parts) byUnit[unit] = (byUnit[unit] ?? 0n) + amount;
  return byUnit;
}
const chargesOf = ({ charges }: Settlement) =>
  charges.map(({ leaseId, amount }) => ({ unit: leaseId.split('-')[0] as string, amount }));
const heldOf = ({ holds }: AttemptFacts) =>
  holds.flatMap(({ account, parts }) =>
    parts.map(({ amount }) => ({ unit: account.definition.unit, amount })),
  );
const share = (most: number, percent: number) => Math.floor((most * percent) / 100);

/** What the oracle bills. */
function billOf(given: Generated, { request }: AttemptFacts) {
  const inputTokens = share(request.inputTokensMax, given.inputShare);
  const outputTokens = share(mostWritten(given), given.outputShare);
  const used = { ...noQuantities(), inputTokens, outputTokens, requests: 1 };
  return {
    usd: costOf(compilePrice(given.price), used) as bigint,
    tokens: BigInt(inputTokens + outputTokens) * PICO_PER_UNIT,
    requests: PICO_PER_UNIT,
  };
}

/** The difference between the bill and what the event states. */
function resolutionOf(event: UsageEvent, { usd, tokens }: ReturnType<typeof billOf>) {
  const known = event.cost === null ? 0n : parseDecimal12(event.cost);
  const stated = knownQuantities(event) ?? noQuantities();
  return {
    ...zeroQuantities(),
    cost: formatDecimal12(usd - known),
    output_tokens: Number(tokens / PICO_PER_UNIT) - stated.inputTokens - stated.outputTokens,
    requests: 1 - stated.requests,
  };
}

describe('a whole answer without usage, of a model that hides nothing', () => {
  it('I3: is charged no less than any bill for it, and no more than its hold', () => {
    fc.assert(
      fc.property(generated, (given) => {
        const { facts, settlement } = settled(given);
        const [charged, held] = [sums(chargesOf(settlement)), sums(heldOf(facts))];
        const billed = billOf(given, facts);
        for (const unit of UNITS) {
          expect(charged[unit]).toBeGreaterThanOrEqual(billed[unit]);
          expect(charged[unit]).toBeLessThanOrEqual(held[unit] as bigint);
        }
        expect(settlement.overruns).toEqual([]);
        // The bound is the tightest: what it allows may be billed.
        const worst = billOf({ ...given, inputShare: 100, outputShare: 100 }, facts);
        expect(charged['tokens']).toBe(worst.tokens);
      }),
      { numRuns: 300 },
    );
  });

  it('I3: has spent exactly what its bill says once that is imported', () => {
    fc.assert(
      fc.property(generated, (given) => {
        const { facts, settlement } = settled(given);
        const event = eventOf(facts, settlement);
        const billed = billOf(given, facts);
        const spent = new Map(settlement.charges.map(({ leaseId, amount }) => [leaseId, amount]));
        for (const { leaseId, delta } of leaseAdjustments(event, resolutionOf(event, billed))) {
          spent.set(leaseId, (spent.get(leaseId) ?? 0n) + delta);
        }
        for (const unit of UNITS) {
          const parts = [...spent].filter(([leaseId]) => leaseId.startsWith(`${unit}-`));
          expect(parts.reduce((sum, [, amount]) => sum + amount, 0n)).toBe(billed[unit]);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('I3: is charged again from its event alone as it was, lease by lease', () => {
    fc.assert(
      fc.property(generated, (given) => {
        const { facts, settlement } = settled(given);
        const event = eventOf(facts, settlement);
        const recorded = UNITS.flatMap((unit) => {
          const indexes = [...event.hold_units.keys()].filter((i) => event.hold_units[i] === unit);
          const parts = indexes.map((i) => parseDecimal12(event.hold_amounts[i] as string));
          const { charges } = chargeHold(parseHoldUnit(unit), parts, null);
          return indexes.map((i, at) => [event.hold_lease_ids[i], charges[at]]);
        });
        expect(recorded).toEqual(
          settlement.charges.map(({ leaseId, amount }) => [leaseId, amount]),
        );
      }),
    );
  });

  it('I8: is on its event as it would be otherwise: only the charge is another', () => {
    fc.assert(
      fc.property(generated, (given) => {
        const [plain, hiding] = [settled(given), settled(given, true)];
        expect(plain.settlement.usage).toEqual(hiding.settlement.usage);
        expect(plain.settlement.note).toBe(hiding.settlement.note);
        expect(hiding.settlement.proven).toBeNull();
        expect(sums(chargesOf(hiding.settlement))).toEqual(sums(heldOf(hiding.facts)));
      }),
    );
  });
});

describe('I3: the whole hold is charged', () => {
  const [given] = fc.sample(generated, { numRuns: 1, seed: 1 }) as [Generated];
  const plain: Generated = { ...given, content: 'four', calls: [], stream: false, limit: 400 };
  const chargedAfter = (outcome: Partial<Outcome>, deployment: object = {}) => {
    const { facts } = settled(plain);
    const known = { ...facts, deployment: { ...facts.deployment, ...deployment } } as AttemptFacts;
    const body = Buffer.from(answerText(plain));
    const answer = facts.request.answer({ 'content-type': 'application/json' }, proxyLimits, body);
    answer.push(body);
    const settlement = settleNow(known, {
      ...{ status: 'ok', httpStatus: 200, unsent: false, completed: true, answer },
      ...outcome,
    });
    return settlement.proven !== null;
  };

  it('unless the answer came whole, with a status of success', () => {
    expect([
      chargedAfter({}),
      chargedAfter({ status: 'client_closed' }),
      chargedAfter({ completed: false, status: 'client_closed' }),
      chargedAfter({ completed: false, status: 'upstream_error' }),
      chargedAfter({ httpStatus: 500, status: 'upstream_error' }),
      chargedAfter({ httpStatus: null }),
      chargedAfter({ answer: undefined }),
    ]).toEqual([true, true, false, false, false, false, false]);
  });

  it('where the model is priced for reasoning, whatever the configuration promises', () => {
    const rate = [{ from_input_tokens: 0, pico_usd_per_million: '1' }];
    const price = (fields: object) => ({
      price: { price: compilePrice({ input: rate, output: rate, ...fields }), version: 'v' },
    });
    expect([
      chargedAfter({}, price({})),
      chargedAfter({}, price({ reasoning: rate })),
      chargedAfter({}, { hidesOutput: true }),
    ]).toEqual([true, false, false]);
  });
});
