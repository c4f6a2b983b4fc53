import { describe, expect, it } from 'vitest';
import { type QuantityName, quantityNames } from '../../usage/quantities.ts';
import { type CompareOptions, compareTotals } from './compare.ts';
import { baseModelName, modelNameFinder } from './model-names.ts';
import type { OurGroup } from './our-group.ts';
import type { ProviderTotals, SourceFacts, TotalsRow } from './totals-row.ts';
import { verdictOf } from './verdict.ts';

const facts: SourceFacts = {
  ...{ name: 'openai_usage', provider: 'openai', timeZone: 'UTC', attributedBy: 'end' },
  states: ['input_tokens', 'cache_read_tokens', 'output_tokens', 'requests'],
  within: { reasoning_tokens: 'output_tokens' },
};

const DAY = '2026-11-14';
const NEXT = '2026-11-15';
type Counts = Partial<Record<QuantityName, number>>;

const row = (quantities: Counts, more: Partial<TotalsRow> = {}): TotalsRow => ({
  ...{ day: DAY, model: 'm', tier: null, identities: [], quantities },
  ...{ amount: null, amountOf: null, item: null, ...more },
});

function ours(quantities: Counts, more: Partial<OurGroup> = {}): OurGroup {
  const zeros = Object.fromEntries(quantityNames.map((name) => [name, 0]));
  const all = { ...zeros, ...quantities } as Record<QuantityName, number>;
  const costPico = BigInt(all.input_tokens * 2 + all.cache_read_tokens + all.output_tokens * 10);
  return {
    ...{ startDay: DAY, endDay: DAY, nearMidnight: false, modelServed: 'm', modelAsked: 'm' },
    ...{ certainty: 'stated', attempts: all.requests, quantities: all },
    ...{ costPico, heldPico: 0n, ...more },
  };
}

/** Pico-dollars for a million units: a token costs as many atto-dollars. */
const PRICES = {
  input_tokens: 2_000_000n,
  cache_read_tokens: 1_000_000n,
  output_tokens: 10_000_000n,
  reasoning_tokens: 10_000_000n,
  requests: 0n,
};

function compare(
  rows: readonly TotalsRow[],
  groups: readonly OurGroup[],
  more: Partial<CompareOptions> & { money?: boolean; facts?: Partial<SourceFacts> } = {},
) {
  const totals: ProviderTotals = {
    ...{ facts: { ...facts, ...more.facts }, rows },
    roundingAtto: more.money === true ? 1n : null,
  };
  const options = { aliases: {}, ownIdentities: [], pricesOf: () => PRICES, ...more };
  return compareTotals(totals, groups, options);
}

const causesOf = (compared: ReturnType<typeof compare>) =>
  compared.causes.map(({ cause, candidates, quantities, amount }) => [
    ...[cause, ...candidates],
    quantities,
    amount,
  ]);
const leftOf = (compared: ReturnType<typeof compare>) =>
  compared.total.quantities.map(({ unexplained }) => unexplained);

