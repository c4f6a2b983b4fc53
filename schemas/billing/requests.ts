/** What the billing API takes and answers about periods, snapshots and invoices. */
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { invoiceExportView } from '../http/invoice-exports.ts';
import { listOf, listQuery } from '../http/list.ts';
import { objectId as id, shortName } from '../names/names.ts';
import { instantOrDate } from '../time/instant.ts';
import { currencyCode } from './exchange-rate.ts';
import { invoiceBody } from './invoice.ts';
import { sha256Hex } from './snapshot.ts';

const yearMs = 31_557_600_000;

const graceSeconds = z
  .int()
  .min(0)
  .max(yearMs / 1000)
  .optional()
  .meta({ description: 'How long after its end a period stays open for usage on its way.' });

export const periodParams = z.strictObject({ period_id: id });
export const snapshotParams = z.strictObject({ snapshot_id: id });
export const proofParams = z.strictObject({
  snapshot_id: id,
  event_id: shortName,
});
export const invoiceParams = z.strictObject({ invoice_id: id });

export const billingListQuery = listQuery.extend({
  customer_id: id.optional().meta({ description: 'Of this customer alone.' }),
});

export const proofQuery = z.strictObject({
  source: z
    .string()
    .min(1)
    .max(1024)
    .optional()
    .meta({ description: 'Source of the event, where several collectors use the same id.' }),
});

export const openPeriodRequest = z.strictObject({
  customer_id: id,
  start: instantOrDate.optional().meta({
    description:
      'RFC 3339, or a plain date in the time zone. Default: the end of the last period, or the ' +
      'start of the current month.',
  }),
  time_zone: z
    .string()
    .min(1)
    .max(256)
    .optional()
    .meta({ description: "IANA zone. Default: as the last period, or the customer's." }),
  anchor_day: z
    .int()
    .min(1)
    .max(31)
    .optional()
    .meta({ description: 'Day on which billing months begin. Default: as the last period, or 1.' }),
});

export const closePeriodRequest = z.strictObject({
  at: instantOrDate.optional().meta({
    description:
      'Close early at this instant; the next period begins there. RFC 3339, or a plain date in the ' +
      "period's time zone: the first instant of that day.",
  }),
  grace_seconds: graceSeconds,
});

export const closingRunRequest = z.strictObject({ grace_seconds: graceSeconds });

export const periodView = z.strictObject({
  object: z.literal('period'),
  id,
  customer_id: id,
  number: z.int().min(1),
  start: timestamp,
  end: timestamp,
  time_zone: z.string(),
  anchor_day: z.int(),
  currency: currencyCode.meta({ description: 'What the period is billed in, since its opening.' }),
  status: z.enum(['open', 'closing', 'closed']),
  cut_id: id.nullable(),
  snapshot_id: id.nullable(),
  invoice_id: id.nullable(),
});
export type PeriodView = z.infer<typeof periodView>;
export const periodList = listOf(periodView);

export const closingRunView = z.strictObject({
  object: z.literal('closing_run'),
  closed: z.array(periodView),
  failed: z.array(z.strictObject({ customer_id: id, code: z.string(), detail: z.string() })),
});

const snapshotSummary = z.strictObject({
  object: z.literal('snapshot'),
  id,
  customer_id: id,
  period_id: id,
  number: z.int().min(1),
  hash: sha256Hex,
  frozen_at: timestamp,
});
export type SnapshotSummary = z.infer<typeof snapshotSummary>;
export const snapshotList = listOf(snapshotSummary);

export const snapshotView = snapshotSummary.extend({
  body: z.string().meta({
    description: 'The frozen RFC 8785 text; `hash` is SHA-256 over its UTF-8 bytes.',
  }),
});

const creditedMinor = z
  .int()
  .min(0)
  .meta({ description: 'By credit notes, with their tax. The invoice stays as it is.' });

const invoiceSummary = z.strictObject({
  object: z.literal('invoice'),
  id,
  customer_id: id,
  snapshot_id: id,
  snapshot_hash: sha256Hex,
  period_id: id,
  period_number: z.int().min(1),
  period_start: timestamp,
  period_end: timestamp,
  currency: currencyCode,
  total_minor: z.int(),
  hash: sha256Hex,
  issued_at: timestamp,
  credited_minor: creditedMinor,
  invoice_number: z.string().nullable().meta({
    description: 'In the series of its seller; null where the configuration has none for it.',
  }),
});
export type InvoiceSummary = z.infer<typeof invoiceSummary>;
export const invoiceList = listOf(invoiceSummary);

export const invoiceView = invoiceBody.extend({
  hash: sha256Hex.meta({
    description:
      'SHA-256 over the RFC 8785 text of this object without `hash`, `issued_at` and `export`.',
  }),
  issued_at: timestamp,
  export: invoiceExportView.nullable().meta({
    description: 'What became of it in the payment system; null: it was not exported.',
  }),
});
