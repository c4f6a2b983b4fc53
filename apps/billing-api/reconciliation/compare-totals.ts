/** Works a report out: a provider's totals against the events and prices of now. */
import {
  type ProviderSumsQuestion,
  providerSums,
} from '@tollgate/adapters/warehouse/queries/provider-sums.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { dayStartMs } from '@tollgate/domain/period/calendar.ts';
import { priceAt } from '@tollgate/domain/pricing/compile.ts';
import type { PricedUnit } from '@tollgate/domain/pricing/price.ts';
import { findPrice, type PriceListState } from '@tollgate/domain/pricing/price-list.ts';
import { compareTotals } from '@tollgate/domain/reconciliation/totals/compare.ts';
import type { Comparison } from '@tollgate/domain/reconciliation/totals/comparison.ts';
import type { UnitPrices } from '@tollgate/domain/reconciliation/totals/money-shares.ts';
import type {
  AttributedBy,
  ProviderTotals,
} from '@tollgate/domain/reconciliation/totals/totals-row.ts';
import type { QuantityName } from '@tollgate/domain/usage/quantities.ts';

const UNITS: readonly (readonly [QuantityName, PricedUnit])[] = [
  ['input_tokens', 'input'],
  ['cache_read_tokens', 'cache_read'],
  ['cache_write_tokens', 'cache_write'],
  ['output_tokens', 'output'],
  ['reasoning_tokens', 'reasoning'],
  ['audio_input_tokens', 'audio_input'],
  ['audio_output_tokens', 'audio_output'],
  ['requests', 'request'],
];

export type TotalsQuestion = {
  totals: ProviderTotals;
  providers: readonly string[];
  /** Both included. */
  firstDay: string;
  lastDay: string;
  attributedBy: AttributedBy | null;
  ownIdentities: readonly string[];
  models: Readonly<Record<string, string>>;
};

export async function reportOf(
  question: TotalsQuestion,
  stores: { warehouse: Warehouse; prices: PriceListState; marginMs: number },
): Promise<Comparison> {
  const { totals, providers, firstDay, lastDay } = question;
  const { timeZone } = totals.facts;
  const days = daysOf(firstDay, lastDay);
  const startOf = (day: string) => dayStartMs(day, timeZone);
  const range: ProviderSumsQuestion = {
    ...{ providers, dayStartsMs: days.map(startOf), marginMs: stores.marginMs },
    endMs: startOf(nextDay(lastDay)),
  };
  const groups = await providerSums(stores.warehouse, range, days);
  const isInRange = (day: string) => day >= firstDay && day <= lastDay;
  const known = new Map<string, UnitPrices>();
  return compareTotals(
    { ...totals, rows: totals.rows.filter(({ day }) => isInRange(day)) },
    groups,
    {
      aliases: question.models,
      ownIdentities: question.ownIdentities,
      attributedBy: question.attributedBy ?? undefined,
      pricesOf(models, day) {
        const key = `${day}\n${[...models].join('\n')}`;
        const before = known.get(key);
        if (before !== undefined) return before;
        const found = pricesOf(stores.prices, providers, models, startOf(day));
        known.set(key, found);
        return found;
      },
    },
  );
}

/** Of the first of these names that has a price at the start of the day. */
function pricesOf(
  prices: PriceListState,
  providers: readonly string[],
  models: ReadonlySet<string>,
  atMs: number,
): UnitPrices {
  for (const provider of providers) {
    for (const model of models) {
      const found = findPrice(prices, provider, model, atMs);
      if (found === null) continue;
      const { price } = found;
      return Object.fromEntries(UNITS.map(([name, unit]) => [name, priceAt(price[unit], 0)]));
    }
  }
  return null;
}

function daysOf(firstDay: string, lastDay: string): string[] {
  const days: string[] = [];
  for (let day = firstDay; day <= lastDay; day = nextDay(day)) days.push(day);
  return days;
}

function nextDay(day: string): string {
  return Temporal.PlainDate.from(day).add({ days: 1 }).toString();
}
