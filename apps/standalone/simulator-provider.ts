/**
 * The built-in provider of an installation that has none: the simulator. Its prices are written here
 * as those of any provider are, and not read from the simulator: a meter that took its prices from the
 * bill that it is checked against would prove nothing.
 */
import {
  NOT_BILLED_STATUSES,
  type TollgateConfig,
} from '@tollgate/schemas/config/tollgate-config.ts';

/** The environment variable with the key for the simulator, which takes any key. */
export const SIMULATOR_KEY_VARIABLE = 'TOLLGATE_SIMULATOR_KEY';

const PROVIDER = 'simulator';

/** Its fault `bill_then_500` bills what it does not answer. */
const simulated = (url: string): TollgateConfig['providers'][string] => ({
  base_url: `${url}/v1`,
  api_key: { env: SIMULATOR_KEY_VARIABLE },
  dialects: ['openai'],
  headers: {},
  pass_through: [],
  asks_for_usage: true,
  not_billed_statuses: NOT_BILLED_STATUSES.filter((status) => status !== 500),
});

const text = { context_window: 400_000, max_output_tokens: 16_384 };

const prices: Omit<TollgateConfig['prices'][number], 'provider' | 'tiers'>[] = [
  { model: 'sim-small', input: '0.15', cache_read: '0.075', output: '0.60', ...text },
  { model: 'sim-large', input: '2.50', cache_read: '1.25', output: '10.00', ...text },
  {
    model: 'sim-reasoner',
    input: '1.10',
    cache_read: '0.275',
    output: '4.40',
    context_window: 400_000,
    max_output_tokens: 65_536,
  },
  {
    model: 'sim-odd',
    input: '0.0333333',
    cache_read: '0.0166667',
    output: '0.1000001',
    // $0.000123456789 a request.
    request: '123.456789',
    ...text,
  },
  { model: 'sim-embed', input: '0.02', context_window: 400_000 },
];

const tiered: TollgateConfig['prices'][number] = {
  provider: PROVIDER,
  model: 'sim-tiered',
  input: '1.25',
  cache_read: '0.31',
  output: '10.00',
  tiers: [{ from_input_tokens: 200_001, input: '2.50', cache_read: '0.625', output: '15.00' }],
  context_window: 1_000_000,
  max_output_tokens: 16_384,
};

const PRICES = [...prices.map((price) => ({ ...price, provider: PROVIDER, tiers: [] })), tiered];

/** They write a word for each token and show all of them. */
const PLAIN = ['sim-small', 'sim-large', 'sim-odd', 'sim-tiered'];
const plain = { hidden_output: false, allow_unpriced: false };

/** The configuration with the simulator as its only provider. */
export function withSimulator(config: TollgateConfig, url: string): TollgateConfig {
  return {
    ...config,
    providers: { [PROVIDER]: simulated(url) },
    models: {
      ...Object.fromEntries(PLAIN.map((model) => [model, { provider: PROVIDER, ...plain }])),
      // Served there, and deliberately without a price here: it is refused by name (I8).
      'sim-unpriced': { provider: PROVIDER, hidden_output: true, allow_unpriced: false },
    },
    prices: PRICES,
  };
}

/**
 * The configuration with several simulators, for routes: all sell the same models at the same prices. A
 * model alone is of the first one; of another one it has that one's name before it, as in `beta-sim-small`.
 *
 * @param urls by the provider's name
 */
export function withSimulators(
  config: TollgateConfig,
  urls: Readonly<Record<string, string>>,
): TollgateConfig {
  const names = Object.keys(urls);
  const models = names.flatMap((provider, index) =>
    PLAIN.map((model): [string, TollgateConfig['models'][string]] => {
      const name = index === 0 ? model : `${provider}-${model}`;
      return [name, { provider, model, ...plain }];
    }),
  );
  const providers = Object.entries(urls).map(([name, url]) => [
    name,
    { ...simulated(url), catalogue: PROVIDER },
  ]);
  return {
    ...config,
    providers: Object.fromEntries(providers),
    models: Object.fromEntries(models),
    prices: PRICES,
  };
}
