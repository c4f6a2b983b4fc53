/**
 * The port by Stripe's official client, with a pinned API version. The client repeats nothing by itself:
 * whether and when is decided where it is recorded, and each request is bounded in time.
 */
import type { ReadLine } from '@tollgate/domain/payment/same-lines.ts';
import Stripe from 'stripe';
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
} from './payments.ts';
import { creditNoteParams, madeCreditNote } from './stripe-credit-notes.ts';
import { paymentsError } from './stripe-errors.ts';
import { countedUsage, sendUsage } from './stripe-meters.ts';

/** Of the version that the types of the package are of; a newer package changes both together. */
export const STRIPE_API_VERSION = '2026-10-28.endive';

/** One request, ms. */
const REQUEST_TIMEOUT_MS = 20_000;
/** Objects of one page; Stripe gives no more. */
const PAGE_OBJECTS = 100;
/** Pages of one look-up: 10,000 objects of one customer, or made since a step began first. */
const PAGES_MAX = 100;

/** Metadata of all that we make there. */
const MARK = {
  customer: 'tollgate_customer_id',
  invoice: 'tollgate_invoice_id',
  number: 'tollgate_invoice_number',
  line: 'tollgate_line',
  credit: 'tollgate_credit_note_id',
} as const;

export type StripeOptions = {
  /** Never logged (I12). */
  secretKey: string;
  /** Default: Stripe's own. */
  baseUrl?: string | undefined;
};

export function openStripe(options: StripeOptions): Payments {
  return new StripePayments(stripeClient(options));
}

function stripeClient({ secretKey, baseUrl }: StripeOptions): Stripe {
  const server = baseUrl === undefined ? {} : serverOf(new URL(baseUrl));
  return new Stripe(secretKey, {
    apiVersion: STRIPE_API_VERSION,
    maxNetworkRetries: 0,
    timeout: REQUEST_TIMEOUT_MS,
    telemetry: false,
    ...server,
  });
}

function serverOf({ hostname, port, protocol }: URL) {
  const isPlain = protocol === 'http:';
  const defaultPort = isPlain ? 80 : 443;
  return {
    host: hostname,
    port: port === '' ? defaultPort : port,
    protocol: isPlain ? ('http' as const) : ('https' as const),
  };
}

class StripePayments implements Payments {
  readonly system = 'stripe';
  readonly #stripe: Stripe;

  constructor(stripe: Stripe) {
    this.#stripe = stripe;
  }

