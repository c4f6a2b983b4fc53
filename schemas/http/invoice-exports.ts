/** What the billing API says of exports to a payment system. Amounts are in its minor units. */
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import {
  creditOutcome,
  meterDifference,
  paymentStatus,
  stopReason,
} from '../ledger/payment-events.ts';
import { objectId as id } from '../names/names.ts';
import { listOf, listQuery } from './list.ts';

const state = z.enum(['waiting', 'failing', 'stopped', 'done']).meta({
  description:
    '`failing`: tried again at `failure.next_attempt_at`. `stopped`: a person has to look; a request ' +
    'for the export goes on then.',
});

export const invoiceExportView = z.strictObject({
  object: z.literal('invoice_export'),
  invoice_id: id,
  customer_id: id,
  system: z.literal('stripe'),
  state,
  requested_at: timestamp,
  outcome: z.enum(['invoice', 'balance', 'skipped', 'meters']).nullable().meta({
    description:
      'How it ended: as an invoice there, as an entry of the balance, as usage of meters, or as nothing.',
  }),
  external_customer_id: z.string().nullable(),
  external_id: z.string().nullable().meta({
    description: 'Of the invoice, or of the entry of the balance.',
  }),
  number: z.string().nullable(),
  hosted_url: z.string().nullable(),
  pdf_url: z.string().nullable(),
  subtotal_minor: z.int().nullable(),
  total_minor: z.int().nullable().meta({ description: 'With tax.' }),
  stopped: z.strictObject({ step: z.string(), reason: stopReason, detail: z.string() }).nullable(),
  failure: z
    .strictObject({
      error: z.string(),
      message: z.string(),
      failures: z.int().min(1),
      next_attempt_at: timestamp,
    })
    .nullable(),
  stray_drafts: z.array(z.string()).meta({
    description: 'Drafts that were made twice, and are never finalized: delete them there.',
  }),
  metered: z
    .strictObject({ events: z.int().min(0), differences: z.array(meterDifference) })
    .nullable()
    .meta({
      description:
        'Usage that was sent to meters, and what could not be: it is older than 35 days, and is never ' +
        'dated otherwise.',
    }),
  credits: z
    .array(z.strictObject({ credit_note_id: id, outcome: creditOutcome.nullable() }))
    .meta({ description: 'Credit notes of the invoice; without an outcome: not there yet.' }),
  payment: z
    .strictObject({
      status: paymentStatus,
      amount_due_minor: z.int(),
      amount_paid_minor: z.int(),
      credited_minor: z.int(),
      attempts: z.int().min(0),
      due_at: timestamp.nullable(),
      is_overdue: z.boolean(),
    })
    .nullable(),
});
export type InvoiceExportView = z.infer<typeof invoiceExportView>;

export const invoiceExportList = listOf(invoiceExportView);
export const invoiceExportQuery = listQuery.extend({
  customer_id: id.optional(),
  state: state.optional(),
});

export const paymentCustomerRequest = z.strictObject({
  external_customer_id: z.string().regex(/^cus_[A-Za-z0-9_]{1,250}$/, 'an id of Stripe: cus_…'),
});
export const paymentCustomerView = z.strictObject({
  object: z.literal('payment_customer'),
  customer_id: id,
  system: z.literal('stripe'),
  external_customer_id: z.string(),
});