describe('what explains a difference in quantities', () => {
  it('nothing, where there is none', () => {
    const compared = compare(
      [row({ input_tokens: 5, requests: 1 })],
      [ours({ input_tokens: 5, requests: 1 })],
    );
    expect(compared.causes).toEqual([]);
    expect(verdictOf(compared)).toBe('Theirs 5 tokens, ours 5: they agree.');
  });

  it('more calls than we sent are the gap; more tokens in the same calls are not', () => {
    const sent = [ours({ input_tokens: 5, requests: 1 })];
    const more = compare([row({ input_tokens: 12, requests: 3 })], sent);
    expect(causesOf(more)).toEqual([['gap', { input_tokens: 7, requests: 2 }, 14_000_000n]]);
    const same = compare([row({ input_tokens: 12, requests: 1 })], sent);
    expect([same.causes, leftOf(same)]).toEqual([[], [7, 0, 0, 0]]);
  });

  it('usage of other credentials is the gap, and what is left is of our estimates', () => {
    const rows = [
      row({ input_tokens: 15, requests: 2 }, { identities: ['api_key:ours'] }),
      row({ input_tokens: 4, requests: 1 }, { identities: ['api_key:script'] }),
    ];
    const groups = [
      ours({ input_tokens: 5, requests: 1 }),
      ours({ input_tokens: 8, requests: 1 }, { certainty: 'estimated' }),
    ];
    const compared = compare(rows, groups, { ownIdentities: ['api_key:ours'] });
    expect(causesOf(compared)).toEqual([
      ['gap', { input_tokens: 4, requests: 1 }, 8_000_000n],
      ['estimates', { input_tokens: 2 }, 4_000_000n],
    ]);
    expect(leftOf(compared)).toEqual([0, 0, 0, 0]);
  });

  it('an unknown attempt is one call on the bill at most; without a count it may be the gap', () => {
    const groups = [ours({}, { certainty: 'unknown', attempts: 1, costPico: 0n, heldPico: 9n })];
    const counted = compare([row({ input_tokens: 6, requests: 1 })], groups);
    expect(causesOf(counted)).toEqual([
      ['unknown_attempts', { input_tokens: 6, requests: 1 }, 12_000_000n],
    ]);
    const [cell] = counted.cells;
    expect([cell?.attempts.unknown, cell?.heldPico]).toEqual([1, 9n]);
    const states = ['input_tokens'] as const;
    const blind = compare([row({ input_tokens: 6 })], groups, { facts: { states } });
    expect(causesOf(blind)).toEqual([
      ['undecided', 'unknown_attempts', 'gap', { input_tokens: 6 }, 12_000_000n],
    ]);
  });

  it('an estimate can turn out to be nothing, and no less than that', () => {
    const groups = [
      ours({ input_tokens: 5, requests: 1 }),
      ours({ input_tokens: 8, requests: 1 }, { certainty: 'estimated' }),
    ];
    const compared = compare([row({ input_tokens: 2, requests: 2 })], groups);
    expect(causesOf(compared)).toEqual([['estimates', { input_tokens: -8 }, -16_000_000n]]);
    expect(leftOf(compared)).toEqual([-3, 0, 0, 0]);
  });

  it('tokens that were read from the cache there and not here are the same tokens', () => {
    const sent = [ours({ input_tokens: 10, requests: 1 })];
    const compared = compare([row({ input_tokens: 4, cache_read_tokens: 6, requests: 1 })], sent);
    expect(causesOf(compared)).toEqual([
      ['bucket_split', { input_tokens: -6, cache_read_tokens: 6 }, -6_000_000n],
    ]);
  });

  it('thinking is output where the export has it there', () => {
    const sent = [ours({ output_tokens: 10, reasoning_tokens: 5, requests: 1 })];
    expect(compare([row({ output_tokens: 15, requests: 1 })], sent).causes).toEqual([]);
  });
});

describe('calls near midnight', () => {
  const over = ours({ input_tokens: 9, requests: 1 }, { endDay: NEXT, nearMidnight: true });
  const both = [ours({ input_tokens: 5, requests: 1 }), over];

  it.each([
    ['start', [14, 0]],
    ['end', [5, 9]],
  ] as const)(
    'are counted by the instant that the totals fit: by the %s',
    (by, [first, second]) => {
      const rows = [row({ input_tokens: first, requests: first === 14 ? 2 : 1 })];
      if (second > 0) rows.push(row({ input_tokens: second, requests: 1 }, { day: NEXT }));
      const compared = compare(rows, both);
      expect([compared.attributedBy, compared.causes]).toEqual([by, []]);
      expect(compared.attributedOtherwise).toBe(by === 'start');
    },
  );

  it('explain what one day lacks to the last token and the next has too much', () => {
    const near = ours({ input_tokens: 9, requests: 1 }, { nearMidnight: true });
    const rows = [
      row({ input_tokens: 5, requests: 1 }),
      row({ input_tokens: 9, requests: 1 }, { day: NEXT }),
    ];
    const groups = [
      ours({ input_tokens: 5, requests: 1 }),
      near,
      ours({}, { startDay: NEXT, endDay: NEXT }),
    ];
    const compared = compare(rows, groups);
    expect(compared.causes).toMatchObject([
      { cause: 'day_boundary', days: 2, quantities: { input_tokens: 0 } },
    ]);
    expect(leftOf(compared)).toEqual([0, 0, 0, 0]);
  });
});

