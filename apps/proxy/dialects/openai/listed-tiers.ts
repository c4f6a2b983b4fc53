/** Tiers of service, by which OpenAI's requests and answers name what a call costs. */
import { listedServiceTiers } from '@tollgate/domain/pricing/price.ts';

/** Tiers that cost what a price list says, or less; what others cost, a list says by their names. */
export const LISTED_TIERS: ReadonlySet<unknown> = new Set<unknown>([...listedServiceTiers, 'flex']);

/** The tier that a request asks for, if it is another than lists are about. */
export function tierOf(tier: unknown): { serviceTier: string } | undefined {
  const isOther = typeof tier === 'string' && !listedServiceTiers.has(tier);
  return isOther ? { serviceTier: tier } : undefined;
}

/** A tier that is no name has no price by it. */
export function isNoTier(tier: unknown): boolean {
  return typeof tier !== 'string' && !listedServiceTiers.has(tier);
}
