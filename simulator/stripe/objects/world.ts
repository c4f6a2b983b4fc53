/** Everything that the fake Stripe knows, and the ids and events that it gives out. */
import type { StripeClock } from '../clock.ts';
import { stripeLimits } from '../limits.ts';
import { SearchIndex } from './search-index.ts';

export type Json = { readonly [member: string]: unknown };
export type Metadata = Record<string, string>;
export type InvoiceStatus = 'draft' | 'open' | 'paid' | 'uncollectible' | 'void';

export interface Customer {
  readonly id: string;
  readonly createdS: number;
  /** What was given, in the shape in which it is answered. */
  given: Json;
  metadata: Metadata;
  currency: string | null;
  /** By currency; negative is a credit of the customer. */
  readonly balances: Map<string, number>;
  readonly invoicePrefix: string;
  nextSequence: number;
  deleted: boolean;
  /** What becomes of an attempt to charge: no payment method unless a test says otherwise. */
  payment: 'none' | 'succeeds' | 'fails';
}

/** An invoice item, and the line that it is on an invoice: `ii_…` and `il_…` of one thing. */
export interface Item {
  readonly id: string;
  readonly lineId: string;
  readonly customer: string;
  invoice: string | null;
  readonly createdS: number;
  currency: string;
  amount: number;
  description: string | null;
  metadata: Metadata;
  period: { start: number; end: number };
  quantity: number;
  discountable: boolean;
}

export interface Invoice {
  readonly id: string;
  readonly customer: string;
  readonly currency: string;
  readonly createdS: number;
  status: InvoiceStatus;
  /** Parameters that are answered as they were given. */
  given: Json;
  metadata: Metadata;
  autoAdvance: boolean;
  collectionMethod: 'charge_automatically' | 'send_invoice';
  automaticTax: boolean;
  daysUntilDue: number | null;
  dueDateS: number | null;
  number: string | null;
  /** In the order in which they are listed. */
  lines: Item[];
  startingBalance: number;
  endingBalance: number | null;
  amountDue: number;
  amountPaid: number;
  paidOffStripe: number;
  prePaymentCredit: number;
  postPaymentCredit: number;
  attempts: number;
  finalizedAtS: number | null;
  paidAtS: number | null;
  voidedAtS: number | null;
  uncollectibleAtS: number | null;
}

export interface BalanceTransaction {
  readonly id: string;
  readonly customer: string;
  readonly createdS: number;
  readonly amount: number;
  readonly currency: string;
  readonly type: string;
  readonly endingBalance: number;
  readonly invoice: string | null;
  readonly creditNote: string | null;
  description: string | null;
  metadata: Metadata;
}

export interface CreditNote {
  readonly id: string;
  readonly invoice: string;
  readonly customer: string;
  readonly currency: string;
  readonly createdS: number;
  readonly number: string;
  readonly amount: number;
  readonly prePayment: number;
  readonly postPayment: number;
  readonly outOfBand: number | null;
  readonly refunds: readonly { readonly id: string; readonly amount: number }[];
  readonly balanceTransaction: string | null;
  readonly lines: readonly Json[];
  memo: string | null;
  readonly reason: string | null;
  metadata: Metadata;
  status: 'issued' | 'void';
  voidedAtS: number | null;
}

export interface StripeEvent {
  readonly id: string;
  readonly type: string;
  readonly createdS: number;
  readonly object: Json;
  readonly request: { readonly id: string | null; readonly idempotency_key: string | null };
}

export interface Settings {
  /** What Stripe Tax would add to each line, in hundredths of a percent. */
  readonly taxBasisPoints: number;
  readonly invoiceLinesMax: number;
}

export class World {
  readonly clock: StripeClock;
  readonly settings: Settings;
  readonly customers = new Map<string, Customer>();
  readonly invoices = new Map<string, Invoice>();
  readonly items = new Map<string, Item>();
  readonly balanceTransactions = new Map<string, BalanceTransaction>();
  readonly creditNotes = new Map<string, CreditNote>();
  readonly events: StripeEvent[] = [];
  readonly search: SearchIndex;
  /** The request that is being served, which its events name. */
  request: StripeEvent['request'] = { id: null, idempotency_key: null };
  /** Told of each event at once: webhooks hang here. */
  onEvent: (event: StripeEvent) => void = () => undefined;
  #ids = 0;

  constructor(clock: StripeClock, settings: Partial<Settings> = {}) {
    this.clock = clock;
    this.settings = {
      taxBasisPoints: 0,
      invoiceLinesMax: stripeLimits.invoiceLinesMax,
      ...settings,
    };
    this.search = new SearchIndex(clock, stripeLimits.searchDelayMs);
  }

  nowS(): number {
    return Math.floor(this.clock.nowMs() / 1_000);
  }

  /** `in_fake000042`: ascending, so that a newer object never sorts before an older one. */
  id(prefix: string): string {
    this.#ids += 1;
    return `${prefix}_fake${String(this.#ids).padStart(8, '0')}`;
  }

  emit(type: string, object: Json): void {
    const event = {
      id: this.id('evt'),
      type,
      createdS: this.nowS(),
      object,
      request: this.request,
    };
    this.events.push(event);
    this.onEvent(event);
  }
}