  async findCustomer(customerId: string, sinceMs: number | null): Promise<string | null> {
    const isOurs = ({ metadata }: Stripe.Customer) => metadata[MARK.customer] === customerId;
    if (sinceMs === null) {
      // What was made long ago: search lags by a minute, lists do not, but cannot ask for metadata.
      const query = `metadata['${MARK.customer}']:'${customerId}'`;
      const found = await answered(this.#stripe.customers.search({ query, limit: 1 }));
      return found.data.find(isOurs)?.id ?? null;
    }
    const created = { gte: Math.floor(sinceMs / 1_000) };
    const found = await firstOf(
      (after) => this.#stripe.customers.list({ created, ...page(after) }),
      isOurs,
    );
    return found?.id ?? null;
  }

  async createCustomer({ id, name }: { id: string; name: string }, key: string): Promise<string> {
    const metadata = { [MARK.customer]: id };
    const made = await answered(this.#stripe.customers.create({ name, metadata }, once(key)));
    return made.id;
  }

  async findInvoice(customer: string, invoiceId: string): Promise<PaymentInvoice | null> {
    const found = await firstOf(
      (after) => this.#stripe.invoices.list({ customer, ...page(after) }),
      ({ metadata, status }) => metadata?.[MARK.invoice] === invoiceId && status !== 'void',
    );
    return found === null ? null : invoiceOf(found);
  }

  async createDraft(draft: NewDraft, key: string): Promise<PaymentInvoice> {
    const collection =
      draft.collection === 'send'
        ? { collection_method: 'send_invoice' as const, days_until_due: draft.daysUntilDue }
        : { collection_method: 'charge_automatically' as const };
    const params: Stripe.InvoiceCreateParams = {
      customer: draft.customer,
      currency: draft.currency.toLowerCase(),
      auto_advance: false,
      pending_invoice_items_behavior: 'exclude',
      automatic_tax: { enabled: draft.automaticTax },
      description: draft.description,
      ...(draft.number === null ? {} : { custom_fields: customFields(draft.number) }),
      metadata: {
        ...marks(draft),
        tollgate_snapshot_id: draft.snapshotId,
        tollgate_snapshot_hash: draft.snapshotHash,
      },
      ...collection,
    };
    return invoiceOf(await answered(this.#stripe.invoices.create(params, once(key))));
  }

  async addLines(externalId: string, given: NewLines, key: string): Promise<void> {
    // The end of a period is inclusive there.
    const period = {
      start: Math.floor(given.startMs / 1_000),
      end: Math.floor((given.endMs - 1) / 1_000),
    };
    const lines = given.lines.map((line) => ({
      amount: line.amount_minor,
      description: line.description,
      period,
      metadata: {
        [MARK.invoice]: given.invoiceId,
        [MARK.line]: line.key,
        tollgate_lines: `${line.merged}`,
        ...Object.fromEntries(
          Object.entries(line.detail).map(([name, value]) => [`tollgate_${name}`, value]),
        ),
      },
    }));
    await answered(this.#stripe.invoices.addLines(externalId, { lines }, once(key)));
  }

  async readInvoice(externalId: string): Promise<PaymentInvoice> {
    return invoiceOf(await answered(this.#stripe.invoices.retrieve(externalId)));
  }

  async readLines(externalId: string): Promise<ReadLine[]> {
    const lines: ReadLine[] = [];
    for await (const line of pagesOf((after) =>
      this.#stripe.invoices.listLineItems(externalId, page(after)),
    )) {
      lines.push({
        key: line.metadata[MARK.line] ?? null,
        amount_minor: line.amount,
        description: line.description ?? '',
        currency: line.currency,
      });
    }
    return lines;
  }

  async finalize(externalId: string, collect: boolean, key: string): Promise<PaymentInvoice> {
    const params = { auto_advance: collect };
    const { invoices } = this.#stripe;
    return invoiceOf(await answered(invoices.finalizeInvoice(externalId, params, once(key))));
  }

  async send(externalId: string, key: string): Promise<void> {
    await answered(this.#stripe.invoices.sendInvoice(externalId, {}, once(key)));
  }

  async findBalanceEntry(
    customer: string,
    invoiceId: string,
    creditNoteId: string | null,
  ): Promise<string | null> {
    const found = await firstOf(
      (after) => this.#stripe.customers.listBalanceTransactions(customer, page(after)),
      ({ metadata }) =>
        metadata?.[MARK.invoice] === invoiceId && (metadata[MARK.credit] ?? null) === creditNoteId,
    );
    return found?.id ?? null;
  }

  async findCreditNote(externalId: string, creditNoteId: string): Promise<MadeCreditNote | null> {
    const found = await firstOf(
      (after) => this.#stripe.creditNotes.list({ invoice: externalId, ...page(after) }),
      ({ metadata, status }) => metadata?.[MARK.credit] === creditNoteId && status !== 'void',
    );
    return found === null ? null : madeCreditNote(found);
  }

  async createCreditNote(note: NewCreditNote, key: string): Promise<MadeCreditNote> {
    const params = creditNoteParams(note, marks(note));
    return madeCreditNote(await answered(this.#stripe.creditNotes.create(params, once(key))));
  }

  async voidInvoice(externalId: string, key: string): Promise<void> {
    await answered(this.#stripe.invoices.voidInvoice(externalId, {}, once(key)));
  }

  sendUsage(usage: MeterUsage) {
    return sendUsage(this.#stripe, usage);
  }

  countedUsage(customer: string, eventName: string, minuteMs: number): Promise<bigint> {
    return countedUsage(this.#stripe, customer, eventName, minuteMs);
  }

  async changeBalance(entry: NewBalanceEntry, key: string): Promise<string> {
    const params = {
      amount: entry.amountMinor,
      currency: entry.currency.toLowerCase(),
      description: entry.description,
      metadata: marks(entry),
    };
    const { customers } = this.#stripe;
    const made = customers.createBalanceTransaction(entry.customer, params, once(key));
    return (await answered(made)).id;
  }
}

/** @throws PaymentsError */
async function answered<T>(request: Promise<T>): Promise<T> {
  try {
    return await request;
  } catch (error) {
    throw paymentsError(error);
  }
}

function marks(of: { invoiceId: string; number: string | null; creditNoteId?: string | null }) {
  const { invoiceId, number, creditNoteId = null } = of;
  return {
    [MARK.invoice]: invoiceId,
    ...(creditNoteId === null ? {} : { [MARK.credit]: creditNoteId }),
    ...(number === null ? {} : { [MARK.number]: number }),
  };
}

/** What is printed on the invoice there, next to Stripe's own number. */
function customFields(number: string): { name: string; value: string }[] {
  return [{ name: 'Invoice number', value: number }];
}

function once(key: string): Stripe.RequestOptions {
  return { idempotencyKey: key };
}

function page(after: string | null): { limit: number; starting_after?: string } {
  return { limit: PAGE_OBJECTS, ...(after === null ? {} : { starting_after: after }) };
}

type Page<T> = { data: T[]; has_more: boolean };
type Listed<T> = (after: string | null) => Promise<Page<T>>;

/** Every object of a list. @throws PaymentsError, also if there are more than anybody looks through */
async function* pagesOf<T extends { id: string }>(list: Listed<T>): AsyncGenerator<T, void> {
  let after: string | null = null;
  for (let pages = 0; pages < PAGES_MAX; pages++) {
    const { data, has_more }: Page<T> = await answered(list(after));
    yield* data;
    const last = data.at(-1);
    if (!has_more || last === undefined) return;
    after = last.id;
  }
  throw new PaymentsError(
    'refused',
    'list_too_long',
    `more than ${PAGES_MAX * PAGE_OBJECTS} objects`,
  );
}

async function firstOf<T extends { id: string }>(
  list: Listed<T>,
  isIt: (object: T) => boolean,
): Promise<T | null> {
  for await (const object of pagesOf(list)) if (isIt(object)) return object;
  return null;
}

const STATUSES: ReadonlySet<string> = new Set(['draft', 'open', 'paid', 'uncollectible', 'void']);

/** An invoice as the API or a webhook has it. @throws PaymentsError if its status is not known */
export function invoiceOf(invoice: Stripe.Invoice): PaymentInvoice {
  const status = invoice.status ?? 'draft';
  if (!isStatus(status)) {
    throw new PaymentsError('refused', 'status_unknown', `an invoice has the status ${status}`);
  }
  return {
    externalId: invoice.id,
    status,
    number: invoice.number,
    subtotalMinor: invoice.subtotal,
    totalMinor: invoice.total,
    totalWithoutTaxMinor: invoice.total_excluding_tax ?? invoice.total,
    amountDueMinor: invoice.amount_due,
    amountPaidMinor: invoice.amount_paid,
    remainingMinor: invoice.amount_remaining,
    creditedMinor:
      invoice.pre_payment_credit_notes_amount + invoice.post_payment_credit_notes_amount,
    attempts: invoice.attempt_count,
    dueAtMs: invoice.due_date === null ? null : invoice.due_date * 1_000,
    hostedUrl: invoice.hosted_invoice_url ?? null,
    pdfUrl: invoice.invoice_pdf ?? null,
  };
}

function isStatus(status: string): status is PaymentInvoice['status'] {
  return STATUSES.has(status);
}
