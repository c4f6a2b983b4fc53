/** What a step of an export is given, and how it says that a person has to look. */
import type { InvoiceBody } from '@tollgate/domain/invoice/invoice.ts';
import type { InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';
import type { ExportMove } from '@tollgate/domain/payment/next-step.ts';
import type { StopReason } from '@tollgate/domain/payment/payment-events.ts';
import type { ExportPlan } from '@tollgate/domain/payment/plan.ts';
import type { ExporterDeps } from './exporter-deps.ts';

export type StepMove = Extract<ExportMove, { kind: 'do' }>;

/** A person has to look. */
export class StepStopped extends Error {
  readonly reason: StopReason;

  constructor(reason: StopReason, detail: string) {
    super(detail);
    this.name = 'StepStopped';
    this.reason = reason;
  }
}

export type StepContext = {
  deps: ExporterDeps;
  invoice: InvoiceBody;
  state: InvoiceExport;
  plan: ExportPlan;
};
