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
  unit: 'tokens' | 'images' | 'requests' | 'searches' | 'seconds' | 'characters';
  /** Of tokens: what the model reads, or what it writes. */
  direction?: 'in' | 'out';
  /**
   * Absent from records that were written before the bucket existed, and from those that have none of it:
   * it is 0 where the other buckets are known, and unknown where they are.
   */
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
  /** That are billed by the piece; those that are billed by tokens are tokens. */
  { name: 'images', field: 'images', unit: 'images' },
  /** Billable requests: 1 for an attempt that the provider served, 0 for one it did not bill. */
  { name: 'requests', field: 'requests', unit: 'requests' },
  /** Written to a cache for an hour; `cache_write_tokens` are those for five minutes, or for no stated time. */
  {
    name: 'cache_write_1h_tokens',
    field: 'cacheWrite1hTokens',
    unit: 'tokens',
    direction: 'in',
    addedLater: true,
  },
  /** Of models that state how much of what they read or draw is pictures. */
  {
    name: 'image_input_tokens',
    field: 'imageInputTokens',
    unit: 'tokens',
    direction: 'in',
    addedLater: true,
  },
  {
    name: 'image_output_tokens',
    field: 'imageOutputTokens',
    unit: 'tokens',
    direction: 'out',
    addedLater: true,
  },
  /** Of the web, by the provider, as it bills them. */
  { name: 'searches', field: 'searches', unit: 'searches', addedLater: true },
  /** Of audio that is billed by its length: whole seconds, as those providers state and bill them. */
  { name: 'audio_seconds', field: 'audioSeconds', unit: 'seconds', addedLater: true },
  /** Of text that is billed by its length. */
  { name: 'characters', field: 'characters', unit: 'characters', addedLater: true },
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
export type UsageQuantities = { [Name in FirstQuantityName]: number | null } & {
  [Name in LaterQuantityName]?: number | null | undefined;
};

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
const unknown = Object.fromEntries(firstQuantityNames.map((name) => [name, null])) as {
  [Name in FirstQuantityName]: null;
};

/** Nothing was used: zero, and known to be. */
export function noQuantities(): KnownQuantities {
  return { ...nothing };
}

/**
 * Of a later bucket only what there is: an event of a call that has none of it is no larger. A loop over
 * the list and no more: it runs once for each call of the proxy.
 */
export function toEventQuantities(known: KnownQuantities): UsageQuantities {
  const event = {} as UsageQuantities;
  for (const quantity of quantities) {
    const value = known[quantity.field];
    if (value !== 0 || !('addedLater' in quantity)) event[quantity.name] = value;
  }
  return event;
}

/** What an event states, null unless it is known; a later bucket that it lacks is 0. */
export function knownQuantities(event: UsageQuantities): KnownQuantities | null {
  const known = {} as KnownQuantities;
  for (const quantity of quantities as readonly Quantity[]) {
    const value = event[quantity.name as QuantityName];
    if ((value === null || value === undefined) && quantity.addedLater !== true) return null;
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
