/**
 * What went wrong with budgets at other gateways, tried on whole calls of this one. Each test names
 * the reports that it is from (docs/peer-bugs.md).
 */
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import { describe, expect, it, vi } from 'vitest';
import type { Endpoint } from '../dialects/dialect.ts';
import { openAi } from '../dialects/openai/openai.ts';
import type { Deployment } from '../routing/deployments.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, type Post, type StageOptions } from '../testing/call-stage.ts';
import { CHUNK, chat, DONE, HOLD, STREAM_HOLD, USAGE, usage } from '../testing/calls.ts';

/** A minute before midnight. */
const books = useMemoryBooks(Date.UTC(2026, 5, 1, 23, 59));
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const SSE = { 'content-type': 'text/event-stream' };
/** Of a call that is refused, and of its like: nobody asks the ledger for them again so soon. */
const UNASKED_MS = 6_000;

let stage: CallStage;

async function open(options: StageOptions): Promise<void> {
  stage = await CallStage.open(books(), options);
}
async function call(body = chat(), endpoint?: Endpoint): Promise<Client> {
  const client = stage.call(body, endpoint);
  await pass(UNASKED_MS);
  return client;
}
async function answer(post: Post | undefined, status = 200, said: object = { usage }) {
  post?.answer.onHeaders(status, { 'content-type': 'application/json' });
  post?.answer.onData(Buffer.from(JSON.stringify(said)));
  post?.answer.onEnd();
  await pass();
}
async function fails(
  post: Post | undefined,
  kind: 'unreachable' | 'timeout' | 'broken' | 'aborted',
) {
  const unsent = kind === 'unreachable';
  post?.answer.onFailure({ kind, unsent, cause: new Error(kind) });
  await pass();
}
const refusedOf = (clients: readonly Client[]) =>
  clients.filter(({ refusal }) => refusal.status === 402).length;

