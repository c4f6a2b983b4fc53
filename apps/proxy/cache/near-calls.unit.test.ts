/** Questions that mean the same: who is given whose answer, and what finding it costs. */
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import type { NearAnswer } from '@tollgate/adapters/cache/near-answers.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '../testing/call-stage.ts';
import { chat, usage } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));

let stored: Map<string, Uint8Array>;
let near: NearAnswer[];
let answers: AnswerCache;
beforeEach(() => {
  stored = new Map();
  near = [];
  answers = {
    put: async ({ key, value }) => void stored.set(key, value),
    get: async (key) => stored.get(key) ?? null,
    purge: async () => 0,
    close: async () => undefined,
    near: {
      put: async (answer) => void near.push(answer),
      find: async ({ frame, vector, threshold }) => {
        const of = near.find((one) => one.frame === frame);
        const similarity = (of?.vector[0] ?? 0) * (vector[0] ?? 0);
        return of !== undefined && similarity >= threshold ? { key: of.key, similarity } : null;
      },
    },
  };
});

let stage: CallStage;
const open = async (options: StageOptions = {}) => {
  stage = await CallStage.open(books(), { answers, semantic: {}, ...options });
};
const pass = async (ms = 0): Promise<void> => void (await vi.advanceTimersByTimeAsync(ms));

type Message = { role: string; content: unknown };
const user = (content: unknown): Message => ({ role: 'user', content });
const asks = (text: string, more: object = {}) => chat({ messages: [user(text)], ...more });

/** Answers what was posted last: an embedding, or what the model says. */
async function answer(status = 200, vector = [1, 0]): Promise<void> {
  const { path, answer: to } = stage.last();
  const choices = [
    { index: 0, message: { role: 'assistant', content: 'x' }, finish_reason: 'stop' },
  ];
  const said =
    path === '/embeddings' ? { data: [{ embedding: vector }], usage } : { choices, usage };
  to.onHeaders(status, { 'content-type': 'application/json' });
  to.onData(Buffer.from(JSON.stringify(status === 200 ? said : { error: {} })));
  to.onEnd();
  await pass();
}

/** One call, all of whose requests are answered. @returns its client and the paths that were asked */
async function call(body: string, vector = [1, 0]): Promise<[Client, string[]]> {
  const before = stage.posts.length;
  const client = stage.call(body);
  await pass();
  for (let at = before; at < stage.posts.length; at++) await answer(200, vector);
  return [client, stage.posts.slice(before).map(({ path }) => path)];
}

const cacheOf = (client: Client) => client.got()?.headers['x-tollgate-cache'];
const FIRST = 'How do I reset my password?';
const SAME = 'hi, how can I reset my password';

/** Whether the second call gets the first one's answer. */
async function shares(first: string, second: string): Promise<boolean> {
  await call(first);
  const [client] = await call(second);
  return cacheOf(client) === 'semantic';
}

