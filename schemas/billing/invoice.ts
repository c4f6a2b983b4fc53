/** The only definition of an invoice's body on the wire, versions 1 and 2 (ADR 0001, ADR 0005). */
import type { InvoiceBody, InvoiceLine } from '@tollgate/domain/invoice/invoice.ts';
import { z } from 'zod';
import { decimal12, timestamp } from '../event/usage-event.ts';
import { objectId as id, shortName, shortText } from '../names/names.ts';
import { currencyCode, exchangeRate } from './exchange-rate.ts';
import { markupPpm, sha256Hex, summedQuantities, unresolvedEvents } from './snapshot.ts';

const count = z.int().min(0);

const invoiceLine = z.strictObject({
  kind: z.enum(['usage', 'late_usage']),
  period_number: z.int().min(1),
  description: z.string().min(1),
  provider: shortText.nullable(),
  model: shortText.nullable(),
  events: z.int().min(1),
  ...summedQuantities,
  estimated_events: count,
  cost: decimal12,
  estimated_cost: decimal12,
  markup_ppm: markupPpm,
  exchange_rate: exchangeRate.exactOptional(),
  amount_minor: z.int(),
}) satisfies z.ZodType<InvoiceLine>;

export const invoiceBody = z.strictObject({
  object: z.literal('invoice'),
  version: z.union([z.literal(1), z.literal(2)]),
  id,
  customer_id: id,
  snapshot_id: id,
  snapshot_hash: sha256Hex,
  period_id: id,
  period_number: z.int().min(1),
  period_start: timestamp,
  period_end: timestamp,
  time_zone: shortName,
  currency: currencyCode,
  exchange_rate: exchangeRate.exactOptional(),
  lines: z.array(invoiceLine),
  total_minor: z.int(),
  unresolved: unresolvedEvents,
}) satisfies z.ZodType<InvoiceBody>;
