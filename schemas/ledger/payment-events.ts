/** The payloads of streams `invoice_export-<id>` and `payment_customer-<id>` (see ledger-events.ts). */
import type {
  ExportEvent,
  PaymentCustomerMapped,
} from '@tollgate/domain/payment/payment-events.ts';
import { z } from 'zod';
import { timestamp } from '../event/usage-event.ts';
import { objectId as id } from '../names/names.ts';
import { creditMemo, creditReason } from './credit-note-events.ts';

type PayloadsOf<E extends { type: string; data: unknown }> = {
  [T in E['type']]: z.ZodType<Extract<E, { type: T }>['data']>;
};

const count = z.int().min(0);
const externalId = z.string().min(1).max(255);
const system = z.literal('stripe');
const step = z.enum([
  'customer',
  'draft',
  'lines',
  'verify',
  'finalize',
  'send',
  'balance',
  'meters',
  'credit',
]);
export const paymentStatus = z.enum(['open', 'uncollectible', 'void', 'paid']);
const link = z.string().max(4_096).nullable();
export const stopReason = z.enum([
  ...(['customer_unmapped', 'currency_unsupported', 'refused'] as const),
  ...(['draft_edited', 'draft_gone', 'finalized_differs'] as const),
  ...(['meter_differs', 'too_many_events'] as const),
]);

const exportPolicy = z.strictObject({
  collection: z.enum(['send', 'charge']),
  days_until_due: count,
  automatic_tax: z.boolean(),
  zero: z.enum(['skip', 'invoice']),
  below_minimum: z.enum(['invoice', 'customer_balance']),
  negative: z.enum(['customer_balance', 'invoice']),
  customers: z.enum(['create', 'existing']),
  lines_max: z.int().min(1),
  chunk_lines: z.int().min(1),
  meters: z.record(z.string().min(1), z.string().min(1).max(100)).exactOptional(),
});

export const meterDifference = z.strictObject({
  identifier: z.string().min(1).max(100),
  event_name: z.string().min(1).max(100),
  value: z.string().regex(/^-?\d{1,15}$/),
  at: timestamp,
  reason: z.literal('too_old'),
});

const exportDocument = z.strictObject({
  number: z.string().min(1).max(255),
  tax: z
    .strictObject({ name: z.string().min(1), rate_ppm: z.int().min(1), amount_minor: z.int() })
    .nullable(),
});

const minor = z.int().min(0);

/** What became of a credit note in the payment system. */
export const creditOutcome = z.strictObject({
  how: z.enum(['credit_note', 'void', 'balance', 'none']),
  external_id: externalId.nullable(),
  amount_minor: minor,
  applied_minor: minor,
  balance_minor: minor,
  refunded_minor: minor,
  outside_minor: minor,
});

export const exportPayloads = {
  ExportCreditRequested: z.strictObject({
    invoice_id: id,
    credit_note_id: id,
    kind: z.enum(['credit', 'void']),
    number: z.string().min(1).max(255).nullable(),
    reason: creditReason,
    memo: creditMemo.nullable(),
    lines: z.array(z.strictObject({ description: z.string(), amount_minor: z.int().min(1) })),
    total_minor: z.int().min(1),
    before_minor: minor,
    invoice_minor: z.int().min(1),
    requested_at: timestamp,
  }),
  ExportCredited: creditOutcome.extend({ invoice_id: id, credit_note_id: id }),
  ExportRequested: z.strictObject({
    invoice_id: id,
    customer_id: id,
    system,
    policy: exportPolicy,
    document: exportDocument.exactOptional(),
    requested_at: timestamp,
  }),
  ExportStepStarted: z.strictObject({
    invoice_id: id,
    step,
    chunk: count,
    attempt: z.int().min(1),
    generation: z.int().min(1),
    run_id: id,
    started_at: timestamp,
  }),
  ExportStepRenewed: z.strictObject({
    invoice_id: id,
    attempt: z.int().min(1),
    run_id: id,
    renewed_at: timestamp,
  }),
  ExportCustomerChosen: z.strictObject({ invoice_id: id, external_customer_id: externalId }),
  ExportDraftCreated: z.strictObject({ invoice_id: id, external_id: externalId }),
  ExportLinesAdded: z.strictObject({
    invoice_id: id,
    external_id: externalId,
    chunk: count,
    lines: count,
  }),
  ExportVerified: z.strictObject({
    invoice_id: id,
    external_id: externalId,
    lines: count,
    sum_minor: z.int(),
  }),
  ExportFinalized: z.strictObject({
    invoice_id: id,
    external_id: externalId,
    number: z.string().max(255).nullable(),
    status: paymentStatus,
    subtotal_minor: z.int(),
    total_minor: z.int(),
    amount_due_minor: z.int(),
    due_at: timestamp.nullable(),
    hosted_url: link,
    pdf_url: link,
  }),
  ExportMetersSent: z.strictObject({
    invoice_id: id,
    chunk: count,
    last: z.boolean(),
    events: count,
    differences: z.array(meterDifference),
    sent_at: timestamp,
  }),
  ExportReopened: z.strictObject({
    invoice_id: id,
    report_id: externalId,
    reopened_at: timestamp,
  }),
  ExportSent: z.strictObject({ invoice_id: id, external_id: externalId }),
  ExportBalanceChanged: z.strictObject({
    invoice_id: id,
    external_id: externalId,
    amount_minor: z.int(),
  }),
  ExportSkipped: z.strictObject({ invoice_id: id, reason: z.literal('zero') }),
  ExportStepFailed: z.strictObject({
    invoice_id: id,
    step,
    attempt: z.int().min(1),
    error: z.string().max(255),
    message: z.string().max(1_024),
    new_key: z.boolean(),
    failed_at: timestamp,
    next_attempt_at: timestamp,
  }),
  ExportStopped: z.strictObject({
    invoice_id: id,
    step,
    reason: stopReason,
    detail: z.string().max(1_024),
    stopped_at: timestamp,
  }),
  ExportResumed: z.strictObject({ invoice_id: id, resumed_at: timestamp }),
  PaymentReported: z.strictObject({
    invoice_id: id,
    external_id: externalId,
    source: z.enum(['webhook', 'read']),
    source_id: externalId,
    status: paymentStatus,
    amount_due_minor: z.int(),
    amount_paid_minor: z.int(),
    credited_minor: z.int(),
    attempts: count,
    due_at: timestamp.nullable(),
    at: timestamp,
  }),
} satisfies PayloadsOf<ExportEvent>;

export const paymentCustomerPayloads = {
  PaymentCustomerMapped: z.strictObject({
    customer_id: id,
    system,
    external_customer_id: externalId,
    how: z.enum(['created', 'found', 'given']),
  }),
} satisfies PayloadsOf<PaymentCustomerMapped>;
