/** Where a call of a model goes, and what it costs there (I8). */
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import type { DialectName } from '@tollgate/schemas/config/provider-dialects.ts';
import { describe, expect, it } from 'vitest';
import type { LedgerView } from '../ledger-view/ledger-view.ts';
import {
  type ConfiguredModel,
  type Deployment,
  Deployments,
  type Provider,
} from './deployments.ts';

const NOW = 1_000;
const provider = (name: string) => ({ name, priceProvider: `prices of ${name}` }) as Provider;
const [first, second] = [provider('first'), provider('second')];

type Price = { maxOutputTokens: number | null; contextWindow: number | null };
const BOUNDLESS: Price = { maxOutputTokens: null, contextWindow: null };

/** @param prices by price list and model: what is known at `NOW` */
function deploymentsOf(
  prices: Record<string, Price>,
  models: Record<string, Partial<ConfiguredModel>> = {},
): Deployments {
  const directory = {
    price: (list: string, model: string, atMs: number) =>
      (atMs === NOW && prices[`${list}: ${model}`]) || null,
  } as unknown as LedgerView;
  const configured = Object.entries(models).map(([name, fields]): [string, ConfiguredModel] => {
    const usual = { contextWindow: null, maxOutputTokens: null, allowUnpriced: false };
    return [name, { provider: second, model: `${name}-there`, ...usual, ...fields }];
  });
  return new Deployments([first, second], new Map(configured), directory, 77);
}

describe('a model that the configuration lists', () => {
  const listed = (price: Price | null, fields: Partial<ConfiguredModel> = {}) =>
    deploymentsOf(price === null ? {} : { 'prices of second: m-there': price }, { m: fields });

  it('goes where it says, under the name that it has there, and nowhere else', () => {
    const prices = { 'prices of first: m': BOUNDLESS, 'prices of second: m-there': BOUNDLESS };
    const deployments = deploymentsOf(prices, { m: {}, n: {} });
    expect(deployments.route('m', NOW, 'openai')).toEqual([
      {
        ...{ provider: second, model: 'm-there', alias: 'm', outputTokensMax: null },
        ...{ price: BOUNDLESS, outputTokensDefault: 77, hidesOutput: true },
        configured: expect.objectContaining({ provider: second, model: 'm-there' }),
      },
    ]);
    expect(deployments.configuredNames()).toEqual(['m', 'n']);
  });

  it('I8: is refused without a price, unless it is allowed by name', () => {
    expect(listed(null).route('m', NOW, 'openai')).toEqual({
      code: 'model_unpriced',
      param: 'model',
    });
    expect(listed(BOUNDLESS).route('m', NOW + 1, 'openai')).toMatchObject({
      code: 'model_unpriced',
    });
    expect(listed(null, { allowUnpriced: true }).find('m', NOW, 'openai')).toMatchObject({
      price: null,
    });
    expect(listed(BOUNDLESS, { allowUnpriced: true }).find('m', NOW, 'openai')).toMatchObject({
      price: BOUNDLESS,
    });
  });

  it.each<[Partial<ConfiguredModel>, Price | null, number | null]>([
    [{ maxOutputTokens: 1, contextWindow: 2 }, { maxOutputTokens: 3, contextWindow: 4 }, 1],
    [{ contextWindow: 2 }, { maxOutputTokens: 3, contextWindow: 4 }, 3],
    [{ contextWindow: 2 }, { maxOutputTokens: null, contextWindow: 4 }, 2],
    [{}, { maxOutputTokens: null, contextWindow: 4 }, 4],
    [{}, BOUNDLESS, null],
    [{ maxOutputTokens: 0 }, { maxOutputTokens: 3, contextWindow: 4 }, 0],
    [{ contextWindow: 2 }, { maxOutputTokens: 0, contextWindow: 4 }, 0],
    [{ contextWindow: 0 }, { maxOutputTokens: null, contextWindow: 4 }, 0],
    [{}, { maxOutputTokens: null, contextWindow: 0 }, 0],
    [{ contextWindow: 2 }, null, 2],
    [{}, null, null],
  ])('%j, priced %j, has an output of at most %j', (fields, price, outputTokensMax) => {
    const found = listed(price, { ...fields, allowUnpriced: true }).find('m', NOW, 'openai');
    expect((found as Deployment).outputTokensMax).toBe(outputTokensMax);
  });
});