describe('I3: a budget', () => {
  // litellm#12977, litellm#23714, one-api#2440, new-api#5690, new-api#6609, wasp-lang/open-saas#727,
  // lingyuins/octopus#234, theopenco/llmgateway PR#3705: calls that came at once were all compared
  // with the same balance, and all of them passed; the balance went below nothing.
  it('pays for as many of the calls that come at once as it can at their worst case', async () => {
    await open({ budgets: [{ limit: 3n * HOLD }] });
    const clients = Array.from({ length: 20 }, () => stage.call(chat()));
    await pass(UNASKED_MS);
    expect([stage.posts.length, refusedOf(clients)]).toEqual([3, 17]);
    for (const post of [...stage.posts]) await answer(post);
    expect(stage.heldInAll()).toEqual({ held: 0n, spent: 3n * 42n });
    // What they did not use is there again.
    const later = Array.from({ length: 20 }, () => stage.call(chat()));
    await pass(UNASKED_MS);
    expect([stage.posts.length, refusedOf(later)]).toEqual([5, 18]);
  });

  // new-api#6607, new-api#6609, one-api#2440: a balance of 100 times a call was trusted, unheld.
  it('holds the worst case of a call, however much of it is left', async () => {
    await open({ budgets: [{ limit: 10n ** 18n }] });
    await call();
    expect(stage.heldInAll()).toEqual({ held: HOLD, spent: 0n });
  });

  // litellm PR#40002: five calls of 300,000 tokens at once, held at the price of short ones: four
  // passed, and $0.60 of $0.45 was spent.
  it('holds a long call at the price of long calls', async () => {
    const tiers = (low: number, high: number) => [
      { from_input_tokens: 0, pico_usd_per_million: String(low) },
      { from_input_tokens: 272_000, pico_usd_per_million: String(high) },
    ];
    const price = compilePrice({
      input: tiers(1_000_000, 2_000_000),
      output: tiers(6_000_000, 9_000_000),
    });
    const long = chat({ messages: [{ role: 'user', content: 'x'.repeat(300_000) }] });
    const worst = 2n * (BigInt(long.length) + 128n) + 9n * 10n;
    await open({
      budgets: [{ limit: 3n * worst }],
      limits: { bodyInlineBytesMax: 1_000_000 },
      deployments: [{ price: { price, version: 'v1', source: 'config' } as Deployment['price'] }],
    });
    const clients = Array.from({ length: 5 }, () => stage.call(long));
    await pass(UNASKED_MS);
    expect([stage.posts.length, refusedOf(clients)]).toEqual([3, 2]);
    expect(stage.heldInAll().held).toBe(3n * worst);
  });

  const ofJson = openAi.endpoints.filter(({ takes }) => takes !== 'form');
  // new-api PR#6825: some of the paths that were served took nothing of the quota.
  it.each(ofJson.map((endpoint) => [endpoint.path, endpoint] as const))(
    'is asked on every path that is served: %s',
    async (path, endpoint) => {
      await open({ budgets: [{ limit: 1n }] });
      const bodies: Record<string, string> = {
        '/v1/chat/completions': chat(),
        '/v1/embeddings': JSON.stringify({ model: 'm', input: 'hi' }),
        '/v1/completions': JSON.stringify({ model: 'm', prompt: 'hi', max_tokens: 9 }),
        '/v1/moderations': JSON.stringify({ model: 'm', input: 'hi' }),
        '/v1/audio/speech': JSON.stringify({ model: 'm', input: 'hi' }),
        '/v1/responses': JSON.stringify({ model: 'm', input: 'hi', max_output_tokens: 9 }),
      };
      const { refusal } = await call(bodies[path], endpoint);
      expect([refusal.status, stage.posts]).toEqual([402, []]);
    },
  );

  // litellm PR#35834, Kong: the client's name of a model was compared, and the provider's was billed.
  it.each([
    ['fast', 402],
    ['m-4*', 402],
    ['M-4O', 402],
    ['m-5*', undefined],
  ] as const)('of the model %s binds a call by either of its names', async (model, status) => {
    await open({ budgets: [{ limit: 1n, model }], deployments: [{ model: 'm-4o' }] });
    const { refusal } = await call(chat({ model: 'fast' }));
    expect(refusal.status).toBe(status);
  });

  // litellm PR#27509: a call that asked for more than there was took all that was left for itself.
  it('lets other calls through next to one that asks for more than there is', async () => {
    await open({ budgets: [{ limit: 2n * HOLD }] });
    const greedy = await call(chat({ max_tokens: 1_000_000 }));
    expect([greedy.refusal.status, stage.heldInAll().held]).toEqual([402, 0n]);
    await call();
    await call();
    expect(stage.posts).toHaveLength(2);
  });
});

