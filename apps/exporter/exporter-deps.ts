/** What the exporter is made of. */
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Payments } from '@tollgate/adapters/payments/payments.ts';
import type { ExportIndex } from '@tollgate/billing-api/payments/export-index.ts';
import type { ExportPolicy, PaidCredits } from '@tollgate/domain/payment/payment-events.ts';
import type { Invoicing } from '@tollgate/schemas/config/invoicing-config.ts';
import type { ExporterLimits } from './limits.ts';

export type ExporterDeps = {
  ledger: Ledger;
  payments: Payments;
  index: ExportIndex;
  /** Of exports that the exporter itself requests. */
  policy: ExportPolicy;
  /** Where a credit of what was paid goes, from now on. */
  paidCredits: PaidCredits;
  /** Who sells: an invoice gets its number before it is exported. */
  invoicing?: Invoicing | undefined;
  /** Invoices issued at or after it are exported by themselves, Unix ms; null: none is. */
  automaticSinceMs: number | null;
  /** Names this run of the process; no other has it. */
  runId: string;
  /** Unix ms. */
  clock: () => number;
  /** 0 to 1: spreads retries. */
  random: () => number;
  limits: ExporterLimits;
  onError: (message: string, error: unknown) => void;
};
