/** Bugs that would make a snapshot, an invoice or a proof say something else than the events. */
import { at, type Plant } from './plant.ts';

const CLOSING_TEST = 'apps/billing-api/closing/close-run.int.test.ts';
const SNAPSHOT_TEST = 'apps/billing-api/closing/snapshot.int.test.ts';
const HISTORY_TEST = 'apps/billing-api/routes/usage-history/usage-history.int.test.ts';
const CURRENCIES_TEST = 'apps/billing-api/closing/currencies.unit.test.ts';
const CALLS_TEST = 'tests/e2e/calls.e2e.test.ts';

const NUMBER_TEST = 'apps/billing-api/invoicing/number-invoice.unit.test.ts';

export const billing: readonly Plant[] = [
  {
    bug: 'let the PDF of an invoice say when it was made',
    edits: at('pdf-has-the-time-of-issue', {
      swap: ['CreationDate: at, ModDate: at', 'CreationDate: at, ModDate: new Date()'],
    }),
    test: {
      file: 'adapters/documents/invoice-pdf.unit.test.ts',
      name: 'I4: is the same bytes each time, on every machine',
    },
  },
  {
    bug: 'print a letter that the font does not have as an empty box',
    edits: at('glyphs-are-asked-for', { instead: '' }),
    test: {
      file: 'adapters/documents/invoice-pdf.unit.test.ts',
      name: 'is refused with the characters that its fonts cannot print',
    },
  },
  {
    bug: 'show what a name says as a part of the page',
    edits: at('html-is-escaped', { instead: 'return text;' }),
    test: {
      file: 'adapters/documents/invoice-html.unit.test.ts',
      name: 'I10: what a name says is text, wherever it is, and the page may load and run nothing',
    },
  },
  {
    bug: 'give an invoice another number when a process died after it got one',
    edits: at('number-event-id', {
      swap: ['terms.invoice_id);', 'terms.invoice_id + Math.random());'],
    }),
    test: {
      file: NUMBER_TEST,
      name: 'have no gap and no duplicate when a process is killed after any of its calls',
    },
  },
  {
    bug: 'begin the numbers of a series at two',
    edits: at('number-is-the-place', { swap: ['revision + 1n', 'revision + 2n'] }),
    test: {
      file: NUMBER_TEST,
      name: 'have no gap and no duplicate when six processes number seven invoices at once',
    },
  },
  {
    bug: 'credit an amount that an invoice has no longer',
    edits: at('never-more-than-invoiced', { instead: '' }),
    test: {
      file: 'domain/invoice/credit-note.prop.test.ts',
      name: 'I6: never credit more than it, nor more of a line or of its tax than there is',
    },
  },
  {
    bug: 'credit more of a line than it has',
    edits: at('no-line-beyond-its-amount', { instead: '' }),
    test: {
      file: 'domain/invoice/credit-note.prop.test.ts',
      name: 'I6: never credit more than it, nor more of a line or of its tax than there is',
    },
  },
  {
    bug: 'round the tax of each credit note by itself',
    edits: at('tax-of-all-credits', { instead: 'const tax = taxMinor(net, rate);' }),
    test: {
      file: 'domain/invoice/credit-note.prop.test.ts',
      name: 'are made once each, and all of them with `whole` credit the invoice and its tax exactly',
    },
  },
  {
    bug: 'give a credit note another number when a process died after it got one',
    edits: at('credit-note-event-id', {
      swap: ['credit_note_id,', 'credit_note_id + Math.random(),'],
    }),
    test: {
      file: 'apps/billing-api/routes/credit-notes/credit-notes.unit.test.ts',
      name: 'have no gap and no duplicate when a process is killed after any of its calls',
    },
  },
  {
    bug: 'leave what a closing run issued without a number',
    edits: at('issued-before-numbered', { instead: '' }),
    test: {
      file: NUMBER_TEST,
      name: 'are given by a closing run, and one that died before them is finished by the next',
    },
  },
  {
    bug: 'look the price up when the call is settled',
    edits: at('attempt-is-settled', {
      instead: `const { provider, model } = this.facts.deployment;
        const now = this.#deps.directory.price(provider.priceProvider, model, Date.now());
        const deployment = { ...this.facts.deployment, price: now };
        const settlement = settle({ ...this.facts, deployment }, outcome, this.#counted);`,
    }),
    test: {
      file: CALLS_TEST,
      name: 'I7: a call is priced as of its start, whatever is published before its end',
    },
  },
  {
    bug: 'float money',
    edits: at('cost-is-rounded-once', {
      instead: 'return BigInt(Math.round(Number(exact) / 1e6));',
    }),
    test: {
      file: 'domain/pricing/cost.prop.test.ts',
      name: 'I6: is exact against a rational-number model, rounded once',
    },
  },
  {
    bug: 'leave the customer out of the filter',
    edits: at('usage-of-one-customer', {
      swap: ['[customer,', "[customer.replace('customer_id =', \"'' !=\"),"],
    }),
    test: { file: SNAPSHOT_TEST, name: 'a snapshot holds the usage of its customer alone (I10)' },
  },
  {
    bug: 'bill what another gateway has charged already',
    edits: at('history-is-not-billed', { instead: 'return { where, params };' }),
    test: {
      file: SNAPSHOT_TEST,
      name: 'bills no imported history, says how much it left out, and history suppresses nothing',
    },
  },
  {
    bug: 'add what was charged elsewhere to the usage that is shown',
    edits: at('history-is-asked-for', { instead: '' }),
    test: {
      file: HISTORY_TEST,
      name: 'stores nothing in a dry run, counts what is sent twice once, and shows it where it is asked for',
    },
  },
  {
    bug: 'store what a dry run of an import only judged',
    edits: at('dry-run-stores-nothing', { swap: ['!body.dry_run && ', ''] }),
    test: {
      file: HISTORY_TEST,
      name: 'stores nothing in a dry run, counts what is sent twice once, and shows it where it is asked for',
    },
  },
  {
    bug: 'import history under the key of another customer',
    edits: at('history-of-the-customers-own-key', {
      swap: [' || (key !== null && key.customer_id !== customer.customer_id)', ''],
    }),
    test: {
      file: HISTORY_TEST,
      name: 'names each bad event and stores the good ones: no file is lost to a broken line',
    },
  },
  {
    bug: 'state an amount of nothing for what a collector could not price',
    edits: at('collected-is-unresolved-too', { swap: ["type = 'external' OR ", ''] }),
    test: {
      file: SNAPSHOT_TEST,
      name: 'I8: lists an event of a collector without a price or a quantity, and gives it no line',
    },
  },
  {
    bug: 'audit an old snapshot by the rule of today',
    edits: at('frozen-keeps-its-version', { instead: 'const version = undefined;' }),
    test: {
      file: 'tests/e2e/yesterday.e2e.test.ts',
      name: 'I3, I4, I5: pass the audit, for what was frozen then and what is frozen now',
    },
  },
  {
    bug: 'take what a clock rolled up before it was set back for a difference',
    edits: at('scratch-is-rolled-up-as-far', { swap: [', aheadMs', ''] }),
    test: {
      file: 'tests/e2e/clock-steps.e2e.test.ts',
      name: 'I3, I4, I5: the audit is clean, and every budget is level',
    },
  },
  {
    bug: 'bill late usage at the exchange rate of today',
    edits: at('late-usage-has-its-own-rate', { instead: 'return {};' }),
    test: {
      file: CURRENCIES_TEST,
      name: 'has late usage at the rate of its own period, so a correction gives back what was charged',
    },
  },
  {
    bug: 'bill an open period in the currency that its customer has now',
    edits: at('currency-of-the-opening', { instead: 'const { currency } = customer;' }),
    test: {
      file: CURRENCIES_TEST,
      name: 'binds from the next period: an open one is billed in its own',
    },
  },
  {
    bug: 'take the first table of exchange rates of an instant, not its correction',
    edits: at('later-table-corrects', { swap: ['>= 0', '> 0'] }),
    test: {
      file: 'domain/exchange/rate-in-force.unit.test.ts',
      name: 'of one instant is what was published last: that is how a table is corrected',
    },
  },
  {
    bug: 'audit invoices in other currencies by whatever rate they state',
    edits: at('audit-of-the-rate', { drop: true }),
    test: {
      file: 'apps/audit/exchange-rates.unit.test.ts',
      name: 'is found if its table says another rate, or nobody published it',
    },
  },
  {
    bug: 'close without the fence of the revision',
    edits: [
      ...at('snapshot-event-id', {
        swap: ['decision.event, ', 'decision.event, crypto.randomUUID() + '],
      }),
      ...at('snapshot-frozen-no-invoice', {
        instead: `{
          const result = await deps.ledger.append(stream, revision, [frozen]);
          if (!result.ok) await deps.ledger.append(stream, result.actual, [frozen]);
        }`,
      }),
    ],
    test: {
      file: CLOSING_TEST,
      name: 'concurrent closers make one snapshot and both read it (I4)',
    },
  },
  {
    bug: 'freeze before the projector has applied the cut',
    edits: [
      ...at('cut-must-be-applied', { drop: true }),
      ...at('closing-waits-for-the-cut', { drop: true }),
    ],
    test: {
      file: 'apps/billing-api/closing/cut.int.test.ts',
      name: 'before the projector has applied the cut',
    },
  },
];
