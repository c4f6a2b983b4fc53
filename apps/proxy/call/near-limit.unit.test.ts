/** Calls that a budget cannot pay for at their worst case: counted, clamped, or refused. */
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { describe, expect, it, vi } from 'vitest';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, priced, type StageOptions } from '../testing/call-stage.ts';
import { chat, HOLD, usage } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
/** Of what the input of `chat()` is bounded by, in pico-dollars and tokens. */
const INPUT = HOLD - 10n;
const inputOf = (body: string) => BigInt(body.length) + 128n;
const CLAMPS = { on_exceeded: 'clamp' } as const;
const COUNTS = { tokenizer: 'o200k_base' } as const;

/** What became of one call. */
async function callOf(
  budgets: readonly Partial<BudgetDefinition>[],
  options: StageOptions = {},
  body = chat(),
) {
  const stage = await CallStage.open(books(), { budgets, ...options });
  const client = stage.call(body);
  await vi.advanceTimersByTimeAsync(50);
  const post = stage.posts.at(-1);
  if (post === undefined) return { refused: client.refusal, stage };
  const json = JSON.stringify({ id: 'a', usage });
  post.answer.onHeaders(200, { 'content-type': 'application/json' });
  post.answer.onData(Buffer.from(json));
  post.answer.onEnd();
  await vi.advanceTimersByTimeAsync(50);
  const event = stage.events().at(-1);
  return {
    stage,
    sent: JSON.parse(post.body) as Record<string, unknown>,
    said: [
      client.got()?.headers['x-tollgate-output-limit'],
      client.got()?.headers['x-tollgate-output-clamped'],
    ],
    recorded: [event?.output_limit, event?.output_clamped],
    held: event?.hold_amounts.map((amount) => BigInt(amount.replace('.', ''))),
  };
}

describe('a budget that clamps', () => {
  it('I3: gives a call the output that it can pay for, and holds that', async () => {
    const call = await callOf([{ ...CLAMPS, limit: INPUT + 6n }]);
    expect(call).toMatchObject({ sent: { max_tokens: 6 }, held: [INPUT + 6n] });
  });

  // BlockRunAI/Franklin#109: a clamp that is not said stays invisible until an answer is cut.
  it('says so, in the answer’s head and on the event', async () => {
    const { said, recorded } = await callOf([{ ...CLAMPS, limit: INPUT + 6n }]);
    expect([said, recorded]).toEqual([
      ['6', 'true'],
      [6, true],
    ]);
  });

  it('changes nothing about a call that it can pay for', async () => {
    const { sent, said, recorded } = await callOf([{ ...CLAMPS, limit: HOLD }]);
    expect([sent?.['max_tokens'], said, recorded]).toEqual([
      10,
      [undefined, undefined],
      [undefined, undefined],
    ]);
  });

  it('makes the limit smaller that a call gets by default', async () => {
    const body = chat({ max_tokens: undefined });
    const call = await callOf(
      [{ ...CLAMPS, limit: inputOf(body) + 7n }],
      { deployments: [{ outputTokensDefault: 40 }] },
      body,
    );
    expect(call).toMatchObject({ sent: { max_tokens: 7 }, said: ['7', 'true'] });
  });

  it('divides what is left among the answers that a call asks for', async () => {
    const body = chat({ n: 2 });
    const limit = inputOf(body) + 13n;
    const call = await callOf([{ ...CLAMPS, limit }], {}, body);
    expect(call).toMatchObject({ sent: { max_tokens: 6, n: 2 }, held: [limit - 1n] });
  });

  it('refuses a call that would get less than its least output', async () => {
    const budget = { ...CLAMPS, clamp_min_output_tokens: 7 };
    const none = await callOf([{ ...budget, limit: INPUT + 6n }]);
    expect([none.refused?.status, none.stage.refused]).toEqual([402, ['budget_exceeded']]);
    const least = await callOf([{ ...budget, limit: INPUT + 7n }]);
    expect(least.sent?.['max_tokens']).toBe(7);
  });

  it('refuses what it cannot pay for, if it does not clamp', async () => {
    // It counts, and so it is asked again.
    const options = { deployments: [COUNTS], counted: (most: number) => most - 2 };
    const { refused, stage } = await callOf([{ limit: INPUT + 6n }], options);
    expect([refused?.status, stage.posts]).toEqual([402, []]);
  });

  it('refuses a call whose input alone it cannot pay for', async () => {
    expect((await callOf([{ ...CLAMPS, limit: INPUT }])).refused?.status).toBe(402);
  });

  it('of tokens clamps as one of money does', async () => {
    const whole = 10n ** 12n;
    const limit = (INPUT + 3n) * whole;
    const call = await callOf([{ ...CLAMPS, unit: 'tokens', limit }]);
    expect(call).toMatchObject({ sent: { max_tokens: 3 }, held: [limit] });
  });
});

