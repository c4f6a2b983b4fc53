import { tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { expect, it } from 'vitest';
import { cacheFromConfig, limitsFromConfig, routingFromConfig } from './from-config.ts';
import { proxyLimits } from './limits.ts';

const routing = (config: object) =>
  routingFromConfig(tollgateConfig.parse(config), proxyLimits, { KEY: 'sk-test' });

it.each([
  ['https://api.openai.com/v1', undefined, 'max_completion_tokens'],
  ['https://mine.openai.azure.com/openai/v1', undefined, 'max_completion_tokens'],
  ['https://api.openai.com.example.org/v1', undefined, 'max_tokens'],
  ['http://127.0.0.1:8000/v1', undefined, 'max_tokens'],
  ['http://127.0.0.1:8000/v1', 'max_completion_tokens', 'max_completion_tokens'],
])('a provider at %s, configured %s, takes an output limit in %s', (base_url, given, field) => {
  const provider = {
    ...{ base_url, api_key: { env: 'KEY' } },
    ...(given === undefined ? {} : { output_limit_field: given }),
  };
  expect(routing({ providers: { p: provider } }).providers[0]?.outputLimitField).toBe(field);
});

it('answers without a client are read on as far as the configuration says', () => {
  const drains = (limits: object) => {
    const { drainMsMax, drainTokensMax } = limitsFromConfig(tollgateConfig.parse({ limits }));
    return [drainMsMax, drainTokensMax];
  };
  expect([drains({}), drains({ drain_seconds: 5, drain_tokens: 9 })]).toEqual([
    [proxyLimits.drainMsMax, proxyLimits.drainTokensMax],
    [5_000, 9],
  ]);
});

it('calls without an output limit get one unless the configuration says null', () => {
  const providers = { p: { base_url: 'http://127.0.0.1:1/v1' } };
  const models = {
    own: { provider: 'p', default_max_output_tokens: 9 },
    none: { provider: 'p', default_max_output_tokens: null },
    other: { provider: 'p' },
  };
  const made = routing({ providers, models });
  const limits = [...made.models.values()].map(({ defaultOutputTokens }) => defaultOutputTokens);
  expect([made.outputTokensDefault, limits]).toEqual([4_096, [9, null, undefined]]);
  expect(routing({ default_max_output_tokens: null }).outputTokensDefault).toBeNull();
});

it('I3: a model may hide output unless the configuration says that it does not', () => {
  const providers = { p: { base_url: 'http://127.0.0.1:1/v1' } };
  const models = {
    silent: { provider: 'p' },
    plain: { provider: 'p', hidden_output: false },
    thinking: { provider: 'p', hidden_output: true },
  };
  const made = [...routing({ providers, models }).models.values()];
  expect(made.map(({ hidesOutput }) => hidesOutput)).toEqual([true, false, true]);
});

it('a vocabulary is known of OpenAI’s own models at OpenAI, and where the configuration promises it', () => {
  const at = (base_url: string) => routing({ providers: { p: { base_url } } }).providers[0];
  const openAi = at('https://api.openai.com/v1')?.tokenizerOf;
  const models = ['gpt-4o-mini', 'ft:gpt-4o:acme', 'o3', 'gpt-5-nano', 'gpt-4', 'gpt-4.1'];
  const unknown = ['gpt-6', 'gpt-5.9', 'gpt-oss-20b', 'mistral', 'o10'];
  expect(models.map((model) => openAi?.(model))).toEqual([
    ...['o200k_base', 'o200k_base', 'o200k_base', 'o200k_base', 'cl100k_base', 'o200k_base'],
  ]);
  expect(unknown.map((model) => openAi?.(model))).toEqual(unknown.map(() => null));
  expect(at('https://api.openai.com.example.org/v1')?.tokenizerOf).toBeUndefined();
  const configured = {
    mine: { provider: 'p', tokenizer: 'o200k_base' },
    none: { provider: 'p', tokenizer: 'none' },
    other: { provider: 'p' },
  };
  const made = routing({
    providers: { p: { base_url: 'http://127.0.0.1:1/v1' } },
    models: configured,
  });
  expect([...made.models.values()].map(({ tokenizer }) => tokenizer)).toEqual([
    ...['o200k_base', null, undefined],
  ]);
});

it('I3: bounds of a model are its provider’s, but for those that it states itself', () => {
  const bounds = { tokens_per_image: 1_500, tokens_per_file: 9_000 };
  const searches = { per_call: 2, usd_each: '0.025', tokens_each: 8_000 };
  const made = routing({
    providers: { p: { base_url: 'http://127.0.0.1:1/v1', bounds }, q: { base_url: 'http://q/v1' } },
    models: {
      same: { provider: 'p' },
      own: { provider: 'p', bounds: { tokens_per_image: 700, searches } },
      none: { provider: 'q' },
    },
  });
  const none = { image: null, audio: null, video: null, file: null };
  expect([...made.models.values()].map((model) => model.bounds)).toEqual([
    { tokensPer: { ...none, image: 1_500, file: 9_000 }, tokensStored: null, searches: null },
    {
      ...{ tokensPer: { ...none, image: 700, file: 9_000 }, tokensStored: null },
      searches: { perCall: 2, picoUsdEach: 25_000_000_000n, tokensEach: 8_000 },
    },
    undefined,
  ]);
});

it('nothing is cached without a rule; a rule is careful where it says nothing', () => {
  const config = (more: object) => tollgateConfig.parse(more);
  expect(cacheFromConfig(config({})).rules).toEqual([]);
  const rules = [{ models: ['fast'] }, { mode: 'off' }, { namespace: 'key', charge_percent: 20 }];
  const usual = { mode: 'exact', namespace: 'customer', ttlS: 3_600, chargePercent: 0 };
  expect(cacheFromConfig(config({ cache: { rules } })).rules).toEqual([
    { ...usual, models: ['fast'] },
    { ...usual, mode: 'off' },
    { ...usual, namespace: 'key', chargePercent: 20 },
  ]);
});

it('an answer is one of the server that gave it, whatever its provider is called', () => {
  const origin = (base_url: string) =>
    cacheFromConfig(tollgateConfig.parse({ providers: { p: { base_url } } })).origins.get('p');
  expect(origin('http://a/v1')).toBe(origin('http://a/v1'));
  expect(origin('http://a/v1')).not.toBe(origin('http://b/v1'));
});

it('a semantic rule has its threshold, names its models, and has something that makes vectors', () => {
  const of = (rule: object, more: object = {}, cache: object = { embeddings: { model: 'e' } }) =>
    tollgateConfig.safeParse({
      ...more,
      cache: { ...cache, rules: [{ mode: 'semantic', ...rule }] },
    });
  const fine = of({ models: ['faq'] });
  expect(fine.success && cacheFromConfig(fine.data)).toMatchObject({
    embeddingModel: 'e',
    rules: [{ mode: 'semantic', threshold: 0.9, namespace: 'customer' }],
  });
  const valkey = { engines: { cache: { valkey: { url: { env: 'VALKEY_URL' } } } } };
  for (const [wrong, path] of [
    [of({}), 'cache.rules.0.models'],
    [of({ models: ['faq'] }, {}, {}), 'cache.rules.0.mode'],
    [of({ models: ['faq'] }, valkey), 'cache.rules.0.mode'],
    [of({ models: ['faq'], threshold: 0.2 }), 'cache.rules.0.threshold'],
    [of({ mode: 'exact', threshold: 0.9 }), 'cache.rules.0.threshold'],
  ] as const) {
    expect(wrong.error?.issues.map((issue) => issue.path.join('.'))).toEqual([path]);
  }
});

it('several keys of a provider are turned by their weights; a single one has no turns', () => {
  const keys = { a: { key: { env: 'KEY' }, weight: 2 }, b: { key: { env: 'KEY' } } };
  const [several, one] = routing({
    providers: {
      p: { base_url: 'http://127.0.0.1:1/v1', api_keys: keys },
      q: { base_url: 'http://127.0.0.1:1/v1', api_keys: { only: { key: { env: 'KEY' } } } },
    },
  }).providers;
  expect([1, 2, 3].map(() => several?.keys?.take(0).name)).toEqual(['a', 'b', 'a']);
  expect(one?.keys).toBeUndefined();
});
