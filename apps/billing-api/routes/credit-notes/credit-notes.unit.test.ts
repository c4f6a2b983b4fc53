/** Credit notes over their routes: once each, numbered without a gap whatever dies, and printed. */
import { invoicePdf } from '@tollgate/adapters/documents/invoice-pdf.ts';
import { creditNoteSeriesEvents, invoiceEvents } from '@tollgate/adapters/ledger/categories.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { makeId } from '@tollgate/domain/ids/ids.ts';
import { printedCreditNote } from '@tollgate/domain/invoice/printed-credit-note.ts';
import {
  type CreditNoteRequest,
  type CreditNoteView,
  creditNoteDocument,
} from '@tollgate/schemas/billing/credit-notes.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BillingIndex } from '../../closing/billing-index.ts';
import { loadIssuedInvoice } from '../../closing/streams.ts';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import type { ApiRequest } from '../../http/route.ts';
import { loadCreditNote } from '../../invoicing/load-document.ts';
import { InvoicedHouse } from '../../invoicing/testing/invoiced-house.ts';
import { apiLimits } from '../../limits.ts';
import { issueCreditNote, listCreditNotes } from './credit-notes.ts';

const VAT = "tax: { name: VAT, rate: '19' }";

let house: InvoicedHouse;
let billing: BillingIndex;
beforeEach(() => open(VAT));
afterEach(() => billing.stop());

function open(gate: string): void {
  house = new InvoicedHouse(gate);
  billing = new BillingIndex({
    ...{ ledger: house.store, retryMs: { first: 1, max: 1 } },
    onLost: (error) => expect.unreachable(String(error)),
  });
}

/** An invoice over 1.20 and its tax. */
async function invoiced(): Promise<string> {
  const [id = ''] = await house.invoicesOf(['cus_a']);
  await billing.start();
  return id;
}

function contextOn(ledger: Ledger): ApiContext {
  return { ...house.numbering(ledger), billing, limits: apiLimits } as unknown as ApiContext;
}

/** @param name the same for repetitions */
async function credit(
  invoiceId: string,
  name: string,
  body: Partial<CreditNoteRequest>,
  ledger: Ledger = house.deps.ledger,
): Promise<CreditNoteView | string> {
  const random = new TextEncoder().encode(name.padEnd(10));
  const request = {
    ...{ params: { invoice_id: invoiceId }, body: { reason: 'other', ...body } },
    ...{ commandId: name, timeMs: house.clock.nowMs, newId: () => makeId('crn', 0, random) },
  } as unknown as ApiRequest<{ invoice_id: string }, object, CreditNoteRequest>;
  try {
    return (await issueCreditNote.handler(request, contextOn(ledger))) as CreditNoteView;
  } catch (error) {
    if (error instanceof ApiProblem) return error.code;
    throw error;
  }
}

async function numbersOf(invoiceId: string): Promise<(string | null)[]> {
  const invoice = await loadIssuedInvoice(house.deps.ledger, invoiceId);
  return (invoice?.credits ?? []).map(({ number }) => number);
}

describe('a credit note', () => {
  it('has a number of its own series and the tax of the invoice, and is listed', async () => {
    const id = await invoiced();
    const first = await credit(id, 'a', { amount_minor: 50, memo: 'as agreed' });
    expect(first).toMatchObject({
      ...{ object: 'credit_note', invoice_id: id, number: 'CN-2026-000001', kind: 'credit' },
      ...{ net_minor: 50, tax_minor: 10, total_minor: 60, memo: 'as agreed', currency: 'USD' },
    });
    expect(await credit(id, 'b', { whole: true })).toMatchObject({
      ...{ number: 'CN-2026-000002', net_minor: 70, tax_minor: 13 },
    });
    expect(await credit(id, 'c', { whole: true })).toBe('nothing_to_credit');
    const listed = await listCreditNotes.handler(
      { query: { limit: 10, invoice_id: id } } as never,
      contextOn(house.deps.ledger),
    );
    const { data } = listed as { data: CreditNoteView[] };
    expect(data.map(({ number }) => number)).toEqual(['CN-2026-000002', 'CN-2026-000001']);
    expect(billing.invoice(id)).toMatchObject({ totalMinor: 120, creditedMinor: 143 });
  });

  it('is issued once, however often its request comes', async () => {
    const id = await invoiced();
    const asked = { lines: [{ line: 0, amount_minor: 40 }] };
    const answers = [];
    for (let times = 0; times < 3; times += 1) answers.push(await credit(id, 'a', asked));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await numbersOf(id)).toEqual(['CN-2026-000001']);
  });

  it('of two at once over the whole invoice is one', async () => {
    const id = await invoiced();
    const answers = await Promise.all(
      ['a', 'b', 'c', 'd'].map((name) => credit(id, name, { whole: true })),
    );
    expect(answers.filter((answer) => answer === 'nothing_to_credit')).toHaveLength(3);
    expect(await numbersOf(id)).toEqual(['CN-2026-000001']);
  });

  it('has no number where its invoice has none', async () => {
    const id = await invoiced();
    house.invoicing.sellers = {};
    expect(await credit(id, 'a', { whole: true })).toMatchObject({ number: null, tax_minor: 0 });
  });
});

