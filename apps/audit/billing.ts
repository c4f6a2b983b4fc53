/** Snapshots and invoices against what the log and the ledger say they are, byte for byte (I4, I5). */
import { sha256Hex } from '@tollgate/adapters/digest/sha256.ts';
import { billingEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import type { Warehouse } from '@tollgate/adapters/warehouse/warehouse.ts';
import { workOutSnapshot } from '@tollgate/billing-api/closing/freeze.ts';
import { loadBilling, loadInvoice, loadRateTables } from '@tollgate/billing-api/closing/streams.ts';
import {
  COST_CURRENCY,
  type ExchangeRate,
  type RateTable,
} from '@tollgate/domain/exchange/exchange-rate.ts';
import { rateInForce } from '@tollgate/domain/exchange/rate-in-force.ts';
import { invoiceBody, invoiceIdOf } from '@tollgate/domain/invoice/invoice.ts';
import type { Billing, FrozenPeriod } from '@tollgate/domain/period/billing.ts';
import { canonicalJson } from '@tollgate/domain/proof/canonical-json.ts';
import { invoiceBody as issuedBody } from '@tollgate/schemas/billing/invoice.ts';
import { frozenVersion, snapshotBody } from '@tollgate/schemas/billing/snapshot.ts';
import { type Differences, jsonDifferences } from './differences.ts';
import { pastEvents } from './log-and-ledger.ts';

export async function auditBilling(
  ledger: Ledger,
  scratch: Warehouse,
  found: Differences,
): Promise<void> {
  const streams = new Set<string>();
  for await (const { stream } of pastEvents(ledger, [billingEvents.prefix])) streams.add(stream);
  const tables = await loadRateTables(ledger);
  for (const stream of streams) {
    const customerId = billingEvents.idOf(stream);
    try {
      const { billing } = await loadBilling(ledger, customerId);
      for (const period of billing.periods) {
        if (period.status !== 'frozen') continue;
        // seam: audit-of-the-rate
        auditRate(tables, period, found);
        await auditSnapshot(scratch, customerId, billing, period, found);
        await auditInvoice(ledger, period, found);
      }
    } catch (error) {
      found.add('snapshot', stream, error instanceof Error ? error.message : String(error));
    }
  }
}

/** The rate that a period was closed with is that of a table which held at the period's end (I6). */
function auditRate(tables: readonly RateTable[], period: FrozenPeriod, found: Differences): void {
  const { currency, exchangeRate: rate, endMs } = period;
  if ((rate?.quote ?? COST_CURRENCY) !== currency) {
    found.add('snapshot', `${period.id} exchange_rate`, `is not to ${currency}`);
  }
  if (rate === null) return;
  const table = tables.find(({ version }) => version === rate.version);
  if (table === undefined) {
    found.add('snapshot', `${period.id} exchange_rate`, `nobody published ${rate.version}`);
    return;
  }
  const should = rateInForce([table], COST_CURRENCY, currency, endMs);
  if (canonicalJson(should) === canonicalJson(rate)) return;
  const says = should === null ? 'nothing' : textOf(should);
  const finding = `is ${textOf(rate)}, ${rate.version} says ${says}`;
  found.add('snapshot', `${period.id} exchange_rate`, finding);
}

function textOf({ numerator, denominator }: ExchangeRate): string {
  return `${numerator}/${denominator}`;
}

async function auditSnapshot(
  scratch: Warehouse,
  customerId: string,
  billing: Billing,
  period: FrozenPeriod,
  found: Differences,
): Promise<void> {
  const { id, body, hash } = period.snapshot;
  const own = sha256Hex(body);
  if (own !== hash) found.add('snapshot', `${id} hash`, `is ${hash}, its body has ${own}`);
  // seam: frozen-keeps-its-version
  const { version } = frozenVersion.parse(JSON.parse(body));
  const should = canonicalJson(
    await workOutSnapshot({ warehouse: scratch }, customerId, billing, period, version),
  );
  if (body === should) return;
  const before = found.count;
  jsonDifferences(JSON.parse(body), JSON.parse(should), '', (path, finding) =>
    found.add('snapshot', `${id} ${path}`, finding),
  );
  if (found.count === before) found.add('snapshot', id, 'the same content in other bytes');
}

async function auditInvoice(
  ledger: Ledger,
  { snapshot }: FrozenPeriod,
  found: Differences,
): Promise<void> {
  const id = invoiceIdOf(snapshot.id);
  const invoice = await loadInvoice(ledger, id);
  if (invoice === undefined) {
    found.add('invoice', id, `snapshot ${snapshot.id} has no invoice`);
    return;
  }
  const content = snapshotBody.parse(JSON.parse(snapshot.body));
  const { version } = issuedBody.parse(JSON.parse(invoice.body));
  const should = canonicalJson(invoiceBody(content, snapshot.hash, version));
  if (invoice.body !== should) {
    jsonDifferences(JSON.parse(invoice.body), JSON.parse(should), '', (path, finding) =>
      found.add('invoice', `${id} ${path}`, finding),
    );
  }
  const own = sha256Hex(invoice.body);
  if (own === invoice.hash) return;
  found.add('invoice', `${id} hash`, `is ${invoice.hash}, its body has ${own}`);
}
