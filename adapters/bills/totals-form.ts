/** An export that was summed up, in our own form: what is sent where the file itself is too large. */
import { formatDecimal } from '@tollgate/domain/money/money.ts';
import type { TotalsRow } from '@tollgate/domain/reconciliation/totals/totals-row.ts';
import type { ReadBill } from './bill-collector.ts';

export function totalsForm({ facts, rows }: Pick<ReadBill, 'facts' | 'rows'>): string {
  const source = facts.name;
  return JSON.stringify({
    object: 'provider_totals',
    rows: rows.map((row) => ({ ...rowText(row), source })),
  });
}

function rowText({ amount, amountOf, quantities, ...row }: TotalsRow): object {
  // Without the zeros behind it: how exact an amount is follows from its places.
  const text = amount === null ? null : formatDecimal(amount, 18).replace(/\.?0+$/, '');
  return { ...row, input_tokens: 0, ...quantities, amount: text, amount_of: amountOf ?? '' };
}
