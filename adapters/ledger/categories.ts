/** Every stream category of the ledger: its names, its events and their payloads. */
import {
  type AlarmRaised,
  type AlarmWatchStarted,
  alarmStreams,
  alarmWatchStreams,
} from '@tollgate/domain/alarm/alarm-events.ts';
import {
  type BudgetDefinitionEvent,
  type BudgetWindowEvent,
  budgetDefinitionStreams,
  budgetWindowStreams,
} from '@tollgate/domain/budget/budget-events.ts';
import { type CacheEvent, cacheStreams } from '@tollgate/domain/cache/cache-events.ts';
import {
  type CustomerEvent,
  customerStreams,
  type ExternalIdTaken,
  externalIdStreams,
  type TeamEvent,
  teamStreams,
} from '@tollgate/domain/customer/customer-events.ts';
import {
  type ExchangeRatesPublished,
  exchangeRateStreams,
} from '@tollgate/domain/exchange/exchange-rate-events.ts';
import { type FenceTaken, fenceStreams } from '@tollgate/domain/fence/fence-events.ts';
import {
  type IdempotencyEvent,
  idempotencyStreams,
} from '@tollgate/domain/idempotency/idempotency-events.ts';
import {
  type InstallationEvent,
  installationStreams,
} from '@tollgate/domain/installation/installation-events.ts';
import {
  type CreditNoteNumberGiven,
  creditNoteSeriesStreams,
} from '@tollgate/domain/invoice/credit-note-events.ts';
import {
  type InvoiceNumberGiven,
  invoiceSeriesStreams,
} from '@tollgate/domain/invoice/document-events.ts';
import { type KeyEvent, keyStreams } from '@tollgate/domain/key/key-events.ts';
import {
  type ExportEvent,
  exportStreams,
  type PaymentCustomerMapped,
  paymentCustomerStreams,
} from '@tollgate/domain/payment/payment-events.ts';
import {
  type BillingEvent,
  billingStreams,
  type CutTaken,
  cutStreams,
  type InvoiceEvent,
  invoiceStreams,
} from '@tollgate/domain/period/period-events.ts';
import { type PriceVersionPublished, priceBookStreams } from '@tollgate/domain/pricing/price.ts';
import {
  type RateLimitEvent,
  rateLimitStreams,
} from '@tollgate/domain/rate-limit/rate-limit-events.ts';
import {
  type ReconciliationEvent,
  reconciliationStreams,
} from '@tollgate/domain/reconciliation/reconciliation-events.ts';
import {
  type ProviderTotalsEvent,
  providerTotalsStreams,
} from '@tollgate/domain/reconciliation/totals/totals-events.ts';
import { type RouteEvent, routeStreams } from '@tollgate/domain/routing/route-events.ts';
import {
  type DeliveryEvent,
  deliveryStreams,
  type WebhookEvent,
  webhookStreams,
} from '@tollgate/domain/webhook/webhook-events.ts';
import {
  alarmPayloads,
  alarmWatchPayloads,
  deliveryPayloads,
  webhookPayloads,
} from '@tollgate/schemas/ledger/alarm-events.ts';
import { cachePayloads } from '@tollgate/schemas/ledger/cache-events.ts';
import { creditNoteSeriesPayloads } from '@tollgate/schemas/ledger/credit-note-events.ts';
import {
  customerPayloads,
  installationPayloads,
} from '@tollgate/schemas/ledger/customer-events.ts';
import { exchangeRatePayloads } from '@tollgate/schemas/ledger/exchange-rate-events.ts';
import { invoiceSeriesPayloads } from '@tollgate/schemas/ledger/invoice-document-events.ts';
import {
  billingPayloads,
  budgetDefinitionPayloads,
  budgetWindowPayloads,
  cutPayloads,
  externalIdPayloads,
  fencePayloads,
  idempotencyPayloads,
  invoicePayloads,
  keyPayloads,
  priceBookPayloads,
  reconciliationPayloads,
  teamPayloads,
} from '@tollgate/schemas/ledger/ledger-events.ts';
import {
  exportPayloads,
  paymentCustomerPayloads,
} from '@tollgate/schemas/ledger/payment-events.ts';
import { providerTotalsPayloads } from '@tollgate/schemas/ledger/provider-totals-events.ts';
import { rateLimitPayloads } from '@tollgate/schemas/ledger/rate-limit-events.ts';
import { routePayloads } from '@tollgate/schemas/ledger/route-events.ts';
import { eventCategory, eventParser } from './event-category.ts';

