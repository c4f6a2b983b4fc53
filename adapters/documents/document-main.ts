/** The thread that renders documents: one order, one answer, in turn. */
import { parentPort } from 'node:worker_threads';
import type { RenderAnswer, RenderOrder } from './document-thread.ts';
import { invoiceHtml } from './invoice-html.ts';
import { invoicePdf } from './invoice-pdf.ts';
import { NotPrintable } from './not-printable.ts';

async function answerTo({ id, kind, printed }: RenderOrder): Promise<RenderAnswer> {
  try {
    const bytes = kind === 'html' ? Buffer.from(invoiceHtml(printed)) : await invoicePdf(printed);
    return { id, bytes };
  } catch (error) {
    if (error instanceof NotPrintable) return { id, missing: error.characters };
    return { id, failed: String(error) };
  }
}

let last: Promise<unknown> = Promise.resolve();
parentPort?.on('message', (order: RenderOrder) => {
  last = last.then(async () => parentPort?.postMessage(await answerTo(order)));
});
