/** `tollgate invoices credit` and `invoices credits`: what of an invoice is not to be paid. */
import { minorUnitPlaces } from '@tollgate/domain/invoice/currency.ts';
import type { InvoiceBody } from '@tollgate/domain/invoice/invoice.ts';
import { parseDecimal } from '@tollgate/domain/money/money.ts';
import type { CreditNoteView } from '@tollgate/schemas/billing/credit-notes.ts';
import type { Command, CommandContext } from '../../command.ts';
import { UsageError } from '../../errors.ts';
import { amountIn, parseCount } from '../../input/amount.ts';
import { mostOf, mostOption } from '../../input/most.ts';
import { scopeOptions } from '../../input/scope.ts';
import type { Column } from '../../output/table.ts';
import { minorText, timeText } from '../../output/values.ts';

const REASONS = ['duplicate', 'fraudulent', 'order_change', 'product_unsatisfactory', 'other'];

type Values = {
  whole?: boolean;
  void?: boolean;
  amount?: string;
  line?: readonly string[];
  reason?: string;
  memo?: string;
};

export const invoicesCredit: Command = {
  name: 'invoices credit',
  summary: 'issue a credit note: of a whole invoice, an amount, or some of its lines',
  detail: `Never more than the invoice less what was credited before, and without tax, which follows. The invoice itself
stays as it is. In Stripe the note follows its invoice (docs/stripe.md).`,
  parameters: [{ name: 'INVOICE', help: 'its id, as `invoices list` shows it' }],
  options: {
    whole: { type: 'boolean', help: 'all that was not credited before' },
    void: { type: 'boolean', help: 'the whole invoice, which is void then' },
    amount: { type: 'string', value: 'AMOUNT', help: 'as $5; with one --line: of that line' },
    line: {
      ...{ type: 'string', value: 'N', many: true },
      help: 'a line of the invoice, from 1, as `invoices show` has them; may be repeated',
    },
    reason: { type: 'string', value: 'REASON', help: 'default: other', oneOf: REASONS },
    memo: { type: 'string', value: 'TEXT', help: 'for the customer; it is printed' },
  },
  examples: [
    {
      line: 'tollgate invoices credit inv_1 --amount $5 --memo "As agreed"',
      help: 'five dollars, and their tax',
    },
    {
      line: 'tollgate invoices credit inv_1 --line 2 --reason order_change',
      help: 'all that is left of the second line',
    },
    { line: 'tollgate invoices credit inv_1 --void --reason duplicate', help: 'it was a mistake' },
  ],
  async run(context) {
    const { api, words, output, print, say } = context;
    const path = `/v1/invoices/${encodeURIComponent(words[0] ?? '')}`;
    const { reason = 'other', memo } = context.values as Values;
    const body = { ...(await scopeOf(context, path)), reason, memo };
    const made = await (await api()).post<CreditNoteView>(`${path}/credit_notes`, body);
    output.object(made, () => print(made.number ?? made.id));
    const tax = made.tax_minor === 0 ? '' : ` with ${minorText(made.tax_minor, made.currency)} tax`;
    say(`${minorText(made.total_minor, made.currency)}${tax} credited.`);
    return 0;
  },
};

async function scopeOf({ api, values }: CommandContext, path: string): Promise<object> {
  const { whole, void: isVoid, amount, line: lines } = values as Values;
  const hasLines = lines !== undefined && lines.length > 0;
  const kinds = [whole === true, isVoid === true, amount !== undefined || hasLines];
  if (kinds.filter(Boolean).length !== 1) {
    throw new UsageError('Say what is credited: --whole, --void, --amount or --line.');
  }
  if (whole === true) return { whole: true };
  if (isVoid === true) return { void: true };
  const minor = amount === undefined ? undefined : await minorOf(api, path, amount);
  if (!hasLines) return { amount_minor: minor };
  if (minor !== undefined && lines.length > 1) {
    throw new UsageError('--amount: say it with one --line, or with none.');
  }
  return { lines: lines.map((text) => ({ line: placeOf(text), amount_minor: minor })) };
}

/** People count from 1. */
function placeOf(text: string): number {
  const place = parseCount('--line', text);
  if (place < 1) throw new UsageError('--line: the first line is 1.');
  return place - 1;
}

async function minorOf(api: CommandContext['api'], path: string, text: string): Promise<number> {
  const { currency } = await (await api()).get<InvoiceBody>(path);
  const decimal = amountIn('--amount', text, currency.toLowerCase());
  const places = minorUnitPlaces(currency);
  if ((decimal.split('.')[1]?.length ?? 0) > places) {
    throw new UsageError(`--amount: ${text}: ${currency} has ${places} decimals.`);
  }
  const minor = Number(parseDecimal(decimal, places));
  if (minor > 0) return minor;
  throw new UsageError(`--amount: ${text}: there is nothing to credit.`);
}

const columns = (timeZone: string): Column<CreditNoteView>[] => [
  { title: 'number', value: ({ number }) => number ?? '-' },
  { title: 'id', value: ({ id }) => id, spare: true },
  { title: 'invoice', value: ({ invoice_id }) => invoice_id },
  { title: 'kind', value: ({ kind }) => kind },
  { title: 'reason', value: ({ reason }) => reason, spare: true },
  {
    title: 'total',
    value: ({ total_minor, currency }) => minorText(total_minor, currency),
    align: 'right',
  },
  { title: 'issued', value: ({ issued_at }) => timeText(issued_at, timeZone) },
];

export const invoicesCredits: Command = {
  name: 'invoices credits',
  summary: 'list credit notes, newest first',
  options: {
    customer: scopeOptions.customer,
    invoice: { type: 'string', value: 'INVOICE', help: 'of this invoice alone' },
    ...mostOption,
  },
  examples: [
    { line: 'tollgate invoices credits', help: 'of all customers' },
    { line: 'tollgate invoices credits --invoice inv_1 --json', help: 'of one, for a program' },
  ],
  async run({ api, values, output, timeZone, say }) {
    const { customer: customer_id, invoice: invoice_id } = values as Record<string, string>;
    const pages = (await api()).pages<CreditNoteView>(
      '/v1/credit_notes',
      { customer_id, invoice_id },
      mostOf(values),
    );
    const zone = await timeZone();
    const count = await output.list(pages, columns(zone), 'There is no credit note.');
    if (count > 0 && !output.isJson) say(`Times in ${zone}.`);
    return 0;
  },
};
