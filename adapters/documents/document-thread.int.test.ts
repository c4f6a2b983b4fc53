import { invoiceDocument } from '@tollgate/domain/invoice/document.ts';
import { printedInvoice } from '@tollgate/domain/invoice/printed.ts';
import { billedTo, termsOf } from '@tollgate/domain/invoice/testing/documents.ts';
import { afterEach, expect, it } from 'vitest';
import { DocumentsBusy, DocumentThread } from './document-thread.ts';
import { NotPrintable } from './not-printable.ts';

const limits = { documentsWaitingMax: 3, documentTimeoutMs: 60_000, documentHeapMib: 256 };
const printed = printedInvoice(invoiceDocument(billedTo()), termsOf().format);

let thread: DocumentThread;
afterEach(() => thread.stop());

it('makes documents in turn, refuses one more than may wait, and one that cannot be printed', async () => {
  thread = new DocumentThread(limits);
  const html = thread.render('html', printed);
  const first = thread.render('pdf', printed);
  const odd = thread.render('pdf', { ...printed, notes: ['東'] }).catch((error) => error);
  await expect(thread.render('pdf', printed)).rejects.toBeInstanceOf(DocumentsBusy);
  expect(Buffer.from(await html).toString()).toMatch(/^<!doctype html>/);
  expect(Buffer.from(await first).toString('latin1', 0, 8)).toBe('%PDF-1.7');
  expect(await odd).toBeInstanceOf(NotPrintable);
  expect(Buffer.from(await thread.render('pdf', printed)).equals(Buffer.from(await first))).toBe(
    true,
  );
});

it('ends a thread that takes too long, refuses all that waited, and starts another', async () => {
  thread = new DocumentThread({ ...limits, documentTimeoutMs: 1 });
  const waiting = [thread.render('pdf', printed), thread.render('html', printed)];
  for (const one of waiting) await expect(one).rejects.toBeInstanceOf(DocumentsBusy);
  await expect(thread.render('html', printed)).rejects.toBeInstanceOf(DocumentsBusy);
});
