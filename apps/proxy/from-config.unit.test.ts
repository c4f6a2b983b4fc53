import { tollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { expect, it } from 'vitest';
import { limitsFromConfig, routingFromConfig } from './from-config.ts';
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
