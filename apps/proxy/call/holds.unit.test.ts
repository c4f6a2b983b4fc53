import { parseHoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import { PICO_PER_UNIT } from '@tollgate/domain/money/money.ts';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import type { ModelPrice, TieredPrice } from '@tollgate/domain/pricing/price.ts';
import { describe, expect, it } from 'vitest';
import type { PathBudget } from '../budget/path-budget.ts';
import type { CallRequest } from '../dialects/dialect.ts';
import { chatCompletions } from '../dialects/openai/chat-request.ts';
import { embeddings } from '../dialects/openai/embeddings-request.ts';
import type { Deployment } from '../routing/deployments.ts';
import { fittingOutput, holdRequests, imposedLimit } from './holds.ts';

const tokens = (pico: string) => [{ from_input_tokens: 0, pico_usd_per_million: pico }];

/** A budget that counts in this unit. */
const budgetIn = (unit: string) =>
  ({ definition: { per: null }, unit: parseHoldUnit(unit) }) as PathBudget;

const PRICE = compilePrice({ input: tokens('1000000'), output: tokens('1000000') });

it('I3: a model that always searches has no bound: no list has the fee of its searches', () => {
  const body = '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}';
  const read = chatCompletions.read({ body: Buffer.from(body) }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  const request = chatCompletions.open(read.facts);
  const price = { price: compilePrice({ input: tokens('1'), output: tokens('1') }) };
  const codes = ['gpt-4o-mini-search-preview', 'gpt-5-search-api', 'gpt-4o'].map((model) => {
    const deployment = { model, price, outputTokensMax: 9 } as unknown as Deployment;
    const holds = holdRequests([budgetIn('usd')], request, deployment, null);
    return 'code' in holds ? holds.code : 'held';
  });
  expect(codes).toEqual(['unbounded_request', 'unbounded_request', 'held']);
});

it('I8: a price without one of output is none for a model that writes', () => {
  const body = '{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}';
  const read = chatCompletions.read({ body: Buffer.from(body) }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  const price = { price: compilePrice({ input: tokens('1') }) };
  const deployment = { model: 'm', price, outputTokensMax: 9 } as unknown as Deployment;
  const budget = budgetIn('usd');
  expect(holdRequests([budget], chatCompletions.open(read.facts), deployment, null)).toEqual({
    ...{ code: 'model_unpriced', param: 'model' },
  });
});

const [one, three, five, nine] = [1, 3, 5, 9].map((pico) => tokens(`${pico}000000`)) as [
  ...[TieredPrice, TieredPrice, TieredPrice, TieredPrice],
];
const HI = Buffer.from('{"model":"m","max_tokens":1,"messages":[{"role":"user","content":"hi"}]}');

function hi(): CallRequest {
  const read = chatCompletions.read({ body: HI }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  return chatCompletions.open(read.facts);
}

/** What such a call holds of a budget in USD, above its tokens at one pico-dollar each; or the refusal. */
function heldAbove(
  price: ModelPrice,
  asked: Partial<CallRequest>,
  serviceTiers: Record<string, ModelPrice> = {},
): bigint | string {
  const request = Object.assign(hi(), asked);
  const tiers = Object.entries(serviceTiers).map(
    ([tier, its]) => [tier, compilePrice(its)] as const,
  );
  const known = { price: compilePrice(price), serviceTiers: new Map(tiers) };
  const deployment = { model: 'm', price: known, outputTokensMax: 9 } as unknown as Deployment;
  const holds = holdRequests([budgetIn('usd')], request, deployment, null);
  return 'code' in holds
    ? holds.code
    : (holds[0]?.amount ?? 0n) - BigInt(request.inputTokensMax) - 1n;
}

describe('I3: what few calls cause is held by those that ask for it', () => {
  const text = { input: one, output: one };
  const rest = BigInt(hi().inputTokensMax);

  it.each<[string, ModelPrice, Partial<CallRequest>, bigint | string]>([
    ['writes for an hour, by a call that asks for none', { cache_write_1h: three }, {}, 0n],
    ['writes for an hour', { cache_write_1h: three }, { more: { cacheWrites1h: true } }, 2n * rest],
    ['searches', { search: five }, { more: { searchesMax: 3 } }, 15n],
    ['pictures', { image: five }, { more: { imagesMax: 2 } }, 10n],
    ['seconds', { audio_second: five }, { more: { audioSecondsMax: 4 } }, 20n],
    ['characters', { character: five }, { more: { charactersMax: 7 } }, 35n],
    ['writes for an hour without a price', {}, { more: { cacheWrites1h: true } }, 'model_unpriced'],
    ['searches without a price', {}, { more: { searchesMax: 1 } }, 'model_unpriced'],
  ])('%s', (_, price, asked, more) => {
    expect(heldAbove({ ...text, ...price }, asked)).toBe(more);
  });

  it('a tier that costs more, at its price; without a price of its own it has no bound', () => {
    const costly = { input: nine, output: nine };
    const asked = { serviceTier: 'priority' };
    expect(heldAbove(text, asked, { priority: costly })).toBe(8n * (rest + 1n));
    expect(heldAbove(text, asked)).toBe('unbounded_request');
    expect(heldAbove(text, { serviceTier: 'flex' }, { priority: costly })).toBe(0n);
  });
});

/** What an embeddings call holds of a budget in USD. */
function heldFor(price: ModelPrice): bigint | undefined {
  const budget = budgetIn('usd');
  const read = embeddings.read({ body: Buffer.from('{"model":"m","input":"hi"}') }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  const deployment = { model: 'm', price: { price: compilePrice(price) }, outputTokensMax: null };
  const holds = holdRequests(
    [budget],
    embeddings.open(read.facts),
    deployment as unknown as Deployment,
    null,
  );
  return 'code' in holds ? undefined : holds[0]?.amount;
}

it('I3: a call holds something of a lease, on which a charge beyond its bound can fall', () => {
  // Embeddings have no output: the bound is nothing, but a provider may state some.
  expect(heldFor({ output: tokens('1000000') })).toBe(1n);
  expect(heldFor({ input: tokens('1000000') })).toBeGreaterThan(1n);
});

// litellm#35369: a model that is free was refused for a budget that was spent.
it('a call of a model that is free takes nothing of a budget', () => {
  expect(heldFor({})).toBe(0n);
  expect(heldFor({ input: tokens('0') })).toBe(0n);
});

describe('I3: a call holds its worst case of each budget', () => {
  const budgets = ['usd', 'tokens', 'requests'].map(budgetIn);
  const messages = [{ role: 'user', content: 'hi' }];

  /** What a chat request holds, by unit; or the refusal. */
  function held(
    fields: object,
    given: Partial<Deployment> & { unpriced?: true } = {},
    from = budgets,
  ) {
    const body = JSON.stringify({ model: 'm', messages, ...fields });
    const read = chatCompletions.read({ body: Buffer.from(body) }, 9);
    if (!read.ok) throw new Error(read.refusal.code);
    const price = given.unpriced ? null : { price: PRICE };
    const limits = { outputTokensMax: 100, outputTokensDefault: null };
    const deployment = { model: 'm', price, ...limits, ...given } as Deployment;
    const request = chatCompletions.open(read.facts);
    const limit = imposedLimit(from, request, deployment);
    const holds = holdRequests(from, request, deployment, limit);
    if ('code' in holds) return holds;
    // A token holds at least a byte of the request; 128 are allowed for what a provider adds.
    const input = BigInt(body.length) + 128n;
    return holds.map(({ unit: { text: unit }, amount }) => {
      if (unit === 'usd') return [unit, amount - input];
      return [unit, amount / PICO_PER_UNIT - (unit === 'tokens' ? input : 0n)];
    });
  }
  const outputs = (output: bigint) => [
    ['usd', output],
    ['tokens', output],
    ['requests', 1n],
  ];

  it.each([
    ['the limit that the call sets', { max_tokens: 7 }, 7n],
    ['its limit for each of its choices', { max_tokens: 7, n: 3 }, 21n],
    ['the limit of the model, if the call sets none', {}, 100n],
    ['the limit of the model for each of its choices', { n: 3 }, 300n],
  ])('with an output of %s', (_, fields, output) => {
    expect(held(fields)).toEqual(outputs(output));
  });

  const provider = { outputLimitField: 'max_tokens' } as Deployment['provider'];
  const byDefault = (tokens: number) => ({ provider, outputTokensDefault: tokens });

  it.each<[string, object, Partial<Deployment>, bigint]>([
    ['the limit by default, if the call sets none', {}, byDefault(40), 40n],
    ['that limit for each of its choices', { n: 3 }, byDefault(40), 120n],
    ['the limit of the model, if that is less', {}, byDefault(200), 100n],
    ['that limit, of a model without one', {}, { ...byDefault(40), outputTokensMax: null }, 40n],
    ['its own limit, also if it is more', { max_tokens: 70 }, byDefault(40), 70n],
  ])('with an output of %s', (_, fields, given, output) => {
    expect(held(fields, given)).toEqual(outputs(output));
  });

  it('is refused if nothing bounds its output', () => {
    expect(held({}, { outputTokensMax: null })).toEqual({ code: 'output_limit_required' });
    expect(held({ max_tokens: 7 }, { outputTokensMax: null })).toEqual(outputs(7n));
  });

  // litellm#35524: a call whose cost could not be estimated was not held.
  it('is refused if its part of unknown cost or its model has no bound, and says which', () => {
    expect([held({ plugins: [] }), held({}, { model: 'gpt-5-search-api' })]).toEqual([
      {
        code: 'unbounded_request',
        message:
          'The cost of this request has no upper bound (`plugins`), and this key has a hard budget.',
      },
      {
        code: 'unbounded_request',
        message:
          'Every call of `gpt-5-search-api` searches the web, whose fee no price list here has, and this key has a hard budget.',
      },
    ]);
  });

  it('is refused for a budget of money if its model has no price; other units need none', () => {
    const [, ...others] = budgets;
    expect(held({}, { unpriced: true })).toEqual({ code: 'model_unpriced', param: 'model' });
    expect(held({}, { unpriced: true }, others)).toEqual(outputs(100n).slice(1));
  });

  // litellm#20615: a user without a budget was refused after one wrong price.
  it('holds nothing without a budget, whatever it may cost', () => {
    expect(held({ plugins: [] }, { unpriced: true, outputTokensMax: null }, [])).toEqual([]);
  });
});

describe('what would fit', () => {
  const read = chatCompletions.read(
    { body: Buffer.from('{"model":"m","messages":[{"role":"user","content":"hi"}],"n":2}') },
    9,
  );
  if (!read.ok) throw new Error(read.refusal.code);
  const request = chatCompletions.open(read.facts);
  const deployment = { price: { price: PRICE }, outputTokensMax: 50 } as unknown as Deployment;
  const input = BigInt(request.inputTokensMax);

  it.each<[string, bigint, number | null]>([
    ['is nothing if not even one token per answer is paid for', input + 1n, null],
    ['is one token per answer if just those are paid for', input + 2n, 1],
    ['is whole tokens for each answer', input + 7n, 3],
    ['is at most what the model can write', input + 1_000n, 50],
  ])('%s', (_, left, tokens) => {
    expect(fittingOutput(request, deployment, left, parseHoldUnit('usd'))).toBe(tokens);
  });

  it('is nothing for a call that writes nothing', () => {
    const embedding = embeddings.read({ body: Buffer.from('{"model":"m","input":"a"}') }, 9);
    if (!embedding.ok) throw new Error(embedding.refusal.code);
    const asked = embeddings.open(embedding.facts);
    expect(fittingOutput(asked, deployment, 1_000_000n, parseHoldUnit('usd'))).toBeNull();
  });

  it('is known without a limit of the model, too', () => {
    const boundless = { ...deployment, outputTokensMax: null };
    expect(fittingOutput(request, boundless, input + 2_000n, parseHoldUnit('usd'))).toBe(1_000);
  });
});
