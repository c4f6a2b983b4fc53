/** Tiers that cost what a price list says, or less; others cost more, and no list says how much. */
export const LISTED_TIERS: ReadonlySet<unknown> = new Set<unknown>([
  ...['auto', 'default', 'standard', 'standard_only', 'on_demand', 'flex'],
  ...[undefined, null],
]);
