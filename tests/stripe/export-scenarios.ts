/** What is exported, and what Stripe must have of it in the end: written down, not worked out. */
import type { Scenario } from './export-house.ts';
import type { Outcome } from './stripe-outcome.ts';

export interface Example extends Scenario {
  readonly name: string;
  readonly outcome: Outcome;
}

const rows = (...amounts: readonly number[]): [string, number][] =>
  amounts.map((amount, index) => [`openai model-${index}`, amount]);

function invoice(
  total: number,
  lines: readonly [string, number][],
  more: { readonly status?: string; readonly currency?: string; readonly sent?: number } = {},
): Outcome {
  const { status = 'open', currency = 'usd', sent = 1 } = more;
  const invoices = [{ status, currency, total, lines }];
  return { customers: 1, invoices, balance: [], sent, done: 'invoice', stopped: null };
}

const none: Outcome = {
  customers: 0,
  invoices: [],
  balance: [],
  sent: 0,
  done: 'skipped',
  stopped: null,
};

export const USD: Example = {
  name: 'dollars, sent',
  amounts: [120, 30, -5, 0],
  outcome: invoice(145, rows(120, 30, -5, 0)),
};

export const CHARGED: Example = {
  name: 'dollars, charged',
  amounts: [120, 30, -5, 0],
  policy: { collection: 'charge' },
  outcome: invoice(145, rows(120, 30, -5, 0), { sent: 0 }),
};

const OF_OCTOBER = ', late usage of period 1';

export const LATE: Example = {
  name: 'late usage, and its correction',
  amounts: [120, 0, 33, -4],
  late: 2,
  outcome: invoice(149, [
    ...rows(120, 0),
    [`openai model-2${OF_OCTOBER}`, 33],
    [`openai model-3${OF_OCTOBER}`, -4],
  ]),
};

const VAT = { name: 'VAT', rate_ppm: 190_000 };

/** 0.19 × 150 = 28.5, which the document rounds. */
export const TAXED: Example = {
  name: 'euros with a number and a tax of the seller',
  amounts: [120, 30],
  currency: 'EUR',
  document: { number: 'INV-2026-000007', tax: { ...VAT, amount_minor: 29 } },
  outcome: invoice(179, [...rows(120, 30), ['VAT 19%', 29]], { currency: 'eur' }),
};

/** A quantity of 16 digits, and usage of the period before. */
export const METERED: Scenario = {
  amounts: [120, 30, 5],
  tokens: [1_234_567_890_123_456, 5, 7],
  late: 1,
  policy: { meters: { input_tokens: 'llm_input', cost_pico_usd: 'llm_cost' } },
};

export const NEGATIVE: Example = {
  name: 'minus one cent',
  amounts: [-1],
  outcome: { ...none, customers: 1, balance: [['adjustment', -1]], done: 'balance' },
};

const credited = (
  total: number,
  status: string,
  credits: NonNullable<Outcome['credits']>,
  balance: Outcome['balance'] = [],
): Outcome => {
  const { customers, invoices, sent, done, stopped } = invoice(total, rows(120, 30), { status });
  return {
    ...{ customers, invoices, balance },
    ...(credits.length === 0 ? {} : { credits }),
    ...{ sent, done, stopped },
  };
};

const CREDIT = ['order_change', 'Credit: as agreed'] as const;

/** Credit notes of an invoice that is there; the newest first, as Stripe lists them. */
export const CREDITED: readonly Example[] = [
  {
    name: 'two credits of an open invoice',
    amounts: [120, 30],
    credits: [40, 110],
    outcome: credited(150, 'paid', [
      [...CREDIT, 40, 40, 0, 0],
      [...CREDIT, 110, 110, 0, 0],
    ]),
  },
  {
    name: 'a credit of a paid invoice, onto the balance',
    amounts: [120, 30],
    credits: [40],
    paid: true,
    outcome: credited(150, 'paid', [[...CREDIT, 40, 0, 40, 0]], [['credit_note', -40]]),
  },
  {
    name: 'a credit of a paid invoice, refunded',
    amounts: [120, 30],
    credits: [40],
    paid: true,
    paidCredits: 'refund',
    outcome: credited(150, 'paid', [[...CREDIT, 40, 0, 40, 1]]),
  },
  {
    name: 'an invoice that is made void',
    amounts: [120, 30],
    credits: [null],
    outcome: credited(150, 'void', []),
  },
  {
    name: 'a paid invoice that is made void',
    amounts: [120, 30],
    credits: [null],
    paid: true,
    outcome: credited(150, 'paid', [[...CREDIT, 150, 0, 150, 0]], [['credit_note', -150]]),
  },
  {
    name: 'a credit of 49 cents that went to the balance',
    amounts: [49],
    credits: [49],
    policy: { below_minimum: 'customer_balance' },
    outcome: {
      ...{ customers: 1, invoices: [] },
      balance: [
        ['adjustment', 49],
        ['adjustment', -49],
      ],
      ...{ sent: 0, done: 'balance', stopped: null },
    },
  },
];

export const SMALL: readonly Example[] = [
  USD,
  CHARGED,
  LATE,
  TAXED,
  {
    name: 'yen',
    amounts: [1_000, 500],
    currency: 'JPY',
    outcome: invoice(1_500, rows(1_000, 500), { currency: 'jpy' }),
  },
  {
    // 1.234 + 1.235 = 2.469: Stripe has three decimals too, and the last must be 0.
    name: 'Kuwaiti dinars',
    amounts: [1_234, 1_235],
    currency: 'KWD',
    outcome: invoice(2_470, rows(1_230, 1_240), { currency: 'kwd' }),
  },
  {
    name: 'euros',
    amounts: [999, 1],
    currency: 'EUR',
    outcome: invoice(1_000, rows(999, 1), { currency: 'eur' }),
  },
  NEGATIVE,
  { name: 'nothing', amounts: [0], outcome: none },
  {
    name: '49 cents',
    amounts: [49],
    outcome: {
      ...invoice(49, rows(49), { status: 'paid', sent: 0 }),
      balance: [['invoice_too_small', 49]],
    },
  },
];

/** The 249 largest amounts, and all others in one: amounts fall, so the first are the largest. */
function large(count: number): Example {
  const amounts = Array.from({ length: count }, (_, index) => count - index);
  const total = (count * (count + 1)) / 2;
  const own = amounts.slice(0, 249);
  const rest = total - own.reduce((sum, amount) => sum + amount, 0);
  const text = `${count - 249} further lines; the invoice in Tollgate has each of them`;
  const outcome = invoice(total, [...rows(...own), [text, rest]]);
  return { name: `${count} lines`, amounts, policy: { chunk_lines: 100 }, outcome };
}

export const LARGE: readonly Example[] = [large(251), large(5_000)];
