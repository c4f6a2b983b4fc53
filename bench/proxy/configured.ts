/** A proxy that is told of routes and of a cache, and the names by which a call uses one or both. */
export const ROUTE = 'bench-route';
export const CACHED_ROUTE = 'bench-cached-route';

const model = { provider: 'bench', max_output_tokens: 4096 };

const route = {
  strategy: 'cheapest',
  candidates: [
    { model: 'bench-small', context_window: 128_000 },
    { model: 'bench-large', context_window: 128_000 },
  ],
};

/** Of the configuration, as `prepareTollgate` takes it. */
export const CONFIGURED = {
  models: { 'bench-small': model, 'bench-large': model },
  prices: [
    { provider: 'bench', model: 'bench-small', input: '0.15', output: '0.60' },
    { provider: 'bench', model: 'bench-large', input: '2.50', output: '10.00' },
  ],
  routes: { [ROUTE]: route, [CACHED_ROUTE]: route },
  cache: { rules: [{ models: [CACHED_ROUTE] }] },
};
