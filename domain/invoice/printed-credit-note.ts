/** What is printed of a credit note: texts alone, laid out as an invoice is. Pure. */
import type { CreditNoteDocument } from './credit-note-document.ts';
import type { CreditReason } from './credit-note-events.ts';
import { minorUnitPlaces } from './currency.ts';
import type { DocumentFormat } from './document-events.ts';
import {
  buyerLines,
  figure,
  moneyIn,
  type PrintedInvoice,
  printable,
  sellerLines,
  taxRow,
} from './printed.ts';

const REASONS: Readonly<Record<CreditReason, string>> = {
  duplicate: 'Invoiced twice',
  fraudulent: 'Fraudulent use',
  order_change: 'Change of the order',
  product_unsatisfactory: 'Service below what was promised',
  other: 'Other',
};

/** @param issuedText the day of its issue, as the buyer's locale writes it */
export function printedCreditNote(
  document: CreditNoteDocument,
  format: DocumentFormat,
  issuedText: string,
): PrintedInvoice {
  const { currency, lines, net_minor, seller } = document;
  const money = moneyIn(currency, format);
  const amount = (minor: number) => figure(BigInt(minor), minorUnitPlaces(currency), format);
  const isVoid = document.kind === 'void';
  return {
    title: `Credit note ${document.number}`,
    locale: format.locale,
    issuedAt: document.issued_at,
    seller: sellerLines(document),
    buyer: buyerLines(document),
    facts: factsOf(document, format, issuedText),
    columns: ['Description', '', '', '', `Amount (${currency})`],
    sections: [
      {
        title: isVoid ? 'The invoice is void' : 'Credited',
        rows: lines.map((line) => [
          printable(line.description),
          ...['', '', ''],
          amount(line.amount_minor),
        ]),
        subtotal: amount(net_minor),
      },
    ],
    totals: [
      { label: 'Net total', value: money(net_minor) },
      ...taxRow(document, format, money),
      { label: 'Credited', value: money(document.credited_minor) },
    ],
    notes: [
      ...(document.memo === null ? [] : [document.memo]),
      ...(document.tax.text === null ? [] : [document.tax.text]),
      ...seller.notes,
    ].map(printable),
    payment: [],
    verify: {
      text: document.verify,
      lines: [
        `Snapshot ${document.snapshot_id}`,
        `SHA-256 ${document.snapshot_hash}`,
        'The code has both: they name the frozen record of usage that the invoice is made from.',
      ],
    },
  };
}

function factsOf(
  document: CreditNoteDocument,
  { days }: DocumentFormat,
  issuedText: string,
): PrintedInvoice['facts'] {
  const rows: [string, string | null][] = [
    ['Credit note', document.number],
    ['Date', issuedText],
    ['Of invoice', `${document.invoice_number}, ${days.issued}`],
    ['Period', `${days.period_start} – ${days.period_end}`],
    ['Reason', REASONS[document.reason]],
    ['Your reference', document.buyer.reference],
    ['Customer', document.customer_id],
  ];
  return rows.flatMap(([label, value]) =>
    value === null ? [] : [{ label, value: printable(value) }],
  );
}
