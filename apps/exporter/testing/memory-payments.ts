/**
 * A payment system in memory that keeps the promises of the port: keys are remembered, drafts are edited by
 * hand, and any request can fail before it is carried out or lose its answer after it.
 */
import {
  type MadeCreditNote,
  type MeterUsage,
  type NewBalanceEntry,
  type NewCreditNote,
  type NewDraft,
  type NewLines,
  type PaymentInvoice,
  type Payments,
  PaymentsError,
} from '@tollgate/adapters/payments/payments.ts';
import type { ReadLine } from '@tollgate/domain/payment/same-lines.ts';

type Stored = PaymentInvoice & { mark: string; customer: string; lines: ReadLine[] };

export type Fault = 'lost_request' | 'lost_answer' | 'failed_done' | 'failed_undone' | 'busy';

export class MemoryPayments implements Payments {
  readonly system = 'stripe';
  readonly customers = new Map<string, string>();
  readonly invoices = new Map<string, Stored>();
  readonly balance: { id: string; entry: NewBalanceEntry }[] = [];
  /** By our id. */
  readonly creditNotes = new Map<string, MadeCreditNote>();
  readonly usage = new Map<string, Omit<MeterUsage, 'identifier'>>();
  readonly sent: string[] = [];
  /** Names of the requests that came, in order. */
  readonly requests: string[] = [];
  /** What becomes of the request with this number, from 0. */
  readonly faults = new Map<number, Fault>();
  /** Called before each request is carried out. */
  before: (name: string) => void | Promise<void> = () => undefined;
  readonly #answers = new Map<string, unknown>();
  #made = 0;

  forgetKeys(): void {
    this.#answers.clear();
  }

