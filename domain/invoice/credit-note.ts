/**
 * Decides credit notes: never more than the invoice less what was credited before, of no line more than
 * it has. Tax follows the net amount: after each note, what was credited of it is the tax on all that
 * was credited, by the rounding rule of invoices (I6); so notes over the whole invoice credit its whole tax.
 */
import { exactInteger } from '../period/exact-integer.ts';
import type {
  CreditNoteIssued,
  CreditNoteLine,
  CreditNoteTerms,
  CreditReason,
} from './credit-note-events.ts';
import { taxMinor } from './document.ts';
import type { InvoiceBody } from './invoice.ts';
import type { IssuedInvoice } from './issued-invoice.ts';

export type CreditScope =
  | { kind: 'void' }
  /** All that was not credited before. */
  | { kind: 'whole' }
  /** Without tax, of no line. */
  | { kind: 'amount'; amountMinor: number }
  /** Null: all that is left of the line. */
  | { kind: 'lines'; lines: readonly { line: number; amountMinor: number | null }[] };

export type CreditCommand = {
  creditNoteId: string;
  scope: CreditScope;
  reason: CreditReason;
  memo: string | null;
  issuedAt: string;
  terms: CreditNoteTerms | null;
};

export type CreditRefusal =
  | 'credit_exceeds_invoice'
  | 'credit_line_not_found'
  | 'nothing_to_credit'
  | 'invoice_credited';

/** @returns null: this note was issued before */
export function creditInvoice(
  invoice: IssuedInvoice,
  body: InvoiceBody,
  command: CreditCommand,
): CreditNoteIssued | null | { refused: CreditRefusal } {
  const { creditNoteId, scope, reason, memo, issuedAt, terms } = command;
  if (invoice.credits.some(({ credit_note_id: id }) => id === creditNoteId)) return null;
  const creditedNet = sumOf(invoice.credits.map(({ net_minor }) => net_minor));
  const left = BigInt(body.total_minor) - creditedNet;
  if (left <= 0n) return { refused: 'nothing_to_credit' };
  if (scope.kind === 'void' && creditedNet > 0n) return { refused: 'invoice_credited' };
  const lines = linesOf(invoice, body, scope, left);
  if (!Array.isArray(lines)) return lines;
  const net = sumOf(lines.map(({ amount_minor }) => amount_minor));
  // seam: never-more-than-invoiced
  if (net > left) return { refused: 'credit_exceeds_invoice' };
  const creditedTax = sumOf(invoice.credits.map(({ tax_minor }) => tax_minor));
  const rate = invoice.terms?.tax.rate_ppm ?? 0;
  // seam: tax-of-all-credits
  const tax = taxMinor(creditedNet + net, rate) - creditedTax;
  return {
    type: 'CreditNoteIssued',
    data: {
      ...{ invoice_id: body.id, credit_note_id: creditNoteId },
      ...{ kind: scope.kind === 'void' ? ('void' as const) : ('credit' as const), reason, memo },
      lines,
      net_minor: exactInteger(net, 'a credit'),
      tax_minor: exactInteger(tax, 'the tax of a credit'),
      total_minor: exactInteger(net + tax, 'a credit with its tax'),
      ...{ issued_at: issuedAt, terms },
    },
  };
}

function linesOf(
  { credits }: IssuedInvoice,
  body: InvoiceBody,
  scope: CreditScope,
  left: bigint,
): CreditNoteLine[] | { refused: CreditRefusal } {
  switch (scope.kind) {
    case 'void':
    case 'whole': {
      const description =
        credits.length === 0 ? 'The whole invoice' : 'What is left of the invoice';
      return [{ line: null, description, amount_minor: exactInteger(left, 'a credit') }];
    }
    case 'amount':
      return [{ line: null, description: 'Part of the invoice', amount_minor: scope.amountMinor }];
    case 'lines':
      return ofLines(
        credits.flatMap(({ lines }) => lines),
        body,
        scope.lines,
      );
    default:
      return scope satisfies never;
  }
}

function ofLines(
  credited: readonly CreditNoteLine[],
  body: InvoiceBody,
  asked: Extract<CreditScope, { kind: 'lines' }>['lines'],
): CreditNoteLine[] | { refused: CreditRefusal } {
  const lines: CreditNoteLine[] = [];
  for (const { line, amountMinor } of asked) {
    const invoiced = body.lines[line];
    if (invoiced === undefined) return { refused: 'credit_line_not_found' };
    const before = [...credited, ...lines].filter((one) => one.line === line);
    const left =
      BigInt(invoiced.amount_minor) - sumOf(before.map(({ amount_minor }) => amount_minor));
    const amount = amountMinor === null ? left : BigInt(amountMinor);
    if (left <= 0n) return { refused: 'nothing_to_credit' };
    // seam: no-line-beyond-its-amount
    if (amount > left) return { refused: 'credit_exceeds_invoice' };
    const amount_minor = exactInteger(amount, 'the credit of a line');
    lines.push({ line, description: invoiced.description, amount_minor });
  }
  return lines;
}

function sumOf(amounts: readonly number[]): bigint {
  return amounts.reduce((sum, amount) => sum + BigInt(amount), 0n);
}
