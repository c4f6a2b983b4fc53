import { parseHoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { PICO_PER_UNIT } from '@tollgate/domain/money/money.ts';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import type { UsageStatus } from '@tollgate/domain/usage/usage-event.ts';
import { describe, expect, it } from 'vitest';
import type { Answer, CallRequest } from '../dialects/dialect.ts';
import { chatCompletions } from '../dialects/openai/chat-request.ts';
import { embeddings as embeddingsEndpoint } from '../dialects/openai/embeddings-request.ts';
import { proxyLimits } from '../limits.ts';
import { settleNow } from '../testing/settle-now.ts';
import type { AttemptFacts } from './attempt-facts.ts';
import type { Outcome } from './settle.ts';

/** One pico-dollar a token. */
const PRICE = {
  price: compilePrice({
    input: [{ from_input_tokens: 0, pico_usd_per_million: '1000000' }],
    output: [{ from_input_tokens: 0, pico_usd_per_million: '1000000' }],
  }),
  version: 'v1',
  source: 'config',
};
const HOLD = 1_000n * PICO_PER_UNIT;
const usage = { prompt_tokens: 30, completion_tokens: 12 };

type Given = { body?: Buffer; embeddings?: boolean; unpriced?: boolean; parts?: bigint[] };

function requestOf({ body, embeddings }: Given): CallRequest {
  const text = embeddings
    ? '{"model":"m","input":"one two three"}'
    : '{"model":"m","messages":[{"role":"user","content":"one two three"}]}';
  const endpoint = embeddings ? embeddingsEndpoint : chatCompletions;
  const result = endpoint.read({ body: body ?? Buffer.from(text) }, 9);
  if (!result.ok) throw new Error(result.refusal.code);
  return endpoint.open(result.facts);
}

/** Facts with one hold per unit, and what its slices are charged where the hold was freed. */
function attemptOf(given: Given = {}) {
  const holds = (['usd', 'tokens', 'requests'] as const).map((unit) => ({
    account: { stream: `budget-${unit}` },
    unit: parseHoldUnit(unit),
    parts: (given.parts ?? [HOLD]).map((amount, index) => {
      const leaseId = `${unit}-${index}`;
      const lease = { leaseId, amount, spent: 0n, held: amount, holds: 1, closed: false };
      return { lease: { ...lease, usedAtMs: 0 }, amount };
    }),
  }));
  const freed = () =>
    holds.flatMap(({ unit, parts }) => {
      const free = parts.filter(({ lease }) => lease.holds === 0 && lease.held === 0n);
      return free.length === 0 ? [] : [[unit.text, free.map(({ lease }) => lease.spent)]];
    });
  const facts = {
    attemptId: 'attempt-1',
    request: requestOf(given),
    deployment: {
      provider: { name: 'p', notBilledStatuses: new Set([429, 502]) },
      model: 'm-at-provider',
      price: given.unpriced ? null : PRICE,
      hidesOutput: true,
    },
    holds,
  } as unknown as AttemptFacts;
  return { facts, freed };
}

function answerOf(type: string, body: string, request = requestOf({})): Answer {
  const answer = request.answer({ 'content-type': type }, proxyLimits);
  answer.push(Buffer.from(body));
  return answer;
}
const json = (body: object) => answerOf('application/json', JSON.stringify(body));
const stream = (...chunks: object[]) =>
  answerOf(
    'text/event-stream',
    chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join(''),
  );

const written = { choices: [{ message: { content: 'four five' } }] };
const delta = { choices: [{ delta: { content: 'four five' }, finish_reason: 'stop' }] };
const answers: Record<string, () => Answer | undefined> = {
  'no answer': () => undefined,
  'a JSON answer that states its usage': () => json({ ...written, usage }),
  'a JSON answer without usage': () => json(written),
  'an answer that nobody can read': () => answerOf('application/json', '{"choices":['),
  'a stream that states its total': () => stream(delta, { choices: [], usage }),
  'a stream that states a running total': () => stream({ ...delta, usage }),
  'a stream without usage': () => stream(delta),
};

const STATED = ['a JSON answer that states its usage', 'a stream that states its total'];
const STATED_IF_COMPLETE = ['a stream that states a running total'];
const READABLE = ['a JSON answer without usage', 'a stream without usage'];

type Source = 'nothing was used' | 'as stated' | 'estimated' | 'unknown';

/** What the end of an attempt says about its usage, rule by rule, the first that fits. */
function sourceOf(name: string, outcome: Omit<Outcome, 'answer'>): Source {
  const { unsent, httpStatus, completed, status } = outcome;
  if (unsent || [300, 401, 429].includes(httpStatus ?? 0)) return 'nothing was used';
  // An edge's page about the provider's trouble: $6 of a budget were gone after five of them.
  const isStated = [...STATED, ...STATED_IF_COMPLETE].includes(name);
  if (httpStatus === 502 && completed && !isStated) return 'nothing was used';
  if (STATED.includes(name)) return 'as stated';
  if (STATED_IF_COMPLETE.includes(name) && completed) return 'as stated';
  if (!READABLE.includes(name) || httpStatus !== 200) return 'unknown';
  return completed || status === 'client_closed' ? 'estimated' : 'unknown';
}

const charged: Record<Source, Record<string, bigint>> = {
  'nothing was used': { usd: 0n, tokens: 0n, requests: 0n },
  'as stated': { usd: 42n, tokens: 42n * PICO_PER_UNIT, requests: PICO_PER_UNIT },
  // I3: only the provider's own statement is charged as such.
  estimated: { usd: HOLD, tokens: HOLD, requests: HOLD },
  unknown: { usd: HOLD, tokens: HOLD, requests: HOLD },
};
const recorded = {
  'nothing was used': ['none', 0, 0, 0, '0.000000000000'],
  'as stated': ['provider', 30, 12, 1, '0.000000000042'],
  estimated: ['estimated', 13, 2, 1, '0.000000000015'],
  unknown: ['none', null, null, null, null],
} satisfies Record<Source, unknown>;

function outcomes(): Omit<Outcome, 'answer'>[] {
  const all: Omit<Outcome, 'answer'>[] = [];
  const statuses: UsageStatus[] = ['ok', 'upstream_error', 'client_closed', 'timeout'];
  for (const status of statuses) {
    for (const httpStatus of [null, 200, 300, 400, 401, 429, 500, 502]) {
      for (const unsent of [false, true]) {
        for (const completed of [false, true]) {
          all.push({ status, httpStatus, unsent, completed });
        }
      }
    }
  }
  return all;
}

describe('the end of an attempt', () => {
  it.each(Object.keys(answers))(
    'I3, I8: is charged and recorded by what is known, after %s',
    (name) => {
      for (const outcome of outcomes()) {
        const { facts, freed } = attemptOf();
        const settled = settleNow(facts, { ...outcome, answer: answers[name]?.() });
        const source = sourceOf(name, outcome);
        const { usage_source, input_tokens, output_tokens, requests, cost } = settled.usage;
        const charges = settled.charges.map(({ leaseId, amount }) => [leaseId, amount]);
        const freedBefore = freed();
        settled.release();
        expect([outcome, usage_source, input_tokens, output_tokens, requests, cost]).toEqual([
          outcome,
          ...recorded[source],
        ]);
        const expected = Object.entries(charged[source]);
        expect([outcome, charges, settled.overruns, freedBefore, freed()]).toEqual([
          outcome,
          expected.map(([unit, amount]) => [`${unit}-0`, amount]),
          [],
          [],
          expected.map(([unit, amount]) => [unit, [amount]]),
        ]);
      }
    },
  );

  const ok = { status: 'ok', httpStatus: 200, unsent: false, completed: true } as const;

  it('I8: has no cost without a price: money is charged at the hold, tokens as stated', () => {
    const { facts } = attemptOf({ unpriced: true });
    const { usage: said, charges } = settleNow(facts, { ...ok, answer: json({ usage }) });
    expect([said.input_tokens, said.cost, charges.map(({ amount }) => amount)]).toEqual([
      30,
      null,
      [HOLD, 42n * PICO_PER_UNIT, PICO_PER_UNIT],
    ]);
  });

  const costAt = (price: object, said: Partial<Answer>) => {
    const { facts } = attemptOf();
    Object.assign(facts.deployment, { price: { ...PRICE, ...price } });
    const answer = Object.assign(json({ ...written, usage }), said);
    const { usage: recordedAs, note } = settleNow(facts, { ...ok, answer });
    return [recordedAs.cost, note];
  };
  const twice = [{ from_input_tokens: 0, pico_usd_per_million: '2000000' }];

  it('I8: is priced at the tier that served it, or has no known cost: never at another tier’s price', () => {
    const serviceTiers = new Map([['priority', compilePrice({ input: twice, output: twice })]]);
    const at = (tier: string | null) => costAt({ serviceTiers }, { serviceTier: () => tier });
    expect([null, 'default', 'standard', 'priority', 'flex'].map(at)).toEqual([
      ['0.000000000042', null],
      ['0.000000000042', null],
      ['0.000000000042', null],
      ['0.000000000084', null],
      [null, 'service_tier_unpriced'],
    ]);
  });

  it('is priced at the tier that a chat’s answer states, whole or in a stream', () => {
    const serviceTiers = new Map([['priority', compilePrice({ input: twice, output: twice })]]);
    const tiered = { service_tier: 'priority' };
    const answers = [
      json({ ...written, ...tiered, usage }),
      stream({ ...delta, ...tiered }, { choices: [], usage }),
    ];
    const costs = answers.map((answer) => {
      const { facts } = attemptOf();
      Object.assign(facts.deployment, { price: { ...PRICE, serviceTiers } });
      return settleNow(facts, { ...ok, answer }).usage.cost;
    });
    expect(costs).toEqual(['0.000000000084', '0.000000000084']);
  });

  it('I8: has no known cost where pictures have a price and nobody says how many tokens they are', () => {
    const price = compilePrice({ input: twice, output: twice, image_output: twice });
    expect(costAt({ price }, {})).toEqual([null, 'image_tokens_unstated']);
    expect(costAt({ price }, { states: { imageTokens: true } })).toEqual(['0.000000000084', null]);
  });

  it('costs nothing without a price if nothing was used', () => {
    const { facts } = attemptOf({ unpriced: true });
    const { usage: said } = settleNow(facts, { ...ok, unsent: true, answer: undefined });
    expect([said.usage_source, said.cost]).toEqual(['none', '0.000000000000']);
  });

  it('I3: fills the leases of each hold in their order; what is above is an overrun of the last', () => {
    const { facts, freed } = attemptOf({ parts: [10n, 10n, 10n] });
    const settled = settleNow(facts, { ...ok, answer: json({ usage }) });
    settled.release();
    const inTokens = 42n * PICO_PER_UNIT;
    expect(settled.charges.map(({ leaseId, amount }) => [leaseId, amount])).toEqual([
      ['usd-0', 10n],
      ['usd-1', 10n],
      ['usd-2', 22n],
      ['tokens-0', 10n],
      ['tokens-1', 10n],
      ['tokens-2', inTokens - 20n],
      ['requests-0', 10n],
      ['requests-1', 10n],
      ['requests-2', PICO_PER_UNIT - 20n],
    ]);
    const overrun = (unit: string, amount: bigint) => ({
      stream: `budget-${unit}`,
      leaseId: `${unit}-2`,
      attemptId: 'attempt-1',
      amount,
    });
    expect(settled.overruns).toEqual([
      overrun('usd', 12n),
      overrun('tokens', inTokens - 30n),
      overrun('requests', PICO_PER_UNIT - 30n),
    ]);
    expect(freed()[0]).toEqual(['usd', [10n, 10n, 22n]]);
  });

  it('charges exactly the hold without an overrun, and one above it with one', () => {
    const { facts } = attemptOf({ parts: [30n, 12n] });
    const { overruns } = settleNow(facts, { ...ok, answer: json({ usage }) });
    expect(overruns.map(({ stream: of }) => of)).not.toContain('budget-usd');
    const least = settleNow(attemptOf({ parts: [30n, 11n] }).facts, {
      ...ok,
      answer: json({ usage }),
    });
    expect(least.overruns[0]).toMatchObject({ stream: 'budget-usd', amount: 1n });
  });

  it('of a call that held nothing has nothing to charge, and no overrun', () => {
    const { facts } = attemptOf({ parts: [] });
    const { charges, overruns } = settleNow(facts, { ...ok, answer: json({ usage }) });
    expect([charges, overruns]).toEqual([[], []]);
  });

  it('names model and answer as the provider does, or by the name that it was asked for', () => {
    const { facts } = attemptOf();
    const named = settleNow(facts, { ...ok, answer: json({ id: 'id-1', model: 'served' }) }).usage;
    const silent = settleNow(facts, { ...ok, answer: json({}) }).usage;
    const none = settleNow(facts, { ...ok, unsent: true, answer: undefined }).usage;
    const empty = settleNow(facts, { ...ok, answer: json({ id: '', model: '' }) }).usage;
    expect(
      [named, silent, none, empty].map((said) => [said.provider_request_id, said.model_served]),
    ).toEqual([
      ['id-1', 'served'],
      [null, 'm-at-provider'],
      [null, 'm-at-provider'],
      ['', ''],
    ]);
  });

  it('I1: clips names to what an event can hold, so that none is lost for its length', () => {
    const { facts } = attemptOf();
    const long = 'x'.repeat(300);
    const said = settleNow(facts, { ...ok, answer: json({ id: long, model: long }) }).usage;
    expect([said.provider_request_id?.length, said.model_served?.length]).toEqual([256, 256]);
  });

  it('estimates no output where there is none', () => {
    const { facts } = attemptOf({ embeddings: true });
    const said = settleNow(facts, { ...ok, answer: json(written) }).usage;
    expect([said.usage_source, said.input_tokens, said.output_tokens, said.requests]).toEqual([
      'estimated',
      3,
      0,
      1,
    ]);
  });

  const reason = (answer: Answer, given: Given = {}, outcome: Partial<Outcome> = {}) => {
    const settled = settleNow(attemptOf(given).facts, { ...ok, ...outcome, answer });
    return [settled.usage.usage_source, settled.usage.cost, settled.note];
  };
  const asked = (fields: object) => ({
    body: Buffer.from(JSON.stringify({ model: 'm', ...fields })),
  });

  it('I8: says why nothing is known, and does not estimate what was stated or not read', () => {
    const picture = { type: 'image_url', image_url: { url: 'data:' } };
    const message = { content: 'four', images: [picture] };
    const late = stream({ choices: [], usage }, delta);
    expect([
      reason(json({ ...written, usage: { ...usage, citation_tokens: 3 } })),
      reason(late),
      reason(stream({ ...delta, usage }), {}, { status: 'client_closed', completed: false }),
      reason(json({ choices: [{ message }] })),
      reason(json(written), asked({ messages: [{ role: 'user', content: [picture] }] })),
      reason(json({ choices: [{ message: { content: '' } }] })),
      reason(json({ error: { message: 'm' } })),
      reason(stream(delta, { error: { message: 'm' } })),
      reason(json({ ...written, usage }), {}, { httpStatus: 500 }),
      reason(json(written), {}, { httpStatus: 500 }),
    ]).toEqual([
      ['none', null, 'usage_unread.citation_tokens'],
      ['none', null, 'usage_not_final'],
      ['none', null, 'usage_not_final'],
      ['none', null, 'output_unread'],
      ['none', null, 'input_unread'],
      ['none', null, 'usage_missing'],
      ['none', null, null],
      ['none', null, null],
      ['provider', '0.000000000042', null],
      ['none', null, null],
    ]);
  });

  it('counts the ids of tokens as tokens (litellm#10113)', () => {
    const answer = (request: CallRequest) =>
      answerOf('application/json', '{"data":[{"embedding":"zczMPQ=="}]}', request);
    const estimates = [
      [
        [1, 2, 3],
        [4, 5],
      ],
      [15339, 1917],
      ['', ''],
    ].map((input) => {
      const { facts } = attemptOf({ ...asked({ input }), embeddings: true });
      const settled = settleNow(facts, { ...ok, answer: answer(facts.request) });
      return [settled.usage.input_tokens, settled.usage.usage_source];
    });
    expect(estimates).toEqual([
      [5, 'estimated'],
      [2, 'estimated'],
      [null, 'none'],
    ]);
  });
});
