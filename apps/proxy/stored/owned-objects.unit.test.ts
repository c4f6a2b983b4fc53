/** Who may go on with what a provider has stored (I10), and where such a call goes. */
import { describe, expect, it, vi } from 'vitest';
import type { Endpoint } from '../dialects/dialect.ts';
import { openAi } from '../dialects/openai/openai.ts';
import { proxyLimits } from '../limits.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type StageOptions } from '../testing/call-stage.ts';
import { chat } from '../testing/calls.ts';
import { MemoryObjects } from '../testing/memory-objects.ts';
import { OwnedObjects } from './owned-objects.ts';

const responses = openAi.endpoints.find(({ name }) => name === 'responses') as Endpoint;
const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));

const OURS = { owner: 'cus_1', provider: 'p1' };
const THEIRS = { owner: 'cus_2', provider: 'p1' };
const usage = { input_tokens: 1, output_tokens: 1, total_tokens: 2 };
const ANSWER = {
  ...{ id: 'resp_new', object: 'response', status: 'completed', model: 'm', usage },
  output: [
    { id: 'msg_new', type: 'message', role: 'assistant', content: [] },
    { id: 'ig_new', type: 'image_generation_call' },
    { id: 'ci_new', type: 'code_interpreter_call', container_id: 'cntr_new' },
  ],
};

let store: MemoryObjects;
let errors: unknown[];
async function open(options: StageOptions = {}): Promise<CallStage> {
  store = new MemoryObjects();
  errors = [];
  const onError = (error: unknown) => errors.push(error);
  const owned = new OwnedObjects({ store, limits: proxyLimits, onError });
  return CallStage.open(books(), { budgets: [], owned, ...options });
}

const settled = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

const ask = (fields: object) =>
  JSON.stringify({ model: 'm', input: 'hi', max_output_tokens: 5, ...fields });

async function sent(stage: CallStage, fields: object) {
  const client = stage.call(ask(fields), responses);
  await settled();
  const body = client.refusal.body;
  return {
    client,
    posts: stage.posts.length,
    code: body === undefined ? null : JSON.parse(body).error.code,
    status: client.refusal.status ?? null,
  };
}

describe('I10: what a call names that a provider has stored', () => {
  const item = (fields: object) => ({ input: [{ role: 'user', content: 'hi' }, fields] });
  const named = {
    'the response before it': { previous_response_id: 'x' },
    'an item': item({ type: 'item_reference', id: 'x' }),
    'an item, without saying so': item({ id: 'x' }),
    'thoughts that are not in the body': item({ type: 'reasoning', id: 'x', summary: [] }),
    'a picture': item({ type: 'image_generation_call', id: 'x' }),
    'a search': item({ type: 'web_search_call', id: 'x' }),
    'a question for approval': item({ type: 'mcp_approval_response', approval_request_id: 'x' }),
    'the files of a tool': { tools: [{ type: 'code_interpreter', container: 'x' }] },
    'the files of a shell': {
      tools: [{ type: 'shell', environment: { type: 'container_reference', container_id: 'x' } }],
    },
  };

  describe('of another customer is as good as not there', () => {
    it.each(Object.entries(named))('%s', async (_, fields) => {
      const stage = await open();
      store.objects.set('x', THEIRS);
      const theirs = await sent(stage, fields);
      store.objects.clear();
      const unknown = await sent(stage, fields);
      const isPrevious = 'previous_response_id' in fields;
      expect(theirs).toMatchObject({
        posts: 0,
        ...(isPrevious
          ? { status: 400, code: 'previous_response_not_found' }
          : { status: 404, code: 'stored_object_not_found' }),
      });
      expect(theirs.client.refusal.body).toBe(unknown.client.refusal.body);
    });
  });

  it.each(Object.entries(named))('%s of one’s own goes on, byte for byte', async (_, fields) => {
    const stage = await open();
    store.objects.set('x', OURS);
    await sent(stage, fields);
    expect(stage.posts.map(({ body }) => body)).toEqual([ask(fields)]);
  });

  it('one of others among one’s own refuses the call', async () => {
    const stage = await open();
    store.objects.set('x', OURS).set('y', THEIRS);
    const fields = item({ type: 'item_reference', id: 'y' });
    expect(await sent(stage, { ...fields, previous_response_id: 'x' })).toMatchObject({
      ...{ posts: 0, code: 'stored_object_not_found' },
    });
  });

  describe('is refused where a provider may read another one', () => {
    it.each([
      ['an id twice', '{"type":"item_reference","id":"theirs","id":"ours"}'],
      [
        'a type twice, of what is found by its id',
        '{"type":"web_search_call","id":"theirs","type":"message","role":"user","content":"x"}',
      ],
      [
        'its type twice, in another spelling',
        '{"type":"item\\u005freference","\\u0069d":"theirs","type":"message","role":"user"}',
      ],
      ['its type twice', '{"type":"item_reference","id":"theirs","type":"message","role":"user"}'],
      ['an id in another spelling', '{"type":"item_reference","id":"ours","ID":"theirs"}'],
    ])('%s', async (_, text) => {
      const stage = await open();
      store.objects.set('ours', OURS);
      const client = stage.call(`{"model":"m","max_output_tokens":5,"input":[${text}]}`, responses);
      await settled();
      expect([stage.posts.length, client.refusal.status]).toEqual([0, 400]);
    });
  });

  it('is refused to keys that guardrails apply to, though it is their own: nothing would look at it', async () => {
    const guard = {
      ...{ judges: [], redactions: 0, request: async () => null },
      body: async (_endpoint: Endpoint, body: Buffer) => body,
    };
    const stage = await open({ guardrails: { guardOf: () => guard } });
    store.objects.set('x', OURS);
    expect(await sent(stage, { previous_response_id: 'x' })).toMatchObject({
      ...{ posts: 0, code: 'request_blocked', status: 403 },
    });
    expect((await sent(stage, {})).posts).toBe(1);
  });

  it('a chat that names another customer’s response is refused too', async () => {
    const stage = await open();
    for (const param of ['previous_response_id', 'conversation']) {
      store.objects.set('x', THEIRS);
      const client = stage.call(chat({ [param]: 'x' }));
      await settled();
      expect([stage.posts.length, (client.refusal.status ?? 0) >= 400]).toEqual([0, true]);
    }
    store.objects.set('x', OURS);
    stage.call(chat({ previous_response_id: 'x' }));
    await settled();
    expect(stage.posts).toHaveLength(1);
  });

  it('a conversation is refused: nobody knows whose it is', async () => {
    const stage = await open();
    expect(await sent(stage, { conversation: 'conv_1' })).toMatchObject({
      ...{ posts: 0, status: 400, code: 'invalid_request' },
    });
  });

  it('nothing goes on while nobody can tell whose it is', async () => {
    const stage = await open();
    store.isAway = true;
    expect(await sent(stage, { previous_response_id: 'x' })).toMatchObject({
      ...{ posts: 0, status: 503, code: 'stored_objects_unavailable' },
    });
    const without = await CallStage.open(books(), { budgets: [] });
    expect(await sent(without, { previous_response_id: 'x' })).toMatchObject({
      ...{ posts: 0, status: 503 },
    });
  });
});

