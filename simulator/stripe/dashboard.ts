/**
 * What a person does by hand in Stripe's dashboard, while an exporter is at work: edits a draft, takes
 * in money, or sets how a customer's payments end. No request of the API is counted for it.
 */
import { existingInvoice } from './objects/invoice-routes.ts';
import { changed, finalize, markUncollectible, settle, voidInvoice } from './objects/lifecycle.ts';
import { checkDraft, type GivenLine, newItem } from './objects/lines.ts';
import { refreshDraft } from './objects/totals.ts';
import type { Customer, Invoice, World } from './objects/world.ts';

export class Dashboard {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  addLine(invoiceId: string, line: GivenLine): void {
    this.#editDraft(invoiceId, (invoice) => {
      const item = newItem(
        this.#world,
        { customer: invoice.customer, currency: invoice.currency, invoice: invoice.id },
        line,
        'line',
      );
      this.#world.items.set(item.id, item);
      invoice.lines.push(item);
    });
  }

  /** Counted from 0. */
  changeAmount(invoiceId: string, index: number, amount: number): void {
    this.#editDraft(invoiceId, (invoice) => {
      const line = invoice.lines[index];
      if (line === undefined) throw new Error(`the draft has no line ${index}`);
      line.amount = amount;
    });
  }

  removeLine(invoiceId: string, index: number): void {
    this.#editDraft(invoiceId, (invoice) => {
      for (const line of invoice.lines.splice(index, 1)) this.#world.items.delete(line.id);
    });
  }

  setMetadata(invoiceId: string, metadata: Readonly<Record<string, string>>): void {
    const invoice = existingInvoice(this.#world, invoiceId);
    invoice.metadata = { ...metadata };
    changed(this.#world, invoice, 'invoice.updated');
  }

  finalize(invoiceId: string): void {
    finalize(this.#world, existingInvoice(this.#world, invoiceId));
  }

  deleteDraft(invoiceId: string): void {
    const invoice = existingInvoice(this.#world, invoiceId);
    checkDraft(invoice);
    this.#world.invoices.delete(invoice.id);
    for (const line of invoice.lines) this.#world.items.delete(line.id);
    this.#world.search.put(invoice.id, null);
  }

  /** The customer pays the open invoice on its page. */
  pay(invoiceId: string): void {
    settle(this.#world, this.#open(invoiceId), false);
  }

  /** An attempt to charge fails. */
  failPayment(invoiceId: string): void {
    const invoice = this.#open(invoiceId);
    invoice.attempts += 1;
    changed(this.#world, invoice, 'invoice.payment_failed', 'invoice.updated');
  }

  void(invoiceId: string): void {
    voidInvoice(this.#world, existingInvoice(this.#world, invoiceId));
  }

  markUncollectible(invoiceId: string): void {
    markUncollectible(this.#world, existingInvoice(this.#world, invoiceId));
  }

  /** How attempts to charge this customer end from now on. */
  setPayment(customerId: string, payment: Customer['payment']): void {
    const customer = this.#world.customers.get(customerId);
    if (customer === undefined) throw new Error(`there is no customer ${customerId}`);
    customer.payment = payment;
  }

  #open(invoiceId: string): Invoice {
    const invoice = existingInvoice(this.#world, invoiceId);
    if (invoice.status !== 'open')
      throw new Error(`invoice ${invoiceId} is ${invoice.status}, not open`);
    return invoice;
  }

  #editDraft(invoiceId: string, edit: (invoice: Invoice) => void): void {
    const invoice = existingInvoice(this.#world, invoiceId);
    checkDraft(invoice);
    edit(invoice);
    refreshDraft(this.#world, invoice);
    changed(this.#world, invoice, 'invoice.updated');
  }
}