describe('a question that means the same as one before', () => {
  it('is given its answer, and its event and its head say so', async () => {
    await open();
    const [first, asked] = await call(asks(FIRST));
    expect([cacheOf(first), asked]).toEqual(['miss', ['/embeddings', '/chat/completions']]);
    const [second, askedAgain] = await call(asks(SAME));
    expect([second.got()?.body, askedAgain]).toEqual([first.got()?.body, ['/embeddings']]);
    expect(second.got()?.headers).toMatchObject({
      ...{ 'x-tollgate-cache': 'semantic', 'x-tollgate-cache-similarity': '1' },
      'x-tollgate-cost': '0.000000000000',
    });
    expect(stage.events().at(-1)).toMatchObject({
      ...{ type: 'cache_hit', cache: 'semantic', saved_cost: '0.000000000042' },
      cache_similarity: 1,
    });
    expect([stage.defects, stage.handler.inFlight]).toEqual([[], 0]);
  });

  it('I1, I3: the vector of a question is a call of its customer, held and charged', async () => {
    await open();
    await call(asks(FIRST, { user: 'u' }));
    const [embedding, chatCall] = stage.events();
    expect(embedding).toMatchObject({
      ...{ type: 'attempt', endpoint: 'embeddings', model_requested: 'e', customer_id: 'cus_1' },
      ...{ end_user: 'u', cost: '0.000000000042' },
    });
    expect(embedding?.hold_amounts).toHaveLength(1);
    expect(embedding?.call_id).not.toBe(chatCall?.call_id);
    expect(stage.held()).toEqual({ held: 0n, spent: 84n });
  });

  it('I3: a budget that cannot pay for the vector is not exceeded for it', async () => {
    await open({ budgets: [{ limit: 1n }] });
    const [client, asked] = await call(asks(FIRST));
    expect([asked, client.refusal.status]).toEqual([[], 402]);
    expect(stage.events().map(({ type, endpoint }) => [type, endpoint])).toEqual([
      ['refusal', 'embeddings'],
      ['refusal', 'chat.completions'],
    ]);
    expect(stage.handler.inFlight).toBe(0);
  });

  describe('is not the same as one', () => {
    // semantic-router#36: only the last message was compared, whatever came before it.
    // litellm#12234: a model whose vectors were all the same answered everything with one answer.
    it.each([
      [
        'with other instructions',
        chat({ messages: [{ role: 'system', content: 'Be brief.' }, user(FIRST)] }),
        asks(SAME),
      ],
      ['with another temperature', asks(FIRST, { temperature: 0 }), asks(SAME, { temperature: 1 })],
      ['with a member that nobody knows', asks(FIRST), asks(SAME, { x_mode: 'b' })],
      ['that negates it', asks(FIRST), asks('How do I not reset my password?')],
      ['about another number', asks('What is 1+1?'), asks('What is 21+1?')],
      ['that may use tools', asks(FIRST, { tools: [] }), asks(SAME, { tools: [] })],
      [
        'in a conversation',
        chat({ messages: [user('a'), { role: 'assistant', content: 'b' }, user(FIRST)] }),
        chat({ messages: [user('a'), { role: 'assistant', content: 'b' }, user(SAME)] }),
      ],
      [
        'with a picture',
        asks(FIRST),
        chat({
          messages: [
            user([
              { type: 'text', text: SAME },
              { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
            ]),
          ],
        }),
      ],
      [
        'with a member that is there twice',
        asks(FIRST),
        asks(SAME).replace('"role"', '"name":"a","name":"b","role"'),
      ],
    ] as [name: string, first: string, second: string][])('%s', async (_, first, second) => {
      await open();
      expect(await shares(first, second)).toBe(false);
    });
  });

  it('is found in a conversation whose turns before are the same, where the rule allows it', async () => {
    await open({ semantic: { multiTurn: true } });
    const turns = (text: string, said = 'b') =>
      chat({ messages: [user('a'), { role: 'assistant', content: said }, user(text)] });
    expect(await shares(turns(FIRST), turns(SAME))).toBe(true);
    expect(await shares(turns(FIRST, 'd'), turns(SAME, 'e'))).toBe(false);
  });

  it('is nothing to a call that asks for a new answer', async () => {
    await open();
    await call(asks(FIRST));
    expect(near).toHaveLength(1);
    const { response } = stage.call(asks(SAME), undefined, { 'cache-control': 'no-cache' });
    await pass();
    expect([stage.last().path, response.headersSent]).toEqual(['/chat/completions', false]);
    await answer();
  });
});

describe('without a vector in time a call is sent as any other', () => {
  it.each<[name: string, fail: () => Promise<void>]>([
    ['if its model fails', () => answer(500)],
    ['if its model gives none', () => answer(200, [])],
    ['if it has no direction', () => answer(200, [0, 0])],
    ['if it does not come', () => pass(2_000)],
  ])('%s', async (_, fail) => {
    await open();
    const client = stage.call(asks(FIRST));
    await pass();
    expect(stage.last().path).toBe('/embeddings');
    await fail();
    expect(stage.last().path).toBe('/chat/completions');
    await answer();
    expect([cacheOf(client), near]).toEqual(['miss', []]);
  });
});

it('a call that waited for an equal one is not given the answer to another question, unless its own rule says so', async () => {
  await open({ semantic: { keys: ['key_1'] } });
  await call(asks(FIRST));
  const first = stage.call(asks(SAME));
  await pass();
  const waiting = [stage.call(asks(SAME)), stage.call(asks(SAME), undefined, {}, 'key_2')];
  await answer();
  expect([first, ...waiting].map(cacheOf)).toEqual(['semantic', 'semantic', undefined]);
  expect(stage.last().path).toBe('/chat/completions');
  await answer();
  expect(waiting.map(cacheOf)).toEqual(['semantic', 'miss']);
});

it('a call whose vector fails in this process is sent as any other, and the failure is said', async () => {
  const failures: unknown[] = [];
  const local = {
    name: 'local',
    embed: () => Promise.reject(new Error('no memory')),
    close: async () => undefined,
  };
  await open({ semantic: { local, failures } });
  const [client, asked] = await call(asks(FIRST));
  expect([cacheOf(client), asked, stage.defects]).toEqual(['miss', ['/chat/completions'], []]);
  expect(failures).toEqual([new Error('no memory')]);
});

it('a model on this machine is asked for vectors, and nobody pays for it', async () => {
  const local = {
    name: 'local',
    embed: async () => Float32Array.of(1, 0),
    close: async () => undefined,
  };
  await open({ semantic: { local } });
  expect(await shares(asks(FIRST), asks(SAME))).toBe(true);
  expect(stage.events().map(({ endpoint }) => endpoint)).toEqual([
    'chat.completions',
    'chat.completions',
  ]);
});
