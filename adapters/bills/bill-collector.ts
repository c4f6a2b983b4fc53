/** Sums the records of one export up, and keeps an account of all that is not compared. */
import type { SourceFacts, TotalsRow } from '@tollgate/domain/reconciliation/totals/totals-row.ts';
import type { QuantityName } from '@tollgate/domain/usage/quantities.ts';
import { billSources, nameIn, recogniseSource } from './all-sources.ts';
import { billLimits } from './bill-limits.ts';
import type { FlatRecord } from './flat-record.ts';
import type { BillSource, Reading } from './source.ts';

export type BillProblem = { line: number; message: string };

export type ReadBill = {
  facts: SourceFacts;
  rows: TotalsRow[];
  /** Days that the export is about, quiet ones included; null: none. */
  firstDay: string | null;
  lastDay: string | null;
  records: number;
  /** Malformed records: the first of them, and how many there are. */
  problems: readonly BillProblem[];
  problemsCount: number;
  /** What is in the file and not in the comparison, by reason. */
  skipped: readonly { reason: string; records: number }[];
  columnsNotRead: readonly string[];
  /** Amounts: how many there are, and the most places that one of them has. */
  amounts: number;
  places: number;
};

/** The file cannot be used at all; the message says why. */
export class BillError extends Error {}

export class BillCollector {
  #source: BillSource | undefined;
  #undecided: FlatRecord[] = [];
  readonly #columns = new Set<string>();
  readonly #rows = new Map<string, TotalsRow>();
  readonly #days = new Set<string>();
  readonly #skipped = new Map<string, number>();
  readonly #problems: BillProblem[] = [];
  #problemsCount = 0;
  #statedBy: string | undefined;
  #records = 0;
  #amounts = 0;
  #places = 0;

  /** @throws BillError if the kind of export cannot be told, or it has too many sums */
  add(record: FlatRecord): void {
    this.#records++;
    for (const column of Object.keys(record.fields)) {
      if (this.#columns.size < 2_000) this.#columns.add(column);
    }
    if (this.#source !== undefined) return this.#take(this.#source, record);
    this.#undecided.push(record);
    this.#source = recogniseSource([...this.#columns]);
    if (this.#source !== undefined) return this.#takeUndecided(this.#source);
    if (this.#undecided.length > billLimits.undecidedRecordsMax) throw unrecognised(this.#columns);
  }

  /** @throws BillError */
  end(): ReadBill {
    const source = this.#source;
    if (source === undefined) throw unrecognised(this.#columns);
    const days = [...this.#days].sort();
    const read = new Set(source.columns);
    const named = nameIn(source);
    return {
      facts: this.#factsOf(source),
      rows: [...this.#rows.values()],
      ...{ firstDay: days[0] ?? null, lastDay: days.at(-1) ?? null, records: this.#records },
      ...{ problems: this.#problems, problemsCount: this.#problemsCount },
      skipped: [...this.#skipped].map(([reason, records]) => ({ reason, records })),
      columnsNotRead: [...this.#columns]
        .filter((column) => !read.has(named(column)))
        .slice(0, billLimits.namesMax),
      ...{ amounts: this.#amounts, places: this.#places },
    };
  }

  /** A record that is no record at all: a line of JSON that does not parse. */
  malformed(line: number, message: string): void {
    this.#problemsCount++;
    // seam: malformed-records-are-named
    if (this.#problems.length < billLimits.problemsNamedMax) this.#problems.push({ line, message });
  }

  #takeUndecided(source: BillSource): void {
    const records = this.#undecided;
    this.#undecided = [];
    for (const record of records) this.#take(source, record);
  }

  #take(source: BillSource, { line, fields }: FlatRecord): void {
    const named = nameIn(source);
    const own = Object.fromEntries(
      Object.entries(fields).map(([name, value]) => [named(name), value]),
    );
    const reading = source.read(own);
    if (typeof reading === 'string') return this.malformed(line, reading);
    this.#note(reading);
    if (reading.currency !== undefined && reading.currency !== 'USD' && reading.rows.length > 0) {
      this.#skip(`amounts in ${reading.currency}: costs are compared in USD`);
    }
    for (const row of reading.rows) this.#sum(inDollars(row, reading.currency));
  }

  /** Of our own form, those of the export that it was made from. */
  #factsOf(source: BillSource): SourceFacts {
    const from = billSources.find(({ facts }) => facts.name === this.#statedBy);
    return (from ?? source).facts;
  }

  #note(reading: Reading): void {
    this.#statedBy ??= reading.statedBy;
    const { quietDay, skipped, places, rows } = reading;
    if (quietDay !== undefined) this.#days.add(quietDay);
    if (skipped !== undefined) this.#skip(skipped);
    if (places === undefined || rows.length === 0) return;
    this.#amounts++;
    this.#places = Math.max(this.#places, places);
  }

  #skip(reason: string): void {
    const known = this.#skipped.has(reason) || this.#skipped.size < billLimits.namesMax;
    const key = known ? reason : 'other reasons';
    this.#skipped.set(key, (this.#skipped.get(key) ?? 0) + 1);
  }

  #sum(row: TotalsRow): void {
    this.#days.add(row.day);
    const { day, model, tier, identities, amountOf, item } = row;
    const key = JSON.stringify([day, model, tier, identities, amountOf, item]);
    const sum = this.#rows.get(key);
    if (sum !== undefined) return addInto(sum, row);
    if (this.#rows.size >= billLimits.rowsMax) {
      throw new BillError(
        `more than ${billLimits.rowsMax} sums by day, model and credentials: take a shorter range`,
      );
    }
    this.#rows.set(key, { ...row, quantities: { ...row.quantities } });
  }
}

function inDollars(row: TotalsRow, currency: string | undefined): TotalsRow {
  return currency === undefined || currency === 'USD' ? row : { ...row, amount: null };
}

function addInto(sum: TotalsRow, row: TotalsRow): void {
  if (row.amount !== null) sum.amount = (sum.amount ?? 0n) + row.amount;
  for (const [name, quantity] of Object.entries(row.quantities) as [QuantityName, number][]) {
    sum.quantities[name] = (sum.quantities[name] ?? 0) + quantity;
  }
}

function unrecognised(columns: ReadonlySet<string>): BillError {
  const names = [...columns].slice(0, 12).join(', ');
  const seen = names === '' ? 'it has no records' : `its columns begin with ${names}`;
  return new BillError(`this is no export that is recognised: ${seen}`);
}