  findCustomer(customerId: string): Promise<string | null> {
    return this.#does('findCustomer', null, () => {
      const found = [...this.customers].find(([, mark]) => mark === customerId);
      return found?.[0] ?? null;
    });
  }

  createCustomer({ id }: { id: string }, key: string): Promise<string> {
    return this.#does('createCustomer', key, () => {
      const made = this.#id('cus');
      this.customers.set(made, id);
      return made;
    });
  }

  findInvoice(customer: string, invoiceId: string): Promise<PaymentInvoice | null> {
    return this.#does('findInvoice', null, () => {
      const found = [...this.invoices.values()].find(
        (one) => one.customer === customer && one.mark === invoiceId && one.status !== 'void',
      );
      return found ?? null;
    });
  }

  createDraft(draft: NewDraft, key: string): Promise<PaymentInvoice> {
    return this.#does('createDraft', key, () => {
      const externalId = this.#id('in');
      const made: Stored = {
        ...{ externalId, status: 'draft', number: null, lines: [] },
        ...{ mark: draft.invoiceId, customer: draft.customer },
        ...{ subtotalMinor: 0, totalMinor: 0, totalWithoutTaxMinor: 0, amountDueMinor: 0 },
        ...{ amountPaidMinor: 0, remainingMinor: 0, creditedMinor: 0, attempts: 0, dueAtMs: null },
        ...{ hostedUrl: null, pdfUrl: null },
      };
      this.invoices.set(externalId, made);
      return made;
    });
  }

  addLines(externalId: string, { lines }: NewLines, key: string): Promise<void> {
    return this.#does('addLines', key, () => {
      const invoice = this.#draft(externalId);
      for (const { key: name, amount_minor, description } of lines) {
        invoice.lines.push({ key: name, amount_minor, description, currency: 'usd' });
      }
      this.sum(externalId);
    });
  }

  readInvoice(externalId: string): Promise<PaymentInvoice> {
    return this.#does('readInvoice', null, () => this.#invoice(externalId));
  }

  readLines(externalId: string): Promise<ReadLine[]> {
    return this.#does('readLines', null, () => this.#invoice(externalId).lines);
  }

  finalize(externalId: string, _collect: boolean, key: string): Promise<PaymentInvoice> {
    return this.#does('finalize', key, () => {
      const invoice = this.#draft(externalId);
      invoice.status = invoice.totalMinor > 0 ? 'open' : 'paid';
      invoice.number = `N-${externalId}`;
      return invoice;
    });
  }

  send(externalId: string, key: string): Promise<void> {
    return this.#does('send', key, () => void this.sent.push(externalId));
  }

  findBalanceEntry(
    _customer: string,
    invoiceId: string,
    creditNoteId: string | null,
  ): Promise<string | null> {
    return this.#does('findBalanceEntry', null, () => {
      const isIt = ({ entry }: { entry: NewBalanceEntry }) =>
        entry.invoiceId === invoiceId && entry.creditNoteId === creditNoteId;
      return this.balance.find(isIt)?.id ?? null;
    });
  }

  changeBalance(entry: NewBalanceEntry, key: string): Promise<string> {
    return this.#does('changeBalance', key, () => {
      const id = this.#id('cbtxn');
      this.balance.push({ id, entry });
      return id;
    });
  }

  findCreditNote(_externalId: string, creditNoteId: string): Promise<MadeCreditNote | null> {
    return this.#does('findCreditNote', null, () => this.creditNotes.get(creditNoteId) ?? null);
  }

  createCreditNote(note: NewCreditNote, key: string): Promise<MadeCreditNote> {
    return this.#does('createCreditNote', key, () => {
      const invoice = this.#invoice(note.invoice);
      const { amountMinor, rest } = note;
      const appliedMinor = Math.min(amountMinor, invoice.remainingMinor);
      if (rest.minor !== amountMinor - appliedMinor) {
        throw new PaymentsError('refused', 'amount', 'the rest is another one');
      }
      invoice.remainingMinor -= appliedMinor;
      invoice.creditedMinor += amountMinor;
      const to = (name: NewCreditNote['rest']['to']) => (rest.to === name ? rest.minor : 0);
      const made: MadeCreditNote = {
        ...{ externalId: this.#id('cn'), amountMinor, appliedMinor },
        ...{ balanceMinor: to('customer_balance'), refundedMinor: to('refund') },
        outsideMinor: to('outside'),
      };
      this.creditNotes.set(note.creditNoteId, made);
      return made;
    });
  }

  voidInvoice(externalId: string, key: string): Promise<void> {
    return this.#does('voidInvoice', key, () => {
      this.#invoice(externalId).status = 'void';
    });
  }

  sendUsage({ identifier, ...usage }: MeterUsage): Promise<'taken' | 'known' | 'too_old'> {
    return this.#does('sendUsage', null, () => {
      if (this.usage.has(identifier)) return 'known';
      this.usage.set(identifier, usage);
      return 'taken';
    });
  }

  countedUsage(_customer: string, eventName: string, minuteMs: number): Promise<bigint> {
    return this.#does('countedUsage', null, () =>
      [...this.usage.values()]
        .filter((one) => one.eventName === eventName && one.atMs === minuteMs)
        .reduce((sum, { value }) => sum + BigInt(value), 0n),
    );
  }

  /** After a line was changed by hand. */
  sum(externalId: string): void {
    const invoice = this.#invoice(externalId);
    const total = invoice.lines.reduce((sum, { amount_minor }) => sum + amount_minor, 0);
    Object.assign(invoice, {
      ...{ subtotalMinor: total, totalMinor: total, totalWithoutTaxMinor: total },
      ...{ amountDueMinor: Math.max(0, total), remainingMinor: Math.max(0, total) },
    });
  }

  #invoice(externalId: string): Stored {
    const found = this.invoices.get(externalId);
    if (found === undefined)
      throw new PaymentsError('absent', 'resource_missing', 'no such invoice');
    return found;
  }

  #draft(externalId: string): Stored {
    const found = this.#invoice(externalId);
    if (found.status === 'draft') return found;
    throw new PaymentsError('refused', 'invoice_not_editable', 'it is no draft any more');
  }

  #id(prefix: string): string {
    this.#made += 1;
    return `${prefix}_${this.#made}`;
  }

  async #does<T>(name: string, key: string | null, make: () => T): Promise<T> {
    const number = this.requests.push(name) - 1;
    await this.before(name);
    const fault = this.faults.get(number);
    if (fault === 'lost_request') throw new PaymentsError('away', 'no_answer', 'the line is dead');
    if (fault === 'busy') {
      throw new PaymentsError('busy', 'rate_limit', 'too many', { retryAfterMs: 2_000 });
    }
    const kept = key === null ? undefined : this.#answers.get(key);
    if (kept instanceof PaymentsError) throw kept;
    if (kept !== undefined) return structuredClone(kept) as T;
    const failure = new PaymentsError('failed', 'api_error', 'an unknown error occurred');
    if (fault === 'failed_undone') {
      if (key !== null) this.#answers.set(key, failure);
      throw failure;
    }
    const made = make();
    if (key !== null) this.#answers.set(key, fault === 'failed_done' ? failure : (made ?? null));
    if (fault === 'failed_done') throw failure;
    if (fault === 'lost_answer') throw new PaymentsError('away', 'no_answer', 'the line went dead');
    return structuredClone(made);
  }
}