/** A ledger whose process dies at its n-th call: before it, or after it, unanswered. */
function killedAt(n: number, after: boolean): { ledger: Ledger; dead: Promise<true> } {
  const { promise: dead, resolve } = Promise.withResolvers<true>();
  let calls = 0;
  const ledger = house.deps.ledger;
  const call = async <T>(work: () => Promise<T>): Promise<T> => {
    calls += 1;
    if (calls < n) return work();
    if (calls === n && after) await work();
    resolve(true);
    return new Promise<never>(() => undefined);
  };
  const mortal = {
    ...ledger,
    append: (...args: Parameters<Ledger['append']>) => call(() => ledger.append(...args)),
    read: (...args: Parameters<Ledger['read']>) => call(() => ledger.read(...args)),
  };
  return { ledger: mortal, dead };
}

describe('numbers of credit notes', () => {
  it.each([
    ['have no gap and no duplicate when a process is killed before any of its calls', false],
    ['have no gap and no duplicate when a process is killed after any of its calls', true],
  ])('%s', async (_title, after) => {
    let killed = 0;
    for (let n = 1; ; n += 1) {
      open(VAT);
      const id = await invoiced();
      const process = killedAt(n, after);
      const lived = credit(id, 'a', { amount_minor: 30 }, process.ledger).then(() => false);
      if (!(await Promise.race([lived, process.dead]))) break;
      killed += 1;
      // Another note comes first; then the client repeats the request that was not answered.
      await credit(id, 'b', { amount_minor: 20 });
      await credit(id, 'a', { amount_minor: 30 });
      const numbers = await numbersOf(id);
      expect(numbers.toSorted()).toEqual(['CN-2026-000001', 'CN-2026-000002']);
      const series = house.store.of(creditNoteSeriesEvents.of('gate.2026'));
      expect(series).toHaveLength(2);
      await billing.stop();
    }
    expect(killed).toBeGreaterThan(8);
  });
});

describe('the document of a credit note', () => {
  it('I4: says what was credited, and the same whatever the configuration says later', async () => {
    const id = await invoiced();
    const note = (await credit(id, 'a', { lines: [{ line: 0 }], memo: 'Agreed by telephone' })) as {
      id: string;
    };
    await billing.sees(invoiceEvents.of(id), 4n, 1_000);
    const load = () => loadCreditNote(contextOn(house.deps.ledger), note.id);
    const { document, format, issuedText } = await load();
    expect(creditNoteDocument.parse(document)).toMatchObject({
      ...{ number: 'CN-2026-000001', invoice_number: 'INV-2026-000001', net_minor: 120 },
      ...{ credited_minor: 143, kind: 'credit', seller: { legal_name: 'Gate Works GmbH' } },
      tax: { rate_ppm: 190_000, amount_minor: 23 },
    });
    const printed = printedCreditNote(document, format, issuedText);
    expect(printed.title).toBe('Credit note CN-2026-000001');
    expect(printed.totals.map(({ label, value }) => `${label} ${value}`)).toEqual([
      ...['Net total $1.20', 'VAT 19% $0.23', 'Credited $1.43'],
    ]);
    expect(printed.notes).toContain('Agreed by telephone');
    expect((await invoicePdf(printed)).equals(await invoicePdf(printed))).toBe(true);
    house.invoicing.sellers = {};
    house.clock.nowMs += 400 * 86_400_000;
    expect(await load()).toEqual({ document, format, issuedText });
  });
});