export const customerEvents = eventCategory<CustomerEvent>(customerStreams, customerPayloads);
export const teamEvents = eventCategory<TeamEvent>(teamStreams, teamPayloads);
export const externalIdEvents = eventCategory<ExternalIdTaken>(
  externalIdStreams,
  externalIdPayloads,
);
export const keyEvents = eventCategory<KeyEvent>(keyStreams, keyPayloads);
export const budgetDefinitionEvents = eventCategory<BudgetDefinitionEvent>(
  budgetDefinitionStreams,
  budgetDefinitionPayloads,
);
export const budgetWindowEvents = eventCategory<BudgetWindowEvent>(
  budgetWindowStreams,
  budgetWindowPayloads,
);
export const installationEvents = eventCategory<InstallationEvent>(
  installationStreams,
  installationPayloads,
);
export const cacheEvents = eventCategory<CacheEvent>(cacheStreams, cachePayloads);
export const rateLimitEvents = eventCategory<RateLimitEvent>(rateLimitStreams, rateLimitPayloads);
export const routeEvents = eventCategory<RouteEvent>(routeStreams, routePayloads);
export const billingEvents = eventCategory<BillingEvent>(billingStreams, billingPayloads);
export const exchangeRateEvents = eventCategory<ExchangeRatesPublished>(
  exchangeRateStreams,
  exchangeRatePayloads,
);
export const invoiceEvents = eventCategory<InvoiceEvent>(invoiceStreams, invoicePayloads);
export const exportEvents = eventCategory<ExportEvent>(exportStreams, exportPayloads);
export const paymentCustomerEvents = eventCategory<PaymentCustomerMapped>(
  paymentCustomerStreams,
  paymentCustomerPayloads,
);
export const invoiceSeriesEvents = eventCategory<InvoiceNumberGiven>(
  invoiceSeriesStreams,
  invoiceSeriesPayloads,
);
export const creditNoteSeriesEvents = eventCategory<CreditNoteNumberGiven>(
  creditNoteSeriesStreams,
  creditNoteSeriesPayloads,
);
export const reconciliationEvents = eventCategory<ReconciliationEvent>(
  reconciliationStreams,
  reconciliationPayloads,
);
export const providerTotalsEvents = eventCategory<ProviderTotalsEvent>(
  providerTotalsStreams,
  providerTotalsPayloads,
);
export const priceBookEvents = eventCategory<PriceVersionPublished>(
  priceBookStreams,
  priceBookPayloads,
);
export const idempotencyEvents = eventCategory<IdempotencyEvent>(
  idempotencyStreams,
  idempotencyPayloads,
);
export const alarmEvents = eventCategory<AlarmRaised>(alarmStreams, alarmPayloads);
export const webhookEvents = eventCategory<WebhookEvent>(webhookStreams, webhookPayloads);
export const deliveryEvents = eventCategory<DeliveryEvent>(deliveryStreams, deliveryPayloads);
export const alarmWatchEvents = eventCategory<AlarmWatchStarted>(
  alarmWatchStreams,
  alarmWatchPayloads,
);
const cutEvents = eventCategory<CutTaken>(cutStreams, cutPayloads);
const fenceEvents = eventCategory<FenceTaken>(fenceStreams, fencePayloads);

/** Reads any event of the ledger. */
export const anyLedgerEvent = eventParser([
  customerEvents,
  teamEvents,
  externalIdEvents,
  keyEvents,
  budgetDefinitionEvents,
  budgetWindowEvents,
  rateLimitEvents,
  cacheEvents,
  routeEvents,
  installationEvents,
  billingEvents,
  exchangeRateEvents,
  invoiceEvents,
  exportEvents,
  paymentCustomerEvents,
  invoiceSeriesEvents,
  creditNoteSeriesEvents,
  reconciliationEvents,
  providerTotalsEvents,
  priceBookEvents,
  idempotencyEvents,
  alarmEvents,
  alarmWatchEvents,
  webhookEvents,
  deliveryEvents,
  cutEvents,
  fenceEvents,
]);

/** Any event of the ledger, as the domain sees it. */
export type LedgerEventBody = NonNullable<ReturnType<typeof anyLedgerEvent.parse>>;
