/** `tollgate invoices pdf` and `export`: files of an invoice, and of the events behind it. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { InvoiceBody } from '@tollgate/domain/invoice/invoice.ts';
import type { Command, CommandContext, Option } from '../../command.ts';
import type { Query } from '../../connection/api.ts';
import { CommandError } from '../../errors.ts';

const INVOICE = { name: 'INVOICE', help: 'its id, as `invoices list` shows it' };
const to = (usual: string): Option => ({
  ...{ type: 'string', value: 'PATH' },
  help: `the file to write, in place of one that is there (default: ${usual})`,
});

/** Of the invoice itself, or of the events of its period. */
const FORMATS: Readonly<
  Record<string, { of: 'invoice' | 'period'; file: string; ending: string }>
> = {
  csv: { of: 'invoice', file: '/lines.csv', ending: '-lines.csv' },
  focus: { of: 'invoice', file: '/focus.csv', ending: '-focus.csv' },
  json: { of: 'invoice', file: '', ending: '.json' },
  events: { of: 'period', file: '/events.csv', ending: '-events.csv' },
  parquet: { of: 'period', file: '/events.parquet', ending: '-events.parquet' },
};

export const invoicesPdf: Command = {
  name: 'invoices pdf',
  summary: 'write the document of an invoice as PDF',
  detail: 'The same bytes each time. It needs the seller in the configuration (docs/invoices.md).',
  parameters: [INVOICE],
  options: { to: to('INVOICE.pdf here') },
  examples: [
    { line: 'tollgate invoices pdf inv_1 --to november.pdf', help: 'what the customer gets' },
  ],
  async run(context) {
    const id = context.words[0] ?? '';
    const path = `/v1/invoices/${encodeURIComponent(id)}/document.pdf`;
    await written(context, { path, query: {}, usual: `${id}.pdf` });
    return 0;
  },
};

export const invoicesExport: Command = {
  name: 'invoices export',
  summary: 'write the lines of an invoice, or every event behind it, as a file for programs',
  detail: `The amounts of each file add up to the invoice or its snapshot (docs/exports.md). csv: its lines. focus: its
lines in FOCUS. json: the invoice as the API has it. events and parquet: every event of its period, as CSV or
Parquet.`,
  parameters: [INVOICE],
  options: {
    format: {
      ...{ type: 'string', value: 'FORMAT', help: 'default: csv' },
      oneOf: Object.keys(FORMATS),
    },
    issuer: { type: 'string', value: 'NAME', help: 'of focus: who bills (default: Tollgate)' },
    to: to('named after the invoice, here'),
  },
  examples: [
    { line: 'tollgate invoices export inv_1', help: 'its lines as CSV, for a spreadsheet' },
    {
      line: 'tollgate invoices export inv_1 --format parquet --to november.parquet',
      help: 'every event, for a warehouse',
    },
    {
      line: 'tollgate invoices export inv_1 --format focus --issuer "Example Ltd"',
      help: 'for a FinOps tool',
    },
  ],
  async run(context) {
    const id = context.words[0] ?? '';
    const { format = 'csv', issuer } = context.values as Record<string, string | undefined>;
    const { of, file, ending } = FORMATS[format] ?? { of: 'invoice', file: '', ending: '.json' };
    const ofInvoice = `/v1/invoices/${encodeURIComponent(id)}`;
    const periodId = async () =>
      (await (await context.api()).get<InvoiceBody>(ofInvoice)).period_id;
    const place = of === 'invoice' ? ofInvoice : `/v1/periods/${await periodId()}`;
    const query = format === 'focus' ? { issuer } : {};
    await written(context, { path: place + file, query, usual: id + ending });
    return 0;
  },
};

/** Under its name only once it is whole: half a file never looks like one. @throws CommandError */
async function written(
  { api, values, output, say, signal }: CommandContext,
  { path, query, usual }: { path: string; query: Query; usual: string },
): Promise<void> {
  const to = (values['to'] as string | undefined) ?? basename(usual);
  const body = await (await api()).download(path, query);
  const part = `${to}.part`;
  let bytes = 0;
  try {
    const counted = async function* (chunks: AsyncIterable<Uint8Array>) {
      for await (const chunk of chunks) {
        bytes += chunk.length;
        yield chunk;
      }
    };
    await pipeline(body, counted, createWriteStream(part, { flags: 'w' }), { signal });
    await rename(part, to);
  } catch (cause) {
    await rm(part, { force: true });
    const { code } = cause as NodeJS.ErrnoException;
    const why = code ?? (cause instanceof Error ? cause.message : String(cause));
    throw new CommandError(`${to} was not written (${why}).`, { cause });
  }
  output.object({ file: to, bytes }, () => output.print(to));
  say(`${bytes} bytes.`);
}
