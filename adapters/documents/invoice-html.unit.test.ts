import { createHash } from 'node:crypto';
import { invoiceDocument } from '@tollgate/domain/invoice/document.ts';
import { printedInvoice } from '@tollgate/domain/invoice/printed.ts';
import { billedTo, line, termsOf } from '@tollgate/domain/invoice/testing/documents.ts';
import { expect, it } from 'vitest';
import { invoiceHtml } from './invoice-html.ts';

const HOSTILE = `"><img src=x onerror='alert(1)'><!--</style>&amp;`;

it('I10: what a name says is text, wherever it is, and the page may load and run nothing', () => {
  const base = termsOf();
  const terms = termsOf({
    buyer: { legal_name: HOSTILE, address: null, tax_id: HOSTILE, reference: HOSTILE },
    seller: { ...base.seller, legal_name: HOSTILE, notes: [HOSTILE], payment_details: [HOSTILE] },
    tax: { treatment: 'standard', name: HOSTILE, rate_ppm: 190_000, text: HOSTILE },
    verify: HOSTILE,
  });
  const document = invoiceDocument(billedTo({ terms, lines: [line({ description: HOSTILE })] }));
  const html = invoiceHtml(printedInvoice(document, terms.format));
  expect(html.match(/<(?:img|script|!--)/g)).toBeNull();
  const escaped =
    '&quot;&gt;&lt;img src=x onerror=&#39;alert(1)&#39;&gt;&lt;!--&lt;/style&gt;&amp;amp;';
  expect(html.split(escaped)).toHaveLength(11);
  const style = /<style>([^<]*)<\/style>/.exec(html)?.[1] ?? '';
  const digest = createHash('sha256').update(style).digest('base64');
  expect(html).toContain(`default-src 'none'; style-src 'sha256-${digest}'`);
});
