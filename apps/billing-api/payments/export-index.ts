/**
 * Read model of exports to a payment system (I5: a pure function of the ledger): for lists and look-ups,
 * and for what there is to do. A step is never decided from it: that reads the stream that it appends to.
 */
import {
  exportEvents,
  invoiceEvents,
  paymentCustomerEvents,
} from '@tollgate/adapters/ledger/categories.ts';
import type { LedgerEvent } from '@tollgate/adapters/ledger/ledger.ts';
import { ReadModel, type ReadModelOptions } from '@tollgate/adapters/ledger/read-model.ts';
import {
  evolveExport,
  type InvoiceExport,
  isSettled,
} from '@tollgate/domain/payment/invoice-export.ts';

export type IssuedInvoice = { invoiceId: string; customerId: string; issuedAtMs: number };

export class ExportIndex {
  readonly #exports = new Map<string, InvoiceExport>();
  /** Neither done nor stopped. */
  readonly #open = new Set<string>();
  /** Finished there, and neither paid nor given up. */
  readonly #unpaid = new Set<string>();
  /** Issued, and never exported; oldest first. */
  readonly #waiting = new Map<string, IssuedInvoice>();
  /** Credit notes that were issued, by invoice. */
  readonly #credits = new Map<string, number>();
  readonly #invoiceOfExternal = new Map<string, string>();
  /** By our customer. */
  readonly #customers = new Map<string, string>();
  readonly #model: ReadModel;

  constructor(options: ReadModelOptions) {
    const categories = [invoiceEvents, exportEvents, paymentCustomerEvents];
    this.#model = new ReadModel(options, categories, (event) => this.#apply(event));
  }

  /** Resolves when the past has been read. */
  start(): Promise<void> {
    return this.#model.start();
  }

  stop(): Promise<void> {
    return this.#model.stop();
  }

  /** Waits (bounded) until reads show that revision of the stream. */
  sees(stream: string, revision: bigint, timeoutMs: number): Promise<boolean> {
    return this.#model.sees(stream, revision, timeoutMs);
  }

  of(invoiceId: string): InvoiceExport | undefined {
    return this.#exports.get(invoiceId);
  }

  all(): InvoiceExport[] {
    return [...this.#exports.values()];
  }

  open(): InvoiceExport[] {
    return this.#named(this.#open);
  }

  unpaid(): InvoiceExport[] {
    return this.#named(this.#unpaid);
  }

  /** Invoices without an export that were issued at or after a time. */
  waiting(sinceMs: number): IssuedInvoice[] {
    return [...this.#waiting.values()].filter(({ issuedAtMs }) => issuedAtMs >= sinceMs);
  }

  /** Who a customer is in the payment system. */
  customer(customerId: string): string | undefined {
    return this.#customers.get(customerId);
  }

  /** By its id in the payment system. */
  invoiceOf(externalId: string): string | undefined {
    return this.#invoiceOfExternal.get(externalId);
  }

  #named(ids: ReadonlySet<string>): InvoiceExport[] {
    return [...ids].flatMap((id) => this.#exports.get(id) ?? []);
  }

  #apply(at: LedgerEvent): void {
    if (exportEvents.storedTypes.has(at.type)) return this.#evolve(at);
    if (paymentCustomerEvents.storedTypes.has(at.type)) {
      const { customer_id, external_customer_id } = paymentCustomerEvents.parse(at).data;
      this.#customers.set(customer_id, external_customer_id);
      return;
    }
    const event = invoiceEvents.parse(at);
    if (event.type === 'CreditNoteIssued') return this.#credited(event.data);
    if (event.type !== 'InvoiceIssued') return;
    const { invoice_id: invoiceId, customer_id: customerId } = event.data;
    if (this.#exports.has(invoiceId)) return;
    this.#waiting.set(invoiceId, { invoiceId, customerId, issuedAtMs: at.recordedAtMs });
  }

  #credited({ invoice_id: id, kind }: { invoice_id: string; kind: 'credit' | 'void' }): void {
    this.#credits.set(id, (this.#credits.get(id) ?? 0) + 1);
    const state = this.#exports.get(id);
    // What is void before it was asked for goes nowhere by itself.
    if (state === undefined && kind === 'void') this.#waiting.delete(id);
    if (state !== undefined) this.#keepOpen(id, state);
  }

  #keepOpen(id: string, state: InvoiceExport): void {
    const hasAll = state.credits.length >= (this.#credits.get(id) ?? 0);
    keep(this.#open, id, !(isSettled(state) && hasAll) && state.stopped === null);
  }

  #evolve(at: LedgerEvent): void {
    const id = exportEvents.idOf(at.stream);
    const state = evolveExport(this.#exports.get(id), exportEvents.parse(at));
    this.#exports.set(id, state);
    this.#waiting.delete(id);
    this.#keepOpen(id, state);
    const { finalized, payment } = state;
    keep(this.#unpaid, id, finalized !== null && payment !== null && isOwed(payment.status));
    if (state.draft !== null) this.#invoiceOfExternal.set(state.draft, id);
  }
}

function isOwed(status: string): boolean {
  return status === 'open' || status === 'uncollectible';
}

function keep(set: Set<string>, id: string, isIn: boolean): void {
  if (isIn) set.add(id);
  else set.delete(id);
}
