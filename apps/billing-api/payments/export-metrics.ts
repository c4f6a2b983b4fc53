/** What is measured of exports: those that wait for a person are nobody's until somebody looks. */
import { type Family, labelsOf } from '@tollgate/adapters/metrics/families.ts';
import { exportStateOf, type InvoiceExport } from '@tollgate/domain/payment/invoice-export.ts';

const STATES = ['waiting', 'failing', 'stopped', 'done'] as const;

export function exportFamilies(exports: readonly InvoiceExport[]): Family[] {
  const counts = new Map<string, number>();
  for (const one of exports) {
    const state = exportStateOf(one);
    counts.set(state, (counts.get(state) ?? 0) + 1);
  }
  return [
    {
      name: 'tollgate_invoice_exports',
      type: 'gauge',
      help: 'Exports of invoices to the payment system, by how far they are.',
      samples: STATES.map((state) => ['', labelsOf({ state }), counts.get(state) ?? 0]),
    },
  ];
}