describe('I3: several budgets on the path all fit, in whatever order they are on it', () => {
  const clamps = (limit: bigint) => ({ ...CLAMPS, limit });
  const refuses = (limit: bigint) => ({ limit });

  it.each([
    ['one refuses and can pay for the clamped call', [refuses(INPUT + 8n), clamps(INPUT + 6n)], 6],
    ['both clamp: by the tighter one', [clamps(INPUT + 8n), clamps(INPUT + 5n)], 5],
    ['one refuses and cannot pay for it', [refuses(INPUT + 5n), clamps(INPUT + 6n)], null],
    ['one refuses and the other could pay for all', [refuses(INPUT + 5n), clamps(HOLD)], null],
  ])('%s', async (_, budgets, output) => {
    for (const onPath of [budgets, budgets.toReversed()]) {
      const { sent, held, refused } = await callOf(onPath);
      if (output === null) expect([sent, refused?.status]).toEqual([undefined, 402]);
      else {
        expect(sent?.['max_tokens']).toBe(output);
        expect(held).toEqual([INPUT + BigInt(output), INPUT + BigInt(output)]);
      }
    }
  });
});

describe('I3: calls that come at once', () => {
  it.each([1, 4, 9])('never hold more than there is, clamped to %i or more', async (least) => {
    for (const more of [0n, 5n, 13n, 27n, 100n]) {
      const limit = 3n * INPUT + more;
      const budgets = [{ ...CLAMPS, clamp_min_output_tokens: least, limit }];
      const stage = await CallStage.open(books(), { budgets });
      for (let call = 0; call < 12; call++) stage.call(chat());
      await vi.advanceTimersByTimeAsync(6_000);
      const outputs = stage.posts.map(({ body }) => JSON.parse(body).max_tokens as number);
      const held = outputs.reduce((sum, tokens) => sum + INPUT + BigInt(tokens), 0n);
      expect(stage.heldInAll().held).toBe(held);
      expect(held <= limit).toBe(true);
      expect(outputs.every((tokens) => tokens >= least && tokens <= 10)).toBe(true);
      // No call that could have been paid for was refused.
      expect(limit - held < INPUT + BigInt(least)).toBe(true);
      expect(stage.posts.length + stage.refused.length).toBe(12);
    }
  });
});

describe('the input of a call that would be refused', () => {
  const counted = (inputTokensMax: number) => inputTokensMax - 50;

  it('I3: is counted as its provider counts it, and held so', async () => {
    const limit = HOLD - 50n;
    const call = await callOf([{ limit }], { deployments: [COUNTS], counted });
    expect(call).toMatchObject({
      sent: { max_tokens: 10 },
      held: [limit],
      said: [undefined, undefined],
    });
  });

  it('is counted before its output is clamped', async () => {
    const budgets = [{ ...CLAMPS, limit: HOLD - 54n }];
    const call = await callOf(budgets, { deployments: [COUNTS], counted });
    expect(call).toMatchObject({ sent: { max_tokens: 6 }, held: [HOLD - 54n] });
  });

  it('is counted in the provider’s own vocabulary or not at all', async () => {
    const count = vi.fn(counted);
    const limit = HOLD - 50n;
    for (const unknown of [{ tokenizer: null }, {}]) {
      const none = await callOf([{ limit }], { deployments: [unknown], counted: count });
      expect([none.refused?.status, count.mock.calls]).toEqual([402, []]);
    }
  });

  it('is not counted of a call that fits, or that nothing can make fit', async () => {
    const count = vi.fn(counted);
    const options = { deployments: [COUNTS], counted: count };
    await callOf([{ limit: HOLD }], options);
    const none = await callOf([{ limit: 5n }], options);
    expect([none.refused?.status, count.mock.calls]).toEqual([402, []]);
  });

  it('and the refusal says which output would fit by that count', async () => {
    const options = { deployments: [COUNTS], counted };
    const { refused } = await callOf([{ limit: HOLD - 53n }], options);
    expect(refused?.body).toContain('An output limit of 7 tokens would fit.');
  });
});

describe('I3: a call that goes on to another deployment', () => {
  it('holds that one’s price, and is clamped at it', async () => {
    const stage = await CallStage.open(books(), {
      budgets: [{ ...CLAMPS, limit: 3n * INPUT + 12n }],
      deployments: [{}, { price: priced(3) }],
    });
    stage.call(chat());
    await vi.advanceTimersByTimeAsync(50);
    stage.last().answer.onFailure({ kind: 'unreachable', unsent: true, cause: new Error('x') });
    await vi.advanceTimersByTimeAsync(50);
    expect(stage.posts.map(({ body }) => JSON.parse(body).max_tokens)).toEqual([10, 4]);
    const last = stage.writes.findLast(({ op }) => op === 'started') as { event: string };
    const { hold_amounts } = JSON.parse(last.event) as { hold_amounts: string[] };
    const held = hold_amounts.reduce((sum, amount) => sum + BigInt(amount.replace('.', '')), 0n);
    expect(held).toBe(3n * INPUT + 12n);
  });
});
