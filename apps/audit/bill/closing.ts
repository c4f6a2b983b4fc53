/** Closes what is still open, and sums up what the snapshots and the invoices say of all periods. */
import type { AdminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import { type Figures, sum } from './figures.ts';

type Period = {
  id: string;
  status: string;
  snapshot_id: string | null;
  invoice_id: string | null;
};

export type Invoice = {
  id: string;
  currency: string;
  total_minor: number;
  lines: (Figures & { description: string; model: string | null; amount_minor: number })[];
};

export type ClosedPeriods = {
  snapshots: Figures;
  invoices: Figures;
  /** Every invoice with the customer whom it bills. */
  issued: { customerId: string; invoice: Invoice }[];
};

export async function closeAll(
  api: AdminClient,
  customerIds: readonly string[],
): Promise<ClosedPeriods> {
  const at = new Date().toISOString();
  const totals: Figures[] = [];
  const issued: ClosedPeriods['issued'] = [];
  for (const customerId of customerIds) {
    const path = `/v1/periods?customer_id=${customerId}&limit=100`;
    const open = (await api.get<{ data: Period[] }>(path)).data.find((p) => p.status !== 'closed');
    if (open === undefined) throw new Error(`${customerId} has no open period`);
    await api.post(`/v1/periods/${open.id}/close`, { at });
    const { data } = await api.get<{ data: Period[] }>(path);
    for (const period of data.filter(({ status }) => status === 'closed')) {
      const snapshot = await api.get<{ body: string }>(`/v1/snapshots/${period.snapshot_id}`);
      totals.push((JSON.parse(snapshot.body) as { totals: Figures }).totals);
      const invoice = await api.get<Invoice>(`/v1/invoices/${period.invoice_id}`);
      issued.push({ customerId, invoice });
    }
  }
  const lines = issued.flatMap(({ invoice }) => invoice.lines);
  return { snapshots: sum(totals), invoices: sum(lines), issued };
}
