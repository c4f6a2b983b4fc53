/** What an answer states that came after its call had ended, at the price of the call's start (I7). */
import { pricesImages } from '@tollgate/domain/pricing/compile.ts';
import { costOf } from '@tollgate/domain/pricing/cost.ts';
import { type PriceFound, priceAtTier } from '@tollgate/domain/pricing/price-list.ts';
import type { KnownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { Answer } from '../dialects/dialect.ts';
import { tierOf } from './settle.ts';

/**
 * @param tier of service that was asked for, if it costs more than the list says
 * @returns null: it does not state it, or nobody knows what it costs (I8)
 */
export function statedCost(
  answer: Answer,
  found: PriceFound,
  tier: string | null,
): { quantities: KnownQuantities; cost: bigint } | null {
  const quantities = answer.quantities();
  const lacks = answer.usageNote() ?? answer.unpricedBy?.() ?? null;
  if (quantities === null || lacks !== null) return null;
  if (pricesImages(found.price) && answer.states?.imageTokens !== true) return null;
  const price = priceAtTier(found, tierOf({ serviceTier: tier ?? undefined }, answer));
  const cost = price === null ? null : costOf(price, quantities);
  return cost === null ? null : { quantities, cost };
}