describe('I3: the end of a call', () => {
  const leaves = async (client: Client) => {
    client.connection.destroy();
    await pass();
  };
  const begins = async (post: Post | undefined) => {
    post?.answer.onHeaders(200, SSE);
    post?.answer.onData(Buffer.from(CHUNK));
    await pass();
  };
  type Ending = (post: Post | undefined, client: Client) => Promise<void>;
  /** What is charged for it. */
  const endings: readonly (readonly [string, bigint, Ending])[] = [
    ['is answered', 42n, (post) => answer(post)],
    ['is answered, and nobody says what it used', HOLD, (post) => answer(post, 200, { id: 'x' })],
    ['is refused by its provider, unbilled', 0n, (post) => answer(post, 429, { error: {} })],
    ['fails at its provider', HOLD, (post) => answer(post, 500, { error: {} })],
    ['reaches no provider', 0n, (post) => fails(post, 'unreachable')],
    ['takes too long', HOLD, (post) => fails(post, 'timeout')],
    ['breaks off', HOLD, (post) => fails(post, 'broken')],
    [
      'is left before its first byte',
      42n,
      async (post, client) => {
        await leaves(client);
        await answer(post);
      },
    ],
    [
      'uses more than its bound',
      HOLD + 5n,
      (post) =>
        answer(post, 200, {
          usage: { prompt_tokens: Number(HOLD) - 10, completion_tokens: 15 },
        }),
    ],
  ];
  const streams: readonly (readonly [string, bigint, Ending])[] = [
    [
      'is left midway, and read to its end',
      42n,
      async (post, client) => {
        await begins(post);
        await leaves(client);
        post?.answer.onData(Buffer.from(USAGE + DONE));
        post?.answer.onEnd();
        await pass();
      },
    ],
    [
      'is left midway, and breaks off',
      STREAM_HOLD,
      async (post, client) => {
        await begins(post);
        await leaves(client);
        await fails(post, 'aborted');
      },
    ],
  ];
  const all = [
    ...endings.map((ending) => [...ending, chat()] as const),
    ...streams.map((ending) => [...ending, chat({ stream: true })] as const),
  ];

  // litellm#27639, litellm#28283, litellm#36926, litellm#40050, litellm#30460, litellm PR#30522,
  // litellm PR#36592, litellm PR#39851, new-api#4429, new-api#4424: what was taken before the call
  // was not given back after it, or was added twice, and keys were refused far below their budgets.
  it('leaves nothing held, and spends what is charged for it once, however it ends', async () => {
    await open({ budgets: [{ limit: 10n ** 9n }] });
    let spent = 0n;
    const seen: unknown[] = [];
    for (const [what, charge, ends, body] of all) {
      const client = await call(body);
      await ends(stage.posts.at(-1), client);
      spent += charge;
      seen.push([what, stage.heldInAll()]);
      expect(seen.at(-1)).toEqual([what, { held: 0n, spent }]);
    }
    expect([seen.length, stage.posts.length]).toEqual([all.length, all.length]);
    expect(stage.defects).toEqual([]);
  });

  // new-api#4429, new-api#4424: a panic between the deduction and the call kept what was deducted.
  it('gives back all that it took when it is a defect of ours', async () => {
    const slot = { measure: 'concurrent_calls', per: null, limit: 1 } as const;
    const scope = { type: 'key', id: 'key_1' } as const;
    const terms = { smoothing: false, when_store_is_away: 'closed', archived: false } as const;
    await open({
      budgets: [{ limit: HOLD }],
      rateLimits: [{ rate_limit_id: 'c', scope, ...slot, ...terms }],
    });
    const { connections } = (stage.route[0] as Deployment).provider;
    const left = vi.spyOn(connections, 'leave');
    stage.beforeHold = () => {
      throw new Error('a defect');
    };
    for (let i = 0; i < 3; i++) await call();
    expect([stage.defects, left.mock.calls.length]).toEqual([Array(3).fill('a defect'), 3]);
    stage.beforeHold = () => undefined;
    await call();
    expect([stage.posts.length, stage.handler.inFlight]).toEqual([1, 1]);
  });
});

describe('I3: the next window', () => {
  // litellm#29576, litellm#36941, litellm#24675, langwatch PR#7917: a reset cleared one of two
  // counters, or none, and the key stayed refused. LiteLLM 1.100.3, LiteLLM 1.108.6: resets left
  // customers blocked, or made what they had spent negative.
  it('is whole as soon as it begins, whatever the last one has spent or still holds', async () => {
    await open({ budgets: [{ limit: HOLD, window: 'day' }] });
    await call();
    const [ofToday] = stage.posts;
    expect((await call()).refusal.status).toBe(402);
    await pass(60_000 - 2 * UNASKED_MS);
    await call();
    expect(stage.posts).toHaveLength(2);
    expect((await call()).refusal.status).toBe(402);
    // It gives nothing to the window that it is not of.
    await answer(ofToday);
    expect((await call()).refusal.status).toBe(402);
  });
});