it.each<[number | null | undefined, number | null]>([
  [undefined, 77],
  [null, null],
  [5, 5],
])('a model with the default limit %j gives calls without a limit %j', (own, given) => {
  const prices = { 'prices of second: m-there': BOUNDLESS };
  const found = deploymentsOf(prices, { m: { defaultOutputTokens: own } }).find('m', NOW, 'openai');
  expect((found as Deployment).outputTokensDefault).toBe(given);
});

it.each([
  [undefined, true],
  [true, true],
  [false, false],
])('I3: a model that is said to hide output (%j) may hide some (%j)', (own, given) => {
  const prices = { 'prices of second: m-there': BOUNDLESS };
  const found = deploymentsOf(prices, { m: { hidesOutput: own } }).find('m', NOW, 'openai');
  expect((found as Deployment).hidesOutput).toBe(given);
});

describe('any other model', () => {
  it('goes to the first provider whose price list knows it now', () => {
    const price = { maxOutputTokens: 5, contextWindow: 9 };
    const prices = {
      'prices of first: a': price,
      'prices of second: a': BOUNDLESS,
      'prices of second: b': BOUNDLESS,
    };
    const deployments = deploymentsOf(prices);
    expect(['a', 'b'].map((model) => deployments.find(model, NOW, 'openai'))).toEqual([
      {
        ...{ provider: first, model: 'a', alias: 'a', price, outputTokensMax: 5 },
        outputTokensDefault: 77,
        hidesOutput: true,
      },
      {
        provider: second,
        ...{ model: 'b', alias: 'b' },
        price: BOUNDLESS,
        outputTokensMax: null,
        outputTokensDefault: 77,
        hidesOutput: true,
      },
    ]);
    expect(deployments.find('a', NOW + 1, 'openai')).toMatchObject({ code: 'model_not_found' });
  });

  it.each([
    [0, 9, 0],
    [null, 9, 9],
    [null, 0, 0],
  ])(
    'bounded by %j and %j has an output of at most %i',
    (maxOutputTokens, contextWindow, bound) => {
      const deployments = deploymentsOf({
        'prices of first: a': { maxOutputTokens, contextWindow },
      });
      expect(deployments.find('a', NOW, 'openai')).toMatchObject({ outputTokensMax: bound });
    },
  );

  it('is not found if no list knows it, which says where the names are', () => {
    expect(deploymentsOf({}).route('a', NOW, 'openai')).toEqual({
      ...{ code: 'model_not_found', param: 'model' },
      message: 'No provider here serves the model `a`. GET /v1/models lists them.',
    });
  });
});