describe('what explains a difference in money', () => {
  const sent = [ours({ input_tokens: 1_000_000, requests: 1 })];

  it('another price for the same tokens, with the first day of it', () => {
    const own = { input_tokens: 1_000_000, requests: 1 };
    const bill = (day: string, amount: bigint) =>
      row(own, { day, amount, amountOf: 'input_tokens' });
    const rows = [bill(DAY, 2_000_000_000_000n), bill(NEXT, 3_000_000_000_000n)];
    const groups = [...sent, ours(own, { startDay: NEXT, endDay: NEXT })];
    const compared = compare(rows, groups, { money: true });
    expect(causesOf(compared)).toEqual([['price', {}, 1_000_000_000_000n]]);
    expect(compared.moves).toEqual([
      {
        ...{ model: 'm', bucket: 'input_tokens', firstDay: NEXT, lastDay: NEXT },
        ...{ theirs: 3_000_000n, ours: 2_000_000n, amount: 1_000_000_000_000n },
      },
    ]);
    expect(compared.total.unexplained).toBe(0n);
  });

  it('a service tier, a fee, and what the export rounded', () => {
    const rows = [
      row({ input_tokens: 600_000, requests: 1 }, { amount: 1_200_000_000_001n }),
      row({ input_tokens: 400_000 }, { tier: 'flex', amount: 400_000_000_000n }),
      row({}, { model: null, item: 'web search', amount: 7n }),
    ];
    const compared = compare(rows, sent, { money: true });
    expect(causesOf(compared)).toEqual([
      ['tier', {}, -400_000_000_000n],
      ['other_charges', {}, 7n],
      ['rounding', {}, 1n],
    ]);
    expect(compared.total).toMatchObject({ difference: -399_999_999_992n, unexplained: 0n });
  });

  it('money alone cannot tell another price from more calls', () => {
    const amount = 2_500_000_000_000n;
    const compared = compare([row({}, { amount })], sent, { money: true, facts: { states: [] } });
    expect(causesOf(compared)).toEqual([['undecided', 'price', 'gap', {}, 500_000_000_000n]]);
  });

  it('we had no price', () => {
    const group = ours(
      { input_tokens: 1_000_000, requests: 1 },
      { certainty: 'unpriced', costPico: 0n },
    );
    const amount = 2_000_000_000_000n;
    const rows = [row({ input_tokens: 1_000_000, requests: 1 }, { amount })];
    const compared = compare(rows, [group], { money: true, pricesOf: () => null });
    expect(causesOf(compared)).toEqual([['unpriced', {}, amount]]);
  });

  it('what the bill does not have is unexplained, and never hidden', () => {
    const compared = compare(
      [row({ input_tokens: 1, requests: 1 }, { model: 'other', amount: 2_000_000n })],
      sent,
      {
        money: true,
      },
    );
    expect(compared.modelsOnlyOurs).toEqual(['m']);
    expect(compared.modelsOnlyOnBill).toEqual(['other']);
    expect(compared.total.unexplained).toBe(-2_000_000_000_000n);
    // Of money alone: a model that is missing costs nothing there, which is no other price.
    const other = row({}, { model: 'other', amount: 5n });
    const money = compare([other], sent, { money: true, facts: { states: [] } });
    expect(money.total.unexplained).toBe(-2_000_000_000_000n);
    expect(money.causes.map(({ cause }) => cause)).not.toContain('price');
  });
});

describe('model names', () => {
  it.each([
    ['gpt-4o-2024-08-06', 'gpt-4o'],
    ['openai/gpt-4.1-2025-04-14', 'gpt-4.1'],
    ['us.anthropic.claude-sonnet-4-20250514-v1:0', 'claude-sonnet-4'],
    ['claude-sonnet-4@20250514', 'claude-sonnet-4'],
    ['anthropic/claude-sonnet-4:thinking', 'claude-sonnet-4'],
    ['chatgpt-4o-latest', 'chatgpt-4o'],
  ])('%s is a %s', (name, base) => {
    expect(baseModelName(name)).toBe(base);
  });

  it('are matched from the surest way to the least sure, and never guessed', () => {
    const names = ['gpt-4o-2024-05-13', 'gpt-4o-2024-08-06', 'o3-2025-04-16', 'Claude4Sonnet'];
    const find = modelNameFinder(names, { Claude4Sonnet: 'claude-sonnet-4' });
    expect(find({ served: 'gpt-4o-2024-08-06', asked: 'gpt-4o' })).toBe('gpt-4o-2024-08-06');
    expect(find({ served: null, asked: 'o3' })).toBe('o3-2025-04-16');
    expect(find({ served: 'claude-sonnet-4', asked: null })).toBe('Claude4Sonnet');
    // Two snapshots of it are on the bill.
    expect(find({ served: null, asked: 'gpt-4o' })).toBeNull();
  });
});
