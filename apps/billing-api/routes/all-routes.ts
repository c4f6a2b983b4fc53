/** Every route of the billing API, in the order of its documentation. */
import type { ApiRoute } from '../http/route.ts';
import { listAlarms } from './alarms/alarms.ts';
import {
  archiveBudget,
  changeBudget,
  createBudget,
  getBudget,
  listBudgets,
  restoreBudget,
} from './budgets/budgets.ts';
import { endRaise, raiseBudget } from './budgets/raises.ts';
import { listTopUps, topUpBudget } from './budgets/top-ups.ts';
import { purgeCache } from './cache/purges.ts';
import { getCall, listCalls } from './calls/calls.ts';
import { explainCall } from './calls/why.ts';
import { getCreditNote, issueCreditNote, listCreditNotes } from './credit-notes/credit-notes.ts';
import {
  getCreditNoteDocument,
  getCreditNoteHtml,
  getCreditNotePdf,
} from './credit-notes/documents.ts';
import {
  archiveCustomer,
  createCustomer,
  getCustomer,
  listCustomers,
  updateCustomer,
} from './customers/customers.ts';
import { ingestEvents } from './events/ingest.ts';
import { listExchangeRates, publishExchangeRates } from './exchange-rates/exchange-rates.ts';
import { getInstallation, updateInstallation } from './installation/installation.ts';
import {
  exportInvoice,
  listInvoiceExports,
  mapPaymentCustomer,
} from './invoice-exports/invoice-exports.ts';
import {
  getInvoiceDocument,
  getInvoiceHtml,
  getInvoicePdf,
  numberInvoiceRoute,
} from './invoices/documents.ts';
import { downloadInvoiceFocus } from './invoices/focus-csv.ts';
import { getInvoice, listInvoices } from './invoices/invoices.ts';
import { downloadInvoiceLines } from './invoices/lines-csv.ts';
import { archiveKey, resumeKey, revokeKey, suspendKey } from './keys/key-life.ts';
import { getKey, issueKey, listKeys, rotateKey, updateKey } from './keys/keys.ts';
import { createLink, rotateLinks } from './links/links.ts';
import { getMe } from './me/me.ts';
import { getPayload, listPayloads, purgePayloads } from './payloads/payloads.ts';
import { closePeriodRoute } from './periods/close.ts';
import { closingRun } from './periods/closing-run.ts';
import { downloadEventsCsv, downloadEventsParquet } from './periods/events-files.ts';
import { getPeriod } from './periods/get.ts';
import { listPeriods } from './periods/list.ts';
import { openPeriodRoute } from './periods/open.ts';
import { listPriceBooks, publishPriceBook } from './price-books/price-books.ts';
import {
  archiveRateLimit,
  changeRateLimit,
  createRateLimit,
  getRateLimit,
  listRateLimits,
} from './rate-limits/rate-limits.ts';
import {
  getReconciliation,
  importBill,
  listReconciliations,
} from './reconciliations/reconciliations.ts';
import {
  compareProviderTotals,
  getProviderTotals,
  listProviderTotals,
} from './reconciliations/totals.ts';
import { resolveByRule } from './resolutions/resolutions.ts';
import { archiveRoute, getRoute, listRoutes, publishRoute } from './routes/routes.ts';
import { getProof, getSnapshot, listSnapshots } from './snapshots/snapshots.ts';
import { runSql } from './sql/sql.ts';
import { archiveTeam, createTeam, getTeam, listTeams, updateTeam } from './teams/teams.ts';
import { getUsage } from './usage/usage.ts';
import { importHistory } from './usage-history/usage-history.ts';
import { listDeliveries, testWebhook } from './webhooks/deliveries.ts';
import {
  archiveWebhook,
  createWebhook,
  getWebhook,
  listWebhooks,
  rotateWebhook,
  updateWebhook,
} from './webhooks/webhooks.ts';

export const allRoutes: readonly ApiRoute[] = [
  getInstallation,
  updateInstallation,
  createCustomer,
  listCustomers,
  getCustomer,
  updateCustomer,
  archiveCustomer,
  createTeam,
  listTeams,
  getTeam,
  updateTeam,
  archiveTeam,
  issueKey,
  listKeys,
  getKey,
  updateKey,
  rotateKey,
  suspendKey,
  resumeKey,
  revokeKey,
  archiveKey,
  createBudget,
  listBudgets,
  getBudget,
  changeBudget,
  archiveBudget,
  restoreBudget,
  topUpBudget,
  listTopUps,
  raiseBudget,
  endRaise,
  createRateLimit,
  listRateLimits,
  getRateLimit,
  changeRateLimit,
  archiveRateLimit,
  purgeCache,
  publishRoute,
  listRoutes,
  getRoute,
  archiveRoute,
  listAlarms,
  createWebhook,
  listWebhooks,
  getWebhook,
  updateWebhook,
  rotateWebhook,
  archiveWebhook,
  testWebhook,
  listDeliveries,
  publishPriceBook,
  listPriceBooks,
  publishExchangeRates,
  listExchangeRates,
  ingestEvents,
  importHistory,
  getUsage,
  runSql,
  listCalls,
  getCall,
  explainCall,
  listPayloads,
  getPayload,
  purgePayloads,
  getMe,
  importBill,
  resolveByRule,
  listReconciliations,
  getReconciliation,
  compareProviderTotals,
  listProviderTotals,
  getProviderTotals,
  openPeriodRoute,
  listPeriods,
  getPeriod,
  closePeriodRoute,
  downloadEventsCsv,
  downloadEventsParquet,
  closingRun,
  listSnapshots,
  getSnapshot,
  getProof,
  listInvoices,
  getInvoice,
  issueCreditNote,
  listCreditNotes,
  getCreditNote,
  getCreditNoteDocument,
  getCreditNoteHtml,
  getCreditNotePdf,
  exportInvoice,
  listInvoiceExports,
  mapPaymentCustomer,
  getInvoiceHtml,
  getInvoicePdf,
  downloadInvoiceLines,
  downloadInvoiceFocus,
  createLink,
  rotateLinks,
  getInvoiceDocument,
  numberInvoiceRoute,
];
