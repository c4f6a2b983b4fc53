/** Show 5 of issue 16, in simulated time: every source, one month, all causes at once. */
import { mergeBills } from '@tollgate/adapters/bills/merge-bills.ts';
import { readBillText } from '@tollgate/adapters/bills/read-bill.ts';
import type { Cause, Quantities } from '@tollgate/domain/reconciliation/totals/cause.ts';
import { compareTotals } from '@tollgate/domain/reconciliation/totals/compare.ts';
import type { QuantityName } from '@tollgate/domain/usage/quantities.ts';
import {
  anthropicCostPeriods,
  anthropicPage,
  anthropicUsagePeriods,
} from '@tollgate/simulator/exports/anthropic.ts';
import {
  awsReport,
  googleBigQueryRows,
  googleCostTable,
} from '@tollgate/simulator/exports/clouds.ts';
import {
  litellmSpendLogs,
  openrouterActivity,
  openrouterLog,
} from '@tollgate/simulator/exports/gateways.ts';
import {
  openaiCostBuckets,
  openaiCostsCsv,
  openaiPage,
  openaiUsageBuckets,
  openaiUsageCsv,
} from '@tollgate/simulator/exports/openai.ts';
import { expect, it } from 'vitest';
import {
  CHANGE_DAY,
  FIRST_DAY,
  groupsIn,
  LAST_DAY,
  ourPrices,
  PRO,
  simulatedMonth,
  type Totals,
} from './testing/simulated-month.ts';

const { charged, groups, truth } = simulatedMonth();
const json = (value: unknown) => JSON.stringify(value);
const usagePages = [0, 7, 14, 21, 28].map((from) =>
  json(openaiPage(openaiUsageBuckets(charged, FIRST_DAY, LAST_DAY), from, 7)),
);
const costs = json(openaiPage(openaiCostBuckets(charged, FIRST_DAY, LAST_DAY), 0, 180));
const anthropicUsage = json(
  anthropicPage(anthropicUsagePeriods(charged, FIRST_DAY, LAST_DAY), 0, 31),
);
const anthropicCosts = json(
  anthropicPage(anthropicCostPeriods(charged, FIRST_DAY, LAST_DAY), 0, 31),
);

const GATEWAY = ['api_key:gateway', 'project:gateway', 'workspace:gateway', 'account:gateway'];
const INPUT: readonly QuantityName[] = ['input_tokens', 'cache_read_tokens', 'cache_write_tokens'];
const OUTPUT: readonly QuantityName[] = ['output_tokens', 'reasoning_tokens'];

function tokensIn(quantities: Quantities = {}) {
  const sum = (names: readonly QuantityName[]) =>
    names.reduce((all, name) => all + (quantities[name] ?? 0), 0);
  return { input: sum(INPUT), output: sum(OUTPUT) };
}

const tokensOf = ({ input, output }: Totals) => ({ input, output });

it.each([
  ['openai_usage', usagePages],
  ['openai_usage and openai_costs', [...usagePages, costs]],
  ['openai_usage_csv', [openaiUsageCsv(charged)]],
  ['openai_usage_csv and openai_costs_csv', [openaiUsageCsv(charged), openaiCostsCsv(charged)]],
  ['anthropic_usage', [anthropicUsage]],
  ['anthropic_usage and anthropic_costs', [anthropicUsage, anthropicCosts]],
  ['google_billing', [googleBigQueryRows(charged)]],
  ['google_cost_table', [googleCostTable(charged)]],
  ['aws_cur', [awsReport(charged)]],
  ['openrouter_activity', [openrouterActivity(charged)]],
  ['openrouter_log', [openrouterLog(charged)]],
  ['litellm_spend_logs', [litellmSpendLogs(charged)]],
])('%s: the whole difference of a month has its right causes, to the token', (source, files) => {
  const bills = files.map(readBillText);
  expect([...new Set(bills.map(({ facts }) => facts.name))].join(' and ')).toBe(source);
  expect(bills.flatMap(({ problems }) => problems)).toEqual([]);
  const { totals } = mergeBills(bills);
  const compared = compareTotals(totals, groupsIn(groups, totals.facts.timeZone), {
    ...{ aliases: {}, ownIdentities: GATEWAY },
    pricesOf: ([model = '']) => ourPrices(model),
  });
  const of = (cause: Cause) => compared.causes.find((one) => one.cause === cause);
  expect(tokensIn(of('gap')?.quantities)).toEqual(tokensOf(truth.gap));
  expect(tokensIn(of('estimates')?.quantities)).toEqual(tokensOf(truth.estimates));
  expect(compared.total.quantities.filter(({ unexplained }) => unexplained !== 0)).toEqual([]);
  expect(compared.attributedOtherwise).toBe(false);
  const { theirs, difference, unexplained } = compared.total;
  const causes = compared.causes.map(({ cause }) => cause).filter((cause) => cause !== 'rounding');
  expect(causes.sort()).toEqual(['estimates', 'gap', ...(theirs === null ? [] : ['price'])]);
  if (theirs === null) return;
  const priced = (of('price')?.amount ?? 0n) - truth.priceAtto;
  // What one token of the most expensive kind costs, 1e-18 dollars.
  expect(priced < 12_500_000_000_000n && priced > -12_500_000_000_000n).toBe(true);
  expect(new Set(compared.moves.map(({ model }) => model))).toEqual(new Set([PRO]));
  const [first] = compared.moves.map(({ firstDay }) => firstDay).sort();
  // In California it is still the 14th when the price changes.
  expect(first).toBe(totals.facts.timeZone === 'UTC' ? CHANGE_DAY : '2026-11-14');
  expect(compared.causes.reduce((sum, { amount }) => sum + (amount ?? 0n), 0n)).toBe(difference);
  expect(unexplained).toBe(0n);
});
