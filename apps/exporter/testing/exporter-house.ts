/** An issued invoice in a ledger in memory, and exporters over one payment system, in simulated time. */
import { sha256Hex } from '@tollgate/adapters/digest/sha256.ts';
import {
  billingEvents,
  customerEvents,
  exportEvents,
  invoiceEvents,
} from '@tollgate/adapters/ledger/categories.ts';
import { newLedgerEvent } from '@tollgate/adapters/ledger/new-event.ts';
import type { Payments } from '@tollgate/adapters/payments/payments.ts';
import { MemoryLedger } from '@tollgate/billing-api/closing/testing/memory-ledger.ts';
import { ExportIndex } from '@tollgate/billing-api/payments/export-index.ts';
import {
  evolveExport,
  type InvoiceExport,
  isSettled,
} from '@tollgate/domain/payment/invoice-export.ts';
import type {
  ExportDocument,
  ExportPolicy,
  PaidCredits,
} from '@tollgate/domain/payment/payment-events.ts';
import { canonicalJson } from '@tollgate/domain/proof/canonical-json.ts';
import { advanceExport } from '../export-run.ts';
import type { ExporterDeps } from '../exporter-deps.ts';
import { exporterLimits } from '../limits.ts';

export const POLICY: ExportPolicy = {
  ...{ collection: 'send', days_until_due: 30, automatic_tax: false, zero: 'skip' },
  ...{ below_minimum: 'invoice', negative: 'customer_balance', customers: 'create' },
  ...{ lines_max: 250, chunk_lines: 100 },
};

const CLAIM_MS = exporterLimits.exportClaimMs;
const HASH = 'a'.repeat(64);

/**
 * @param amounts of its lines, in minor units
 * @param late how many of the lines, from the last one, are usage of the period before
 */
function invoiceOfLines(
  amounts: readonly number[],
  { currency = 'USD', id = 'inv_1', late = 0, tokens = [] as readonly number[] } = {},
) {
  const none = { input_tokens: 1, cache_read_tokens: 0, cache_write_tokens: 0, output_tokens: 0 };
  const more = { reasoning_tokens: 0, audio_input_tokens: 0, audio_output_tokens: 0, images: 0 };
  return {
    ...{ object: 'invoice' as const, version: 2 as const, id, customer_id: 'cus_1' },
    ...{ snapshot_id: 'snp_1', snapshot_hash: HASH, period_id: 'per_2', period_number: 2 },
    ...{ period_start: '2026-10-01T00:00:00.000Z', period_end: '2026-11-01T00:00:00.000Z' },
    ...{ time_zone: 'UTC', currency, unresolved: { count: 0, event_ids: [] } },
    total_minor: amounts.reduce((sum, amount) => sum + amount, 0),
    lines: amounts.map((amount_minor, index) => ({
      ...kindOf(`openai model-${index}`, index >= amounts.length - late),
      ...{ provider: 'openai', model: `model-${index}`, events: 1, ...none, ...more, requests: 1 },
      input_tokens: tokens[index] ?? 1,
      ...{ estimated_events: 0, cost: '0.000000000001', estimated_cost: '0.000000000000' },
      ...{ markup_ppm: 0, amount_minor },
    })),
  };
}

/** As an invoice says it. */
function kindOf(what: string, isLate: boolean) {
  if (!isLate) return { kind: 'usage' as const, period_number: 2, description: what };
  const description = `${what}, late usage of period 1`;
  return { kind: 'late_usage' as const, period_number: 1, description };
}

type IssueOptions = {
  policy?: ExportPolicy;
  currency?: string;
  id?: string;
  late?: number;
  /** Input tokens of the lines; default: one of each. */
  tokens?: readonly number[];
  document?: ExportDocument | undefined;
};

const SEPTEMBER = {
  ...{ period_id: 'per_1', customer_id: 'cus_1', number: 1, time_zone: 'UTC', anchor_day: 1 },
  ...{ start: '2026-09-01T00:00:00.000Z', end: '2026-10-01T00:00:00.000Z' },
};

export class ExporterHouse {
  readonly ledger = new MemoryLedger();
  readonly payments: Payments;
  nowMs = Date.parse('2026-11-02T00:00:00.000Z');
  paidCredits: PaidCredits = 'customer_balance';
  readonly index: ExportIndex;

  constructor(payments: Payments) {
    this.payments = payments;
    this.ledger.clock = () => this.nowMs;
    const retryMs = { first: 1, max: 1 };
    this.index = new ExportIndex({ ledger: this.ledger, retryMs, onLost: () => undefined });
  }

