/** A kind of export: how it is told from others, and how a record of it is read. */
import { parseAtto, placesOf } from '@tollgate/domain/money/atto.ts';
import type { SourceFacts, TotalsRow } from '@tollgate/domain/reconciliation/totals/totals-row.ts';
import type { QuantityName } from '@tollgate/domain/usage/quantities.ts';

/** What one record says. */
export type Reading = {
  rows: readonly TotalsRow[];
  /** Of a bucket without rows: the day that is known to be quiet. */
  quietDay?: string;
  currency?: string;
  /** Places behind the point of its amount, in whole units of the currency. */
  places?: number;
  /** Of our own form: the kind of export that it was made from. */
  statedBy?: string;
  /** Why a part of it or all of it is not compared. */
  skipped?: string;
};

type Parsed<T> =
  | { success: true; data: T }
  | { success: false; error: { issues: readonly Issue[] } };
type Issue = { path: readonly PropertyKey[]; message: string };
type Schema<T> = { shape: Readonly<Record<string, unknown>>; safeParse(value: unknown): Parsed<T> };

export type BillSource = {
  facts: SourceFacts;
  /** Columns that are read. */
  columns: readonly string[];
  /** @param columns in the form that `nameOf` gives */
  recognises(columns: ReadonlySet<string>): boolean;
  /** In which form it has its column names. Default: as they are. */
  nameOf?(column: string): string;
  /** @returns a text that says what is wrong with the record */
  read(fields: Readonly<Record<string, string>>): Reading | string;
};

type Definition<T> = {
  facts: SourceFacts;
  schema: Schema<T>;
  /** Columns that only this kind has. */
  marks: readonly string[];
  nameOf?(column: string): string;
  read(record: T): Reading | string;
};

export function defineSource<T>(definition: Definition<T>): BillSource {
  const { facts, schema, marks, nameOf, read } = definition;
  return {
    facts,
    columns: Object.keys(schema.shape),
    recognises: (columns) => marks.every((mark) => columns.has(mark)),
    ...(nameOf === undefined ? {} : { nameOf }),
    read(fields) {
      const parsed = schema.safeParse(fields);
      if (parsed.success) return read(parsed.data);
      const [issue] = parsed.error.issues;
      return `${issue?.path.join('.') ?? 'record'}: ${issue?.message ?? 'invalid'}`;
    },
  };
}

/** A row in which nothing is stated yet. */
export function rowOf(fields: Partial<TotalsRow> & Pick<TotalsRow, 'day'>): TotalsRow {
  const nothing = { model: null, tier: null, identities: [], quantities: {} };
  return { ...nothing, amount: null, amountOf: null, item: null, ...fields };
}

/** An amount of money; of a schema's `decimal`. */
export function amountOf(text: string): bigint {
  return parseAtto(text) ?? 0n;
}

export { placesOf };

/** Of what an export has: `api_key:key_1`. */
export function identitiesOf(parts: Readonly<Record<string, string | null>>): string[] {
  return Object.entries(parts).flatMap(([kind, id]) => (id === null ? [] : [`${kind}:${id}`]));
}

/** The ordinary tier has no name. */
export function tierOf(name: string | null, isBatch = false): string | null {
  if (isBatch) return 'batch';
  return name === null || /^(?:default|standard|auto|on_demand)$/i.test(name) ? null : name;
}

/** `YYYY-MM-DD` of an instant in UTC. */
export function utcDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** A count that is stated with a fraction of so many units. @returns null: it is no whole number */
export function countOf(text: string, unit: bigint): number | null {
  const atto = amountOf(text) * unit;
  const whole = atto / 10n ** 18n;
  return atto < 0n || whole * 10n ** 18n !== atto ? null : Number(whole);
}

/** What a file calls a bucket; a name that only every object has, as `constructor`, is none. */
export function bucketIn(
  kinds: Readonly<Record<string, QuantityName>>,
  name: string,
): QuantityName | undefined {
  return Object.hasOwn(kinds, name) ? kinds[name] : undefined;
}

/** All buckets of text models that have their cache and reasoning apart. */
export const TEXT_BUCKETS: readonly QuantityName[] = [
  'input_tokens',
  'cache_read_tokens',
  'cache_write_tokens',
  'output_tokens',
];
