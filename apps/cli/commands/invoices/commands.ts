/** `tollgate invoices …`: what closed periods came to. */
import type { InvoiceBody, InvoiceLine } from '@tollgate/domain/invoice/invoice.ts';
import type { InvoiceSummary } from '@tollgate/schemas/billing/requests.ts';
import type { Command } from '../../command.ts';
import { mostOf, mostOption } from '../../input/most.ts';
import { scopeOptions } from '../../input/scope.ts';
import type { Column } from '../../output/table.ts';
import { countText, minorText, timeText, usdText } from '../../output/values.ts';

type Invoice = InvoiceBody & { hash: string; issued_at: string };

const summaryColumns = (timeZone: string): Column<InvoiceSummary>[] => [
  { title: 'id', value: ({ id }) => id },
  { title: 'customer', value: ({ customer_id }) => customer_id, spare: true },
  { title: 'from', value: ({ period_start }) => timeText(period_start, timeZone).slice(0, 10) },
  { title: 'until', value: (one) => timeText(one.period_end, timeZone).slice(0, 10), spare: true },
  {
    title: 'total',
    value: ({ total_minor, currency }) => minorText(total_minor, currency),
    align: 'right',
  },
  { title: 'issued', value: ({ issued_at }) => timeText(issued_at, timeZone), spare: true },
];

export const invoicesList: Command = {
  name: 'invoices list',
  summary: 'list invoices, newest first',
  options: { customer: scopeOptions.customer, ...mostOption },
  examples: [
    { line: 'tollgate invoices list', help: 'of all customers' },
    { line: 'tollgate invoices list --most 10 --json', help: 'the ten newest, for a program' },
  ],
  async run({ api, values, output, timeZone, say }) {
    const { customer: customer_id } = values as { customer?: string };
    const pages = (await api()).pages<InvoiceSummary>(
      '/v1/invoices',
      { customer_id },
      mostOf(values),
    );
    const zone = await timeZone();
    const count = await output.list(pages, summaryColumns(zone), 'There is no invoice.');
    if (count > 0 && !output.isJson) say(`Days in ${zone}.`);
    return 0;
  },
};

export const invoicesShow: Command = {
  name: 'invoices show',
  summary: 'show an invoice with its lines',
  parameters: [{ name: 'INVOICE', help: 'its id, as `invoices list` shows it' }],
  examples: [{ line: 'tollgate invoices show inv_1', help: 'and which snapshot proves it' }],
  async run({ api, words: [id = ''], output, print, timeZone }) {
    const path = `/v1/invoices/${encodeURIComponent(id)}`;
    const invoice = await (await api()).get<Invoice>(path);
    const zone = await timeZone();
    output.object(invoice, () => {
      const { currency, period_start, period_end, time_zone } = invoice;
      output.facts([
        ['invoice', invoice.id],
        ['customer', invoice.customer_id],
        [
          'period',
          `${timeText(period_start, time_zone)} to ${timeText(period_end, time_zone)} ${time_zone}`,
        ],
        ['issued', `${timeText(invoice.issued_at, zone)} ${zone}`],
        ['snapshot', invoice.snapshot_id],
        ['hash', invoice.hash],
      ]);
      print('');
      output.table(lineColumns(currency), invoice.lines);
      print(output.paint('bold', `Total ${minorText(invoice.total_minor, currency)}`));
    });
    return 0;
  },
};

function lineColumns(currency: string): Column<InvoiceLine>[] {
  const written = (line: InvoiceLine) => line.output_tokens + line.reasoning_tokens;
  return [
    { title: 'line', value: ({ description }) => description, min: 16 },
    { title: 'events', value: ({ events }) => countText(events), align: 'right', spare: true },
    { title: 'input', value: (line) => countText(line.input_tokens), align: 'right', spare: true },
    { title: 'output', value: (line) => countText(written(line)), align: 'right', spare: true },
    { title: 'cost', value: ({ cost }) => usdText(cost), align: 'right', spare: true },
    {
      title: 'amount',
      value: ({ amount_minor }) => minorText(amount_minor, currency),
      align: 'right',
    },
  ];
}