describe('a call that names what is stored goes to the provider that has it', () => {
  it.each([['p1'], ['p2']])('of a route’s candidates to %s', async (provider) => {
    const stage = await open({ deployments: [{}, {}], routed: {} });
    store.objects.set('x', { ...OURS, provider });
    await sent(stage, { previous_response_id: 'x' });
    expect(stage.posts).toHaveLength(1);
    const headers = { 'content-type': 'application/json' };
    stage.posts[0]?.answer.onHeaders(500, headers);
    stage.posts[0]?.answer.onData(Buffer.from('{"error":{"message":"broken"}}'));
    stage.posts[0]?.answer.onEnd();
    await settled();
    // Another candidate knows nothing of it.
    expect(stage.posts).toHaveLength(1);
    expect(stage.events().at(-1)).toMatchObject({ provider });
  });

  it('and is refused where its model is another’s', async () => {
    const stage = await open();
    store.objects.set('x', { ...OURS, provider: 'p2' });
    expect(await sent(stage, { previous_response_id: 'x' })).toMatchObject({
      ...{ posts: 0, status: 400, code: 'invalid_request' },
    });
  });
});

describe('what an answer names is kept for its customer', () => {
  async function answered(stage: CallStage, fields: object = {}) {
    const client = stage.call(ask(fields), responses);
    await settled();
    const { answer } = stage.posts[0] as (typeof stage.posts)[number];
    answer.onHeaders(200, { 'content-type': 'application/json' });
    answer.onData(Buffer.from(JSON.stringify(ANSWER)));
    answer.onEnd();
    await settled();
    return client;
  }

  it('the response and its items, before its last byte leaves', async () => {
    const stage = await open();
    store.hangs = true;
    const client = await answered(stage);
    expect(client.connection.received).toBe('');
    const told = await open();
    const done = await answered(told);
    expect([...store.objects]).toEqual([
      ...[
        ['resp_new', OURS],
        ['msg_new', OURS],
      ],
      ['ig_new', OURS],
      ['ci_new', OURS],
      ['cntr_new', OURS],
    ]);
    expect(done.connection.received).toContain('resp_new');
  });

  it('of one that is not stored, what else its tools would not be known by', async () => {
    const stage = await open();
    await answered(stage, { store: false });
    expect([...store.objects.keys()]).toEqual(['ig_new', 'ci_new', 'cntr_new']);
  });

  it('a store that takes too long keeps no answer back', async () => {
    const stage = await open();
    store.hangs = true;
    const client = await answered(stage);
    await settled(proxyLimits.storedWaitMs);
    expect(client.connection.received).toContain('resp_new');
  });

  it('a store that is away is told when it is back', async () => {
    const stage = await open();
    store.isAway = true;
    const client = await answered(stage);
    expect(client.connection.received).toContain('resp_new');
    expect([store.objects.size, errors.length > 0]).toEqual([0, true]);
    store.isAway = false;
    await settled(proxyLimits.storedRetryMs);
    expect(store.objects.get('resp_new')).toEqual(OURS);
  });
});
