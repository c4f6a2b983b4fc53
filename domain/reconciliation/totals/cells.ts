/** Puts both sides' sums of a model on a day next to each other. */
import { type QuantityName, quantityNames } from '../../usage/quantities.ts';
import type { Quantities } from './cause.ts';
import { modelNameFinder } from './model-names.ts';
import type { OurGroup } from './our-group.ts';
import type { AttributedBy, ProviderTotals, TotalsRow } from './totals-row.ts';

/** A part of the provider's side. */
export type Side = {
  quantities: Quantities;
  /** Null: no money is stated. */
  amount: bigint | null;
  /** Of `amount`, what is stated for one bucket. */
  amountOf: Map<QuantityName, bigint>;
  /** Amounts that were added up: each of them may be rounded. */
  amounts: number;
};

export type OurSide = {
  quantities: Record<QuantityName, number>;
  estimated: Record<QuantityName, number>;
  costPico: bigint;
  heldPico: bigint;
  attempts: Record<OurGroup['certainty'], number>;
  nearMidnight: number;
  models: Set<string>;
};

export type Cell = {
  day: string;
  /** As the bill names it; a name of ours where the bill has none. */
  model: string;
  isOnBill: boolean;
  own: Side;
  foreign: Side;
  /** Of `own`, by service tier other than the ordinary one. */
  tiers: Map<string, Side>;
  ours: OurSide;
};

export type CellOptions = {
  aliases: Readonly<Record<string, string>>;
  /** Whose calls are the gateway's; empty: not known. */
  ownIdentities: readonly string[];
  attributedBy: AttributedBy;
};

const zeros = () =>
  Object.fromEntries(quantityNames.map((name) => [name, 0])) as Record<QuantityName, number>;

const emptySide = (): Side => ({
  ...{ quantities: {}, amount: null, amountOf: new Map(), amounts: 0 },
});

const emptyOurs = (): OurSide => ({
  ...{ quantities: zeros(), estimated: zeros(), costPico: 0n, heldPico: 0n, nearMidnight: 0 },
  attempts: { stated: 0, estimated: 0, unknown: 0, unpriced: 0 },
  models: new Set(),
});

/** By day, then by model. */
export function cellsOf(
  totals: ProviderTotals,
  groups: readonly OurGroup[],
  options: CellOptions,
): Cell[] {
  const cells = new Map<string, Cell>();
  const at = (day: string, model: string, isOnBill: boolean): Cell => {
    const key = `${day}\n${isOnBill ? 1 : 0}${model}`;
    const found = cells.get(key);
    if (found !== undefined) return found;
    const made = {
      ...{ day, model, isOnBill, own: emptySide(), foreign: emptySide() },
      ...{ tiers: new Map(), ours: emptyOurs() },
    };
    cells.set(key, made);
    return made;
  };
  const own = new Set(options.ownIdentities);
  const names = new Set<string>();
  for (const row of totals.rows) {
    if (row.model === null) continue;
    names.add(row.model);
    addRow(at(row.day, row.model, true), row, isForeign(row, own));
  }
  const find = modelNameFinder([...names], options.aliases);
  for (const group of groups) {
    const name = find({ served: group.modelServed, asked: group.modelAsked });
    const ownName = group.modelServed ?? group.modelAsked ?? 'unknown';
    const day = options.attributedBy === 'start' ? group.startDay : group.endDay;
    if (day === null) continue;
    const cell = at(day, name ?? ownName, name !== null);
    addGroup(cell.ours, group, totals.facts.within);
    cell.ours.models.add(ownName);
  }
  const key = ({ day, model }: Cell) => `${day}\n${model}`;
  return [...cells.values()].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

/** A line without credentials is not known to be anybody else's. */
export function isForeign(row: TotalsRow, own: ReadonlySet<string>): boolean {
  // seam: other-credentials-are-the-gap
  return own.size > 0 && row.identities.length > 0 && !row.identities.some((id) => own.has(id));
}

function addRow(cell: Cell, row: TotalsRow, foreign: boolean): void {
  if (foreign) return addTo(cell.foreign, row);
  addTo(cell.own, row);
  if (row.tier === null) return;
  const tier = cell.tiers.get(row.tier) ?? emptySide();
  addTo(tier, row);
  cell.tiers.set(row.tier, tier);
}

function addTo(side: Side, row: TotalsRow): void {
  for (const name of quantityNames) {
    const quantity = row.quantities[name];
    if (quantity !== undefined) side.quantities[name] = (side.quantities[name] ?? 0) + quantity;
  }
  if (row.amount === null) return;
  side.amount = (side.amount ?? 0n) + row.amount;
  side.amounts++;
  if (row.amountOf === null) return;
  side.amountOf.set(row.amountOf, (side.amountOf.get(row.amountOf) ?? 0n) + row.amount);
}

function addGroup(
  ours: OurSide,
  group: OurGroup,
  within: Partial<Record<QuantityName, QuantityName>>,
): void {
  for (const name of quantityNames) {
    const bucket = within[name] ?? name;
    ours.quantities[bucket] += group.quantities[name];
    if (group.certainty === 'estimated') ours.estimated[bucket] += group.quantities[name];
  }
  ours.costPico += group.costPico;
  ours.heldPico += group.heldPico;
  ours.attempts[group.certainty] += group.attempts;
  if (group.nearMidnight) ours.nearMidnight += group.attempts;
}

/** Both parts of the provider's side; null: it does not state that bucket at all. */
export function theirQuantity(cell: Cell, name: QuantityName, states: boolean): number | null {
  if (!states) return null;
  return (cell.own.quantities[name] ?? 0) + (cell.foreign.quantities[name] ?? 0);
}
