/** Payloads of `provider_totals-…` (domain/reconciliation/totals/totals-events.ts). */
import type { ProviderTotalsEvent } from '@tollgate/domain/reconciliation/totals/totals-events.ts';
import { quantityNames } from '@tollgate/domain/usage/quantities.ts';
import { z } from 'zod';
import { objectId as id, shortName as name } from '../names/names.ts';
import type { PayloadsOf } from './ledger-events.ts';

const count = z.int().min(0);
const decimal18 = z.string().regex(/^-?\d{1,30}\.\d{18}$/);
const day = z.iso.date();

export const totalsFile = z.strictObject({
  name: z.string().max(1_024),
  source: name,
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  bytes: count,
  records: count,
  problems_count: count,
  problems: z.array(z.strictObject({ line: count, message: z.string() })),
  skipped: z.array(z.strictObject({ reason: z.string(), records: count })),
  columns_not_read: z.array(z.string()),
});

export const providerTotalsPayloads = {
  TotalsRows: z.strictObject({
    totals_id: id,
    chunk: count,
    rows: z.array(
      z.strictObject({
        day,
        model: z.string().nullable(),
        tier: z.string().nullable(),
        identities: z.array(z.string()),
        quantities: z.partialRecord(z.enum(quantityNames), z.int()),
        amount: decimal18.nullable(),
        amount_of: z.enum(quantityNames).nullable(),
        item: z.string().nullable(),
      }),
    ),
  }),
  TotalsCompared: z.strictObject({
    totals_id: id,
    providers: z.array(name),
    source: name,
    files: z.array(totalsFile),
    first_day: day,
    last_day: day,
    attributed_by: z.enum(['start', 'end']).nullable(),
    own_identities: z.array(z.string()),
    models: z.record(z.string(), z.string()),
    rounding: decimal18.nullable(),
    rows: count,
    chunks: count,
    verdict: z.string(),
  }),
} satisfies PayloadsOf<ProviderTotalsEvent>;
