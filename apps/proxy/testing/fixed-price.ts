import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import type { Deployment } from '../routing/deployments.ts';

/** So many pico-dollars a unit, by the names of prices. */
export function fixedPrice(picoUsd: Readonly<Record<string, number>>): Deployment['price'] {
  const rates = Object.entries(picoUsd).map(([unit, each]) => {
    return [unit, [{ from_input_tokens: 0, pico_usd_per_million: String(each * 1_000_000) }]];
  });
  const price = compilePrice(Object.fromEntries(rates));
  return { price, version: 'v1', source: 'config' } as Deployment['price'];
}
