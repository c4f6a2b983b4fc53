/**
 * Read model of periods, snapshots and invoices for lists and look-ups by id (I5: a pure function
 * of the ledger). Bodies stay in the ledger; closing itself never decides from this.
 */
import { billingEvents, invoiceEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { ReadModel, type ReadModelOptions } from '@tollgate/adapters/ledger/read-model.ts';
import type { CreditNote } from '@tollgate/domain/invoice/issued-invoice.ts';
import { type Billing, evolveBilling, noBilling } from '@tollgate/domain/period/billing.ts';
import type {
  BillingEvent,
  InvoiceEvent,
  InvoiceIssued,
} from '@tollgate/domain/period/period-events.ts';
import { invoiceBody } from '@tollgate/schemas/billing/invoice.ts';

type PeriodEntry = { customerId: string; periodId: string; number: number };

export type SnapshotEntry = PeriodEntry & { id: string; hash: string; frozenAtMs: number };

export type InvoiceEntry = {
  id: string;
  customerId: string;
  snapshotId: string;
  snapshotHash: string;
  hash: string;
  currency: string;
  totalMinor: number;
  periodId: string;
  periodNumber: number;
  periodStart: string;
  periodEnd: string;
  issuedAtMs: number;
  /** Of its series; null: it has none. */
  number: string | null;
  /** By credit notes, with their tax. */
  creditedMinor: number;
};

export type CreditNoteEntry = CreditNote & { customerId: string; currency: string };

export class BillingIndex {
  readonly #billings = new Map<string, Billing>();
  readonly #periods = new Map<string, PeriodEntry>();
  readonly #snapshots = new Map<string, SnapshotEntry>();
  readonly #invoices = new Map<string, InvoiceEntry>();
  readonly #creditNotes = new Map<string, CreditNoteEntry>();
  readonly #model: ReadModel;

  constructor(options: ReadModelOptions) {
    const categories = [billingEvents, invoiceEvents];
    this.#model = new ReadModel(options, categories, (event) => this.#apply(event));
  }

  /** Resolves when the past has been read. */
  start(): Promise<void> {
    return this.#model.start();
  }

  stop(): Promise<void> {
    return this.#model.stop();
  }

  ageMs(): number {
    return this.#model.ageMs();
  }

  /** Waits (bounded) until reads show that revision of the customer's periods. */
  seesBilling(customerId: string, revision: bigint, timeoutMs: number): Promise<boolean> {
    return this.#model.sees(billingEvents.of(customerId), revision, timeoutMs);
  }

  /** Waits (bounded) until reads show the invoice. */
  seesInvoice(invoiceId: string, timeoutMs: number): Promise<boolean> {
    return this.#model.sees(invoiceEvents.of(invoiceId), 0n, timeoutMs);
  }

  /** Waits (bounded) until reads show that revision of the stream. */
  sees(stream: string, revision: bigint, timeoutMs: number): Promise<boolean> {
    return this.#model.sees(stream, revision, timeoutMs);
  }

  /** In order of their ids' making; of one customer or of all. */
  periods(customerId: string | undefined): PeriodEntry[] {
    return ofCustomer(this.#periods, customerId);
  }

  snapshots(customerId: string | undefined): SnapshotEntry[] {
    return ofCustomer(this.#snapshots, customerId);
  }

  invoices(customerId: string | undefined): InvoiceEntry[] {
    return ofCustomer(this.#invoices, customerId);
  }

  period(periodId: string): PeriodEntry | undefined {
    return this.#periods.get(periodId);
  }

  snapshot(snapshotId: string): SnapshotEntry | undefined {
    return this.#snapshots.get(snapshotId);
  }

  invoice(invoiceId: string): InvoiceEntry | undefined {
    return this.#invoices.get(invoiceId);
  }

  creditNotes(customerId: string | undefined): CreditNoteEntry[] {
    return ofCustomer(this.#creditNotes, customerId);
  }

  creditNote(creditNoteId: string): CreditNoteEntry | undefined {
    return this.#creditNotes.get(creditNoteId);
  }

  /** Without the snapshots' bodies. */
  billing(customerId: string): Billing {
    return this.#billings.get(customerId) ?? noBilling;
  }

  #apply(at: LedgerEvent): void {
    if (at.stream.startsWith(billingEvents.prefix)) {
      const customerId = billingEvents.idOf(at.stream);
      this.#applyBilling(customerId, billingEvents.parse(at), at.recordedAtMs);
    } else if (invoiceEvents.storedTypes.has(at.type)) {
      this.#applyInvoice(invoiceEvents.parse(at), at.recordedAtMs);
    }
  }

  #applyBilling(customerId: string, event: BillingEvent, atMs: number): void {
    const { period_id: periodId, number } = event.data;
    const entry = { customerId, periodId, number };
    if (event.type === 'PeriodOpened') this.#periods.set(periodId, entry);
    let slim = event;
    if (event.type === 'SnapshotFrozen') {
      const { snapshot_id: id, hash } = event.data;
      this.#snapshots.set(id, { ...entry, id, hash, frozenAtMs: atMs });
      slim = { ...event, data: { ...event.data, body: '' } };
    }
    this.#billings.set(customerId, evolveBilling(this.billing(customerId), slim));
  }

  #applyInvoice(event: InvoiceEvent, atMs: number): void {
    if (event.type === 'InvoiceIssued') return this.#applyIssued(event.data, atMs);
    const { invoice_id: id } = event.data;
    const known = this.#invoices.get(id);
    if (known === undefined) throw new Error(`${event.type} of ${id} before InvoiceIssued`);
    switch (event.type) {
      case 'InvoiceTermsFixed':
        return;
      case 'InvoiceNumbered':
        this.#invoices.set(id, { ...known, number: event.data.number });
        return;
      case 'CreditNoteIssued': {
        const { credit_note_id, total_minor } = event.data;
        const { customerId, currency } = known;
        const entry = { ...event.data, number: null, customerId, currency };
        this.#creditNotes.set(credit_note_id, entry);
        const creditedMinor = known.creditedMinor + total_minor;
        this.#invoices.set(id, { ...known, creditedMinor });
        return;
      }
      case 'CreditNoteNumbered': {
        const { credit_note_id, number } = event.data;
        const note = this.#creditNotes.get(credit_note_id);
        if (note === undefined) throw new Error(`${credit_note_id} was not issued`);
        this.#creditNotes.set(credit_note_id, { ...note, number });
        return;
      }
      default:
        return event satisfies never;
    }
  }

  #applyIssued(data: InvoiceIssued['data'], atMs: number): void {
    const body = invoiceBody.parse(JSON.parse(data.body));
    this.#invoices.set(data.invoice_id, {
      id: data.invoice_id,
      customerId: data.customer_id,
      snapshotId: data.snapshot_id,
      snapshotHash: data.snapshot_hash,
      hash: data.hash,
      currency: body.currency,
      totalMinor: body.total_minor,
      periodId: body.period_id,
      periodNumber: body.period_number,
      periodStart: body.period_start,
      periodEnd: body.period_end,
      issuedAtMs: atMs,
      number: null,
      creditedMinor: 0,
    });
  }
}

function ofCustomer<T extends { customerId: string }>(
  entries: ReadonlyMap<string, T>,
  customerId: string | undefined,
): T[] {
  const all = [...entries.values()];
  return customerId === undefined ? all : all.filter((entry) => entry.customerId === customerId);
}
