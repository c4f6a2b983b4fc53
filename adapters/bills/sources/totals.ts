/** Our own form of totals, for any provider. */
import { quantityNames } from '@tollgate/domain/usage/quantities.ts';
import { providerTotals } from '@tollgate/schemas/bills/totals.ts';
import { amountOf, defineSource, placesOf, rowOf } from '../source.ts';

export const totalsSource = defineSource({
  facts: {
    ...{ name: 'totals', provider: 'openai', timeZone: 'UTC', attributedBy: 'end' },
    ...{ states: quantityNames, within: {} },
  },
  ...{ schema: providerTotals, marks: ['day', 'model', 'input_tokens', 'amount_of'] },
  read(record) {
    const quantities = Object.fromEntries(quantityNames.map((name) => [name, record[name]]));
    const { amount, amount_of: of, identities } = record;
    const row = rowOf({
      ...{ day: record.day, model: record.model, tier: record.tier, quantities, item: record.item },
      identities,
      amount: amount === null ? null : amountOf(amount),
      amountOf: of === undefined || of === '' ? null : of,
    });
    const more = record.source === undefined ? {} : { statedBy: record.source };
    if (amount === null) return { ...more, rows: [row] };
    const places = placesOf(amount);
    return { ...more, rows: [row], currency: record.currency ?? 'USD', places };
  },
});
