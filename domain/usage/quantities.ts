/**
 * Quantities of one attempt in disjoint buckets: their sum is the provider's total. In code a known
 * quantity is a number; what is not known is `null` as a whole (I8).
 *
 * The list below is the only one. From it follow the fields of the usage event, its schema and its
 * text, the columns, sums and views of the warehouse, `GET /v1/usage`, and the lines of provider
 * bills. A new bucket is one line here and one migration (adapters/warehouse/README.md).
 */

export type Quantity = {
  /** In events, columns and JSON. */
  name: string;
  /** In code. */
  field: string;
  unit: 'tokens' | 'images' | 'requests';
  /** Of tokens: what the model reads, or what it writes. */
  direction?: 'in' | 'out';
  /** Absent from records that were written before the bucket existed: there it is not known. */
  addedLater?: true;
};

export const quantities = [
  /** Uncached text input. */
  { name: 'input_tokens', field: 'inputTokens', unit: 'tokens', direction: 'in' },
  { name: 'cache_read_tokens', field: 'cacheReadTokens', unit: 'tokens', direction: 'in' },
  { name: 'cache_write_tokens', field: 'cacheWriteTokens', unit: 'tokens', direction: 'in' },
  /** Text output without reasoning. */
  { name: 'output_tokens', field: 'outputTokens', unit: 'tokens', direction: 'out' },
  { name: 'reasoning_tokens', field: 'reasoningTokens', unit: 'tokens', direction: 'out' },
  { name: 'audio_input_tokens', field: 'audioInputTokens', unit: 'tokens', direction: 'in' },
  { name: 'audio_output_tokens', field: 'audioOutputTokens', unit: 'tokens', direction: 'out' },
  { name: 'images', field: 'images', unit: 'images' },
  /** Billable requests: 1 for an attempt that the provider served, 0 for one it did not bill. */
  { name: 'requests', field: 'requests', unit: 'requests' },
] as const satisfies readonly Quantity[];

type Listed = (typeof quantities)[number];
export type QuantityName = Listed['name'];
export const quantityNames: readonly QuantityName[] = quantities.map(({ name }) => name);

type LaterQuantityName = Extract<Listed, { addedLater: true }>['name'];
/** The buckets of the first day. Formats that are hashed or were stored then have exactly these. */
export type FirstQuantityName = Exclude<QuantityName, LaterQuantityName>;
export const firstQuantityNames = quantities.flatMap((quantity: Quantity) =>
  quantity.addedLater ? [] : [quantity.name as FirstQuantityName],
);

/**
 * As an event has them. A resolution carries deltas, so its quantities may be negative. `null` in all
 * of them: unknown.
 */
export type UsageQuantities = { [Name in QuantityName]: number | null };

/** Non-negative safe integers, all of them known. */
export type KnownQuantities = { [Q in Listed as Q['field']]: number };

/** One value for each bucket, under its name, in the order of the list. */
export function perQuantity<T>(make: (quantity: Quantity & { name: QuantityName }) => T): {
  [Name in QuantityName]: T;
} {
  const values = quantities.map((quantity) => [quantity.name, make(quantity)] as const);
  return Object.fromEntries(values) as { [Name in QuantityName]: T };
}

/** As bills and stored figures have them: without a later bucket, nothing is said of it. */
export type StatedQuantities = { [Name in FirstQuantityName]: number } & {
  [Name in LaterQuantityName]?: number;
};

const nothing = Object.fromEntries(quantities.map(({ field }) => [field, 0])) as KnownQuantities;
const unknown: UsageQuantities = perQuantity(() => null);

/** Nothing was used: zero, and known to be. */
export function noQuantities(): KnownQuantities {
  return { ...nothing };
}

/** A loop over the list and no more: it runs once for each call of the proxy. */
export function toEventQuantities(known: KnownQuantities): UsageQuantities {
  const event = {} as UsageQuantities;
  for (const { name, field } of quantities) event[name] = known[field];
  return event;
}

/** What an event states, null unless it is known; a bucket that is younger than the event is 0. */
export function knownQuantities(event: UsageQuantities): KnownQuantities | null {
  const known = {} as KnownQuantities;
  for (const quantity of quantities as readonly Quantity[]) {
    const value = event[quantity.name as QuantityName];
    if (value === null && quantity.addedLater !== true) return null;
    known[quantity.field as keyof KnownQuantities] = value ?? 0;
  }
  return known;
}

export function zeroQuantities(): UsageQuantities {
  return toEventQuantities(nothing);
}

export function unknownQuantities(): UsageQuantities {
  return { ...unknown };
}