describe('a call of a dialect', () => {
  const speaking = (name: string, ...dialects: DialectName[]) => ({
    ...provider(name),
    dialects: new Set(dialects),
  });
  const claude = speaking('claude', 'anthropic');
  const both = speaking('both', 'openai', 'anthropic');
  const configured = (of: Provider): ConfiguredModel => ({
    ...{ provider: of, model: 'there', contextWindow: null, maxOutputTokens: null },
    allowUnpriced: true,
  });
  const price = (list: string, model: string) =>
    model === 'listed' || list === 'prices of claude' ? BOUNDLESS : null;
  const directory = { price } as unknown as LedgerView;
  const models = new Map([
    ['alias', configured(claude)],
    ['plain', configured(first)],
  ]);
  const deployments = new Deployments([first, claude, both], models, directory);
  const goesTo = (model: string, dialect: DialectName | null) => {
    const found = deployments.find(model, NOW, dialect);
    return 'code' in found ? found.code : found.provider.name;
  };

  it('is translated only where nobody who has its model speaks it', () => {
    const told = (model: string, dialect: DialectName, endpoint: string | null) => {
      const found = deployments.find(model, NOW, dialect, endpoint);
      return 'code' in found ? found.code : [found.provider.name, found.translatedTo];
    };
    expect(told('listed', 'anthropic', 'messages')).toEqual(['claude', undefined]);
    expect(told('claude-x', 'openai', 'chat.completions')).toEqual(['claude', 'anthropic']);
    expect(told('alias', 'openai', 'chat.completions')).toEqual(['claude', 'anthropic']);
    expect(told('plain', 'anthropic', 'messages')).toEqual(['first', 'openai']);
    const routed = deployments.candidate('listed', 'claude', NOW, 'openai', 'chat.completions');
    expect(routed).toMatchObject({ provider: claude, translatedTo: 'anthropic' });
    // An endpoint that takes no conversation, and a provider that takes its own dialects alone.
    expect(told('alias', 'openai', 'embeddings')).toBe('dialect_not_served');
    const closed = new Deployments([{ ...claude, translates: false }], new Map(), directory);
    expect(closed.find('claude-x', NOW, 'openai', 'chat.completions')).toMatchObject({
      code: 'dialect_not_served',
    });
  });

  it('goes to one that speaks it before one that is sent another, in whatever order they are', () => {
    const ordered = new Deployments([claude, first], new Map(), directory);
    const found = ordered.find('listed', NOW, 'openai', 'chat.completions');
    expect(found).toMatchObject({ provider: first, translatedTo: undefined });
  });

  it('goes only to a provider that speaks it, whatever lists the model', () => {
    expect(goesTo('listed', 'openai')).toBe('first');
    expect(goesTo('listed', 'anthropic')).toBe('claude');
    expect([goesTo('alias', 'anthropic'), goesTo('alias', 'openai')]).toEqual([
      'claude',
      'dialect_not_served',
    ]);
    expect([goesTo('plain', 'openai'), goesTo('plain', 'anthropic')]).toEqual([
      'first',
      'dialect_not_served',
    ]);
    expect([goesTo('listed', 'gemini'), goesTo('alias', null)]).toEqual([
      'dialect_not_served',
      'claude',
    ]);
  });

  it('is told through which interface its model is served', () => {
    expect(deployments.find('alias', NOW, 'openai')).toEqual({
      code: 'dialect_not_served',
      param: 'model',
      message:
        'The model `alias` is served through the Anthropic Messages API here, not through the OpenAI API.',
    });
    const named = (dialect: DialectName) => deployments.candidate('listed', 'both', NOW, dialect);
    expect(named('anthropic')).toMatchObject({ provider: both });
    expect(named('gemini')).toMatchObject({ code: 'dialect_not_served' });
    expect(deployments.route('alias', NOW, 'gemini')).toMatchObject({ code: 'dialect_not_served' });
  });
});

it('I8: what is passed on and billed by the request has a price of a request, or is not passed on', () => {
  const at = (unit: 'input' | 'request', byRequest: boolean) => {
    const rate = [{ from_input_tokens: 0, pico_usd_per_million: '5' }];
    const price = { ...BOUNDLESS, price: compilePrice({ [unit]: rate }) };
    const found = deploymentsOf({ 'prices of first: m': price }).at('first', 'm', NOW, byRequest);
    return 'code' in found ? found.code : found.map(({ provider: { name } }) => name);
  };
  expect([at('request', true), at('input', false)]).toEqual([['first'], ['first']]);
  expect([at('input', true), deploymentsOf({}).at('first', 'm', NOW, false)]).toMatchObject([
    'model_unpriced',
    { code: 'model_unpriced' },
  ]);
});