  async issue(
    amounts: readonly number[],
    {
      policy = POLICY,
      currency = 'USD',
      id = 'inv_1',
      late = 0,
      tokens = [],
      document,
    }: IssueOptions = {},
  ): Promise<void> {
    await this.#append(customerEvents.of('cus_1'), {
      type: 'CustomerCreated',
      data: {
        ...{ customer_id: 'cus_1', external_id: null, name: 'Acme', currency: 'USD' },
        ...{ time_zone: 'UTC', markup_ppm: 0 },
      },
    });
    const invoice = invoiceOfLines(amounts, { currency, id, late, tokens });
    const body = canonicalJson(invoice);
    await this.#append(invoiceEvents.of(id), {
      type: 'InvoiceIssued',
      data: {
        ...{ invoice_id: id, customer_id: 'cus_1', snapshot_id: 'snp_1', snapshot_hash: HASH },
        ...{ body, hash: sha256Hex(body) },
      },
    });
    if (late > 0)
      await this.#append(billingEvents.of('cus_1'), { type: 'PeriodOpened', data: SEPTEMBER });
    const requested_at = new Date(this.nowMs).toISOString();
    await this.#append(exportEvents.of(id), {
      type: 'ExportRequested',
      data: {
        ...{ invoice_id: id, customer_id: 'cus_1', system: 'stripe', policy, requested_at },
        ...(document === undefined ? {} : { document }),
      },
    });
  }

  exporter(runId: string): ExporterDeps {
    return {
      ...{ ledger: this.ledger, payments: this.payments, index: this.index, runId },
      ...{ policy: POLICY, paidCredits: this.paidCredits, automaticSinceMs: null },
      limits: exporterLimits,
      clock: () => this.nowMs,
      random: () => 1,
      onError: (message, cause) => {
        throw new Error(message, { cause });
      },
    };
  }

  /** Goes on as soon as it may, as the exporter does. @param tries how often, at most */
  async exportAll(deps: ExporterDeps, { id = 'inv_1', tries = 50 } = {}): Promise<InvoiceExport> {
    for (let tried = 0; tried < tries; tried++) {
      await advanceExport(deps, id, new AbortController().signal);
      const state = this.state(id);
      const { stopped, failure, running } = state;
      if (isSettled(state) || stopped !== null) break;
      const claimedUntilMs = running === null ? 0 : running.claimedAtMs + CLAIM_MS;
      this.nowMs = Math.max(this.nowMs, failure?.nextAtMs ?? 0, claimedUntilMs);
    }
    return this.state(id);
  }

  /** As the API does. @param amount of no line, in minor units; null: the invoice is void */
  async credit(name: string, amount: number | null, total: number, id = 'inv_1'): Promise<void> {
    const net = amount ?? total;
    const named = { invoice_id: id, credit_note_id: name };
    const description = amount === null ? 'The whole invoice' : 'Part of the invoice';
    await this.#append(invoiceEvents.of(id), {
      type: 'CreditNoteIssued',
      data: {
        ...{ ...named, kind: amount === null ? 'void' : 'credit', reason: 'order_change' },
        ...{ memo: 'as agreed', lines: [{ line: null, description, amount_minor: net }] },
        ...{ net_minor: net, tax_minor: 0, total_minor: net, terms: null },
        issued_at: new Date(this.nowMs).toISOString(),
      },
    });
  }

  async resume(id = 'inv_1'): Promise<void> {
    const resumed_at = new Date(this.nowMs).toISOString();
    await this.#append(exportEvents.of(id), {
      type: 'ExportResumed',
      data: { invoice_id: id, resumed_at },
    });
  }

  state(id = 'inv_1'): InvoiceExport {
    let state: InvoiceExport | undefined;
    for (const at of this.ledger.of(exportEvents.of(id))) {
      state = evolveExport(state, exportEvents.parse(at));
    }
    if (state === undefined) throw new Error(`${id} was not requested`);
    return state;
  }

  async #append(stream: string, event: Parameters<typeof newLedgerEvent>[1]): Promise<void> {
    const last = this.ledger.of(stream).at(-1)?.revision ?? 'no_stream';
    if (event.type === 'CustomerCreated' && last !== 'no_stream') return;
    await this.ledger.append(stream, last, [newLedgerEvent(stream, event, `${last}`)]);
  }
}
