/**
 * Several exports of one provider as one: pages of the same report, or its usage and its costs. What
 * would count a token or a dollar twice is refused.
 */
import type {
  ProviderTotals,
  SourceFacts,
  TotalsRow,
} from '@tollgate/domain/reconciliation/totals/totals-row.ts';
import { BillError } from './bill-collector.ts';
import type { DigestedBill } from './read-bill.ts';

export type MergedBills = {
  totals: ProviderTotals;
  firstDay: string;
  lastDay: string;
};

/** Fewer amounts than this may be round by chance; then what the provider's kind of export has counts. */
const AMOUNTS_TELLING = 20;
/** Places that amounts of single models on single days have at least, in exports that are not in cents. */
const PLACES_USUAL = 6;

/** @throws BillError */
export function mergeBills(bills: readonly DigestedBill[]): MergedBills {
  const [first] = bills;
  if (first === undefined) throw new BillError('no export is named');
  for (const bill of bills) {
    if (bill.facts.timeZone !== first.facts.timeZone) {
      throw new BillError(
        'the days of these exports begin in different time zones: compare them apart',
      );
    }
    if (bills.some((other) => other !== bill && other.sha256 === bill.sha256)) {
      throw new BillError('the same file is named twice');
    }
  }
  refuseTwice(bills, 'usage', ({ facts }) => facts.states.length > 0);
  refuseTwice(bills, 'money', ({ amounts }) => amounts > 0);
  const firstDays = bills.flatMap(({ firstDay }) => firstDay ?? []).sort();
  const lastDays = bills.flatMap(({ lastDay }) => lastDay ?? []).sort();
  const [firstDay, lastDay] = [firstDays[0], lastDays.at(-1)];
  if (firstDay === undefined || lastDay === undefined) {
    throw new BillError('no record of the export can be used: see its problems');
  }
  return {
    totals: {
      facts: mergedFacts(bills),
      rows: bills.flatMap(rowsOf),
      roundingAtto: rounding(bills),
    },
    ...{ firstDay, lastDay },
  };
}

/** Files of one kind are pages; two kinds that state the same would count it twice. */
function refuseTwice(
  bills: readonly DigestedBill[],
  what: string,
  states: (bill: DigestedBill) => boolean,
): void {
  const kinds = new Set(bills.filter(states).map(({ facts }) => facts.name));
  if (kinds.size <= 1) return;
  throw new BillError(`${[...kinds].join(' and ')} both state ${what}: name one of them`);
}

function mergedFacts(bills: readonly DigestedBill[]): SourceFacts {
  const usage = bills.find(({ facts }) => facts.states.length > 0) ?? bills[0];
  if (usage === undefined) throw new BillError('no export is named');
  return usage.facts;
}

const rowsOf = ({ rows }: DigestedBill): readonly TotalsRow[] => rows;

/** Half of the last place that amounts have: each may be off by so much. */
function rounding(bills: readonly DigestedBill[]): bigint | null {
  const priced = bills.filter(({ amounts }) => amounts > 0);
  if (priced.length === 0) return null;
  const amounts = priced.reduce((sum, bill) => sum + bill.amounts, 0);
  const most = Math.max(...priced.map(({ places }) => places));
  const places = amounts < AMOUNTS_TELLING ? Math.max(most, PLACES_USUAL) : most;
  return places >= 18 ? 1n : (10n ** BigInt(18 - places) + 1n) / 2n;
}
