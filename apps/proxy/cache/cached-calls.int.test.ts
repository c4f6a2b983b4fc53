/** Whole calls with the cache: what is answered from it, what is not, and what is recorded of it. */
import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import { openSqliteCache } from '@tollgate/adapters/cache/sqlite-cache.ts';
import type { CacheRule } from '@tollgate/domain/cache/cache-rules.ts';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { PayloadLog } from '../payloads/payload-log.ts';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import { answering, chat, gate, holdingUp, usage } from '../testing/calls.ts';
import { guardrail, openGuardrails } from '../testing/guard-house.ts';
import { CachePurges } from './cache-purges.ts';

const openHouse = useCallHouses();
const folder = mkdtempSync(join(tmpdir(), 'tollgate-cached-'));
const stores: AnswerCache[] = [];
afterAll(async () => {
  await Promise.all(stores.map((store) => store.close()));
  rmSync(folder, { recursive: true, force: true });
});

let house: CallHouse;
let store: AnswerCache;
let purges: CachePurges;
let asked: string[];
beforeEach(async () => {
  const path = join(folder, `${stores.length}.sqlite`);
  const failed = () => {
    throw new Error('the store of answers failed');
  };
  store = await openSqliteCache({ path, logger: { warn: failed } });
  stores.push(store);
  purges = new CachePurges();
  asked = [];
});

const RULE: CacheRule = { mode: 'exact', namespace: 'customer', ttlS: 60, chargePercent: 0 };

/** A provider that is asked for the n-th time says so. */
const numbered: RequestListener = (request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    asked.push(body);
    response.writeHead(200, { 'content-type': 'application/json', 'x-request-id': 'theirs' });
    response.end(answerText(`answer ${asked.length}`));
  });
};

const message = (content: string) => ({ role: 'assistant', content });
function answerText(content: string, more: object = {}): string {
  const choice = { index: 0, message: message(content), finish_reason: 'stop', ...more };
  const known = { id: 'a', object: 'chat.completion', created: 1, model: 'm-2026' };
  return JSON.stringify({ ...known, choices: [choice], usage });
}

async function open(options: Partial<CallHouseOptions> = {}, rules = [RULE]): Promise<void> {
  const cache = { store, purges, rules };
  house = await openHouse({ providers: [numbered], cache, ...options });
}

type Told = { status: number; cache: string | null; said: string; headers: Headers };

async function call(fields: object = {}, headers: Record<string, string> = {}): Promise<Told> {
  return tell(await post(chat(fields), headers));
}

async function tell(response: Response): Promise<Told> {
  const { status, headers } = response;
  const text = await response.text();
  return { status, cache: headers.get('x-tollgate-cache'), said: saidIn(text), headers };
}

const post = (body: string, headers: Record<string, string> = {}, path = 'chat/completions') =>
  fetch(`${house.url}/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

function saidIn(text: string): string {
  if (!text.startsWith('data: ')) return JSON.parse(text).choices?.[0].message.content ?? text;
  const chunks = text.split('\n\n').filter((event) => event.startsWith('data: {'));
  const deltas = chunks.map((event) => JSON.parse(event.slice(6)).choices[0]?.delta.content ?? '');
  return `${deltas.join('')}${text.endsWith('data: [DONE]\n\n') ? '' : ' (cut)'}`;
}

describe('a call that was made before', () => {
  it('is answered by the same bytes, and its event says what it saved', async () => {
    await open();
    const first = await post(chat());
    const second = await post(chat());
    expect([first.headers.get('x-tollgate-cache'), await second.text()]).toEqual([
      'miss',
      await first.text(),
    ]);
    expect(Object.fromEntries(second.headers)).toMatchObject({
      ...{ 'x-tollgate-cache': 'hit', 'x-tollgate-cost': '0.000000000000' },
      age: expect.stringMatching(/^[01]$/),
      ...{ 'x-tollgate-saved': '0.000000000042', 'x-tollgate-provider': 'p1' },
      ...{ 'x-tollgate-attempts': '0', 'content-type': 'application/json' },
      'x-tollgate-call-id': expect.any(String),
    });
    expect(asked).toHaveLength(1);
    expect(house.events()).toMatchObject([
      { type: 'attempt', cost: '0.000000000042', cache: 'miss' },
      {
        ...{ type: 'cache_hit', cache: 'hit', status: 'ok', attempt: 0, model_served: 'm-2026' },
        ...{ cost: '0.000000000000', saved_cost: '0.000000000042', saved_tokens: 42 },
        ...{ input_tokens: 0, output_tokens: 0, requests: 0, price_version: 'v1' },
        call_id: second.headers.get('x-tollgate-call-id'),
      },
    ]);
  });

  it('is in the payload log, as what left for its client, if its key has opted in', async () => {
    const kept: string[] = [];
    const opened = () => {
      let text = '';
      return {
        take: (bytes: Buffer) => {
          text += bytes;
        },
        ended: (_: object, status: number) => void kept.push(`${status} ${text}`),
      };
    };
    const payloads = { open: opened } as unknown as PayloadLog;
    await open({ payloads, key: { payloadLog: true } });
    const said = [await (await post(chat())).text(), await (await post(chat())).text()];
    await house.idle();
    expect(kept).toEqual(said.map((text) => `200 ${text}`));
    expect(asked).toHaveLength(1);
  });

  it('I9: gets no byte before its event is durable', async () => {
    const durable = gate();
    await open({ submit: holdingUp('recorded', durable.opened) });
    await call();
    let hasAnswer = false;
    const second = post(chat()).then((response) => {
      hasAnswer = true;
      return tell(response);
    });
    while (house.writes.length < 3) await new Promise(setImmediate);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(hasAnswer).toBe(false);
    durable.open();
    expect(await second).toMatchObject({ cache: 'hit', said: 'answer 1' });
  });

  it.each([
    ['no rule', []],
    ['a rule for another model', [{ ...RULE, models: ['other*'] }]],
    ['an exception', [{ ...RULE, models: ['m'], mode: 'off' as const }, RULE]],
  ])('is sent again with %s', async (_, rules) => {
    await open({}, rules);
    expect([(await call()).said, (await call()).said]).toEqual(['answer 1', 'answer 2']);
  });

  // litellm#894, litellm#5049, litellm PR#25673, NadirClaw#90, OrcaRouter-Lite#84: lists of parameters that
  // were in the key, and all others were not.
  it('with another spelling is the same, with another word, number or member is not', async () => {
    await open();
    const body = '{"model":"m","messages":[{"role":"user","content":"caf\u00e9"}],"seed":1}';
    const said = async (text: string) => (await tell(await post(text))).said;
    expect(await said(body)).toBe('answer 1');
    for (const same of [
      '{ "seed" : 1.0, "model":"m", "messages":[{"role":"user", "content":"caf\\u00e9"}]}',
      '{"user":"u","stream":true,"model":"m","messages":[{"role":"user","content":"café"}],"seed":1}',
    ]) {
      expect([same, await said(same)]).toEqual([same, 'answer 1']);
    }
    for (const other of [
      body.replace('caf\u00e9', 'cafe\u0301'),
      body.replace('caf\u00e9', 'cafe'),
      body.replace('"seed":1', '"seed":9007199254740993'),
      body.replace('"seed":1', '"seed":9007199254740992'),
      body.replace('"seed":1', '"seed":1,"temperature":0'),
      body.replace('"seed":1', '"seed":1,"max_tokens":9'),
      body.replace('"seed":1', '"seed":1,"tool_choice":"none"'),
      body.replace('"role":"user"', '"role":"system"'),
      body.replace('"role":"user",', '"role":"user","name":"x",'),
    ]) {
      expect([other, await said(other)]).toEqual([other, `answer ${asked.length}`]);
    }
    expect(asked).toHaveLength(10);
  });

  it('whose answer depends on more than its body, or that is ambiguous, is sent again', async () => {
    await open();
    for (const body of [
      chat({ store: true }),
      chat({ web_search_options: {} }),
      chat().replace('{', '{"seed":1,"seed":2,'),
      chat().replace('{', '{"Seed":1,"seed":1,'),
    ]) {
      const before = asked.length;
      await post(body).then(tell);
      await post(body).then(tell);
      expect([body, asked.length - before]).toEqual([body, 2]);
    }
  });
});

describe('I10: an answer', () => {
  const keys = {
    a2: { keyId: 'key_2' },
    b: { customerId: 'cus_2', keyId: 'key_3' },
    twin: { customerId: 'cus_1\u200b' },
  };

  // litellm#29955, OmniRoute#3740: teams that sent the same request shared entries.
  it('is of one customer, whichever of its keys asks, and of no other', async () => {
    await open({ keys });
    const said = async (key: string) => (await call({}, { 'x-key': key })).said;
    expect([await said('a1'), await said('a2'), await said('b'), await said('twin')]).toEqual([
      ...['answer 1', 'answer 1', 'answer 2', 'answer 3'],
    ]);
    expect([await said('b'), await said('a1')]).toEqual(['answer 2', 'answer 1']);
  });

  it('is of one key, or of one end user, where the rule says so', async () => {
    await open({ keys }, [{ ...RULE, models: ['m'], namespace: 'key' }]);
    const said = async (key: string) => (await call({}, { 'x-key': key })).said;
    expect([await said('a1'), await said('a2'), await said('a1')]).toEqual([
      ...['answer 1', 'answer 2', 'answer 1'],
    ]);
    await house.close();
    await open({ keys }, [{ ...RULE, namespace: 'end_user' }]);
    const of = async (user: object, headers = {}) => (await call(user, headers)).said;
    expect([
      await of({ user: 'u' }),
      await of({ safety_identifier: 'u' }),
      await of({}, { 'x-tollgate-end-user': 'u' }),
      await of({ user: 'U' }),
      await of({}),
      await of({ user: 'null' }),
      await of({ user: 'u' }, { 'x-key': 'b' }),
    ]).toEqual([
      ...['answer 3', 'answer 4', 'answer 5', 'answer 6', 'answer 7', 'answer 8', 'answer 9'],
    ]);
    // Whom the head names is one end user; whom the provider is told of is another thing.
    const named = { 'x-tollgate-end-user': 'w' };
    expect([
      await of({ user: 'w' }, named),
      await of({ user: 'x' }, named),
      await of({ safety_identifier: 'x' }, named),
      await of({ user: 'x' }, named),
    ]).toEqual(['answer 10', 'answer 11', 'answer 12', 'answer 11']);
  });

  it('is shared by customers only where the configuration says so by name', async () => {
    await open({ keys }, [{ ...RULE, namespace: 'installation' }]);
    expect((await call({}, { 'x-key': 'a1' })).said).toBe('answer 1');
    expect((await call({}, { 'x-key': 'b' })).said).toBe('answer 1');
    expect(house.events().at(-1)).toMatchObject({ type: 'cache_hit', customer_id: 'cus_2' });
  });

  it('that guardrails would judge is not served unjudged: such a call is sent', async () => {
    const scope = { customers: null, teams: null, keys: ['key_2'], environments: null, tags: {} };
    const webhook = {
      url: 'http://127.0.0.1:1/',
      onAnswer: true,
      whenUnavailable: 'open' as const,
    };
    await open({ keys, guardrails: openGuardrails([guardrail({ scope, webhook })]) });
    const said = async (key: string) => (await call({}, { 'x-key': key })).said;
    expect([await said('a1'), await said('a2'), await said('a2'), await said('a1')]).toEqual([
      ...['answer 1', 'answer 2', 'answer 3', 'answer 1'],
    ]);
  });

  it('that the store has under a wrong name is not served', async () => {
    await open({ keys });
    await call();
    const get = store.get.bind(store);
    let value: Uint8Array | null = null;
    store.get = async (key) => {
      value ??= await get(key);
      return value;
    };
    expect((await call()).cache).toBe('hit');
    expect((await call({}, { 'x-key': 'b' })).said).toBe('answer 2');
  });
});

describe('streams and JSON', () => {
  const piece = (delta: object, more: object = {}) =>
    `data: ${JSON.stringify({ id: 'a', model: 'm-2026', choices: [{ index: 0, delta, ...more }] })}\n\n`;
  const STREAM =
    piece({ role: 'assistant', content: '' }) +
    piece({ content: 'one ' }) +
    piece({ content: 'two' }) +
    piece({}, { finish_reason: 'stop' }) +
    `data: ${JSON.stringify({ id: 'a', choices: [], usage })}\n\n` +
    'data: [DONE]\n\n';
  const streaming: RequestListener = (_request, response) => {
    asked.push('');
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.end(STREAM);
  };

  it('a stream is given again as JSON, and as a stream', async () => {
    await open({ providers: [streaming] });
    expect((await call({ stream: true })).said).toBe('one two');
    const json = await (await post(chat())).json();
    expect(json).toMatchObject({
      ...{ id: 'a', object: 'chat.completion', model: 'm-2026', usage },
      choices: [{ index: 0, message: message('one two'), finish_reason: 'stop' }],
    });
    const again = await call({ stream: true });
    expect([again.said, again.cache, again.headers.get('content-type')]).toEqual([
      ...['one two', 'hit', 'text/event-stream; charset=utf-8'],
    ]);
    expect(asked).toHaveLength(1);
  });

  it('JSON is given again as a stream, with the usage only for those who ask for it', async () => {
    await open();
    await call();
    const plain = await (await post(chat({ stream: true }))).text();
    const options = { stream: true, stream_options: { include_usage: true } };
    const stating = await (await post(chat(options))).text();
    expect([plain, stating].map(saidIn)).toEqual(['answer 1', 'answer 1']);
    expect([plain, stating].map((text) => text.includes('prompt_tokens'))).toEqual([false, true]);
    expect(asked).toHaveLength(1);
    expect(house.events().map(({ stream }) => stream)).toEqual([false, true, true]);
  });

  it('an embedding is given again', async () => {
    const body = JSON.stringify({ data: [{ embedding: [0.1], index: 0 }], usage, model: 'e' });
    await open({ providers: [answering(200, body)] });
    const ask = () => post('{"model":"m","input":"x"}', {}, 'embeddings');
    const [first, second] = [await ask(), await ask()];
    expect([await first.text(), await second.text()]).toEqual([body, body]);
    expect(second.headers.get('x-tollgate-cache')).toBe('hit');
  });

  const chunk = (choice: object) => `data: ${JSON.stringify({ choices: [choice], usage })}\n\n`;
  const done = { delta: { content: 'x' }, finish_reason: 'stop' };
  describe('an answer is never given again', () => {
    type Never = [name: string, body: string, type?: string, status?: number];
    // gonka#1722: streams that were cut, or had no end but [DONE], were served for an hour.
    // LightRAG PR#3446: answers that a limit had cut. semantic-router PR#937: errors.
    it.each([
      ['that its limit has cut', answerText('x', { finish_reason: 'length' })],
      ['that a filter has cut', answerText('x', { finish_reason: 'content_filter' })],
      ['without a reason for its end', answerText('x', { finish_reason: null })],
      ['with an error in a choice', answerText('x', { error: { message: 'no' } })],
      ['that is an error', JSON.stringify({ error: { message: 'no' } })],
      ['without usage', JSON.stringify({ ...JSON.parse(answerText('x')), usage: undefined })],
      ['that is cut JSON', answerText('x').slice(0, -5)],
      ['that is empty', ''],
      ['that is whole and says nothing', answerText('')],
      [
        'in a stream that ends as it should and says nothing',
        `${chunk({ delta: { role: 'assistant', content: '' }, finish_reason: 'stop' })}data: [DONE]\n\n`,
        'text/event-stream',
      ],
      ['with a status of an error', answerText('x'), 'application/json', 500],
      ['with another status of success', answerText('x'), 'application/json', 203],
      ['in a stream without its end', chunk(done), 'text/event-stream'],
      [
        'in a stream that says only that it is done',
        `${chunk({ delta: { content: 'x' } })}data: [DONE]\n\n`,
        'text/event-stream',
      ],
      [
        'in a stream that a limit has cut',
        `${chunk({ ...done, finish_reason: 'length' })}data: [DONE]\n\n`,
        'text/event-stream',
      ],
      [
        'in a stream with an error',
        `${chunk(done)}data: {"error":{"message":"no"}}\n\ndata: [DONE]\n\n`,
        'text/event-stream',
      ],
      [
        'in a stream with a chunk that nobody can read',
        `data: {"choices":[{"delta":{"content":NaN}}\n\n${chunk(done)}data: [DONE]\n\n`,
        'text/event-stream',
      ],
      [
        'with a choice that has not ended',
        `${chunk(done)}${chunk({ index: 1, delta: { content: 'y' } })}data: [DONE]\n\n`,
        'text/event-stream',
      ],
    ] as Never[])('%s', async (_, body, type, status = 200) => {
      const sent: RequestListener = (request, response) => {
        asked.push('');
        answering(status, body, type ?? 'application/json')(request, response);
      };
      await open({ providers: [sent] });
      for (const stream of [true, true, false]) await post(chat({ stream })).then((r) => r.text());
      expect(asked).toHaveLength(3);
      expect(house.events().map((event) => event.type)).toEqual(['attempt', 'attempt', 'attempt']);
    });
  });
});

describe('what a call asks for', () => {
  it('`no-store` leaves no trace and looks for none; `no-cache` asks again and stores', async () => {
    await open();
    const asks = (control: string) => call({}, { 'cache-control': control });
    expect([(await asks('no-store')).said, (await call()).said]).toEqual(['answer 1', 'answer 2']);
    expect([(await asks('no-store')).said, (await call()).said]).toEqual(['answer 3', 'answer 2']);
    expect([(await asks('no-cache')).said, (await call()).said]).toEqual(['answer 4', 'answer 4']);
    const ours = { 'cache-control': 'no-cache', 'x-tollgate-cache-control': 'max-age=60' };
    expect((await call({}, ours)).said).toBe('answer 4');
  });

  it('an age: nothing older is served; and a time: nothing is kept for longer', async () => {
    await open();
    await call({}, { 'x-tollgate-cache-ttl': '1' });
    expect((await call({}, { 'cache-control': 'max-age=5' })).cache).toBe('hit');
    expect((await call({}, { 'cache-control': 'max-age=0' })).said).toBe('answer 2');
    await call({ seed: 2 }, { 'x-tollgate-cache-ttl': '1' });
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    expect((await call({ seed: 2 })).said).toBe('answer 4');
  });
});

describe('what changes between an answer and its repetition', () => {
  const priced = (pico: string) =>
    ({
      ...{ version: 'v2', source: 'price_book' },
      price: compilePrice({
        input: [{ from_input_tokens: 0, pico_usd_per_million: pico }],
        output: [{ from_input_tokens: 0, pico_usd_per_million: pico }],
      }),
    }) as NonNullable<(typeof house.route)[0]['price']>;

  // llmgateway PR#2518, litellm PR#21816: hits were stated at the cost of the first call.
  it('I7: a price: the hit is priced as of now', async () => {
    await open({}, [{ ...RULE, chargePercent: 25 }]);
    await call();
    house.route[0] = { ...(house.route[0] as (typeof house.route)[0]), price: priced('2000000') };
    expect((await call()).headers.get('x-tollgate-cost')).toBe('0.000000000021');
    expect(house.events().at(-1)).toMatchObject({
      ...{ cost: '0.000000000021', saved_cost: '0.000000000063', price_version: 'v2' },
    });
  });

  it('I8: a price that is gone: a hit without a cost saves nobody knows what; one with a cost is none', async () => {
    await open({}, [{ ...RULE, models: ['m'] }]);
    await call();
    house.route[0] = { ...(house.route[0] as (typeof house.route)[0]), price: null };
    expect((await call()).headers.get('x-tollgate-saved')).toBeNull();
    expect(house.events().at(-1)).toMatchObject({ cost: '0.000000000000', saved_cost: null });
    await house.close();
    await open({}, [{ ...RULE, chargePercent: 10 }]);
    expect((await call()).cache).toBe('hit');
    house.route[0] = { ...(house.route[0] as (typeof house.route)[0]), price: null };
    expect((await call()).said).toBe('answer 2');
  });

  it('a mapping: the answer of a model that the name led to is not served', async () => {
    await open({ providers: [numbered, numbered] });
    const [first, second] = house.route.splice(0) as [
      (typeof house.route)[0],
      (typeof house.route)[0],
    ];
    const led = async (...route: (typeof house.route)[0][]) => {
      house.route.splice(0, 2, ...route);
      const { said, headers } = await call();
      return [said, headers.get('x-tollgate-provider')];
    };
    expect(await led(first)).toEqual(['answer 1', 'p1']);
    expect(await led(second)).toEqual(['answer 2', 'p2']);
    expect(await led({ ...second, model: 'm-new' })).toEqual(['answer 3', 'p2']);
    // A fallback may have answered: the answer is of a model that the call may get.
    expect(await led(first, { ...second, model: 'm-new' })).toEqual(['answer 3', 'p2']);
  });

  it('a purge: neither what was stored nor what was on its way is served', async () => {
    const running = gate();
    const slow: RequestListener = async (request, response) => {
      if (asked.length === 1) await running.opened;
      numbered(request, response);
    };
    await open({ providers: [slow] });
    expect((await call()).said).toBe('answer 1');
    const late = call({ seed: 2 });
    while (house.writes.length < 3) await new Promise(setImmediate);
    purges.apply({ purge_id: 'p', customer_id: 'cus_1', model: null }, 0);
    running.open();
    await late;
    expect([(await call()).said, (await call({ seed: 2 })).said]).toEqual(['answer 3', 'answer 4']);
    expect([(await call()).said, (await call({ seed: 2 })).said]).toEqual(['answer 3', 'answer 4']);
    purges.apply({ purge_id: 'p', customer_id: null, model: 'other' }, 1);
    expect((await call()).said).toBe('answer 3');
    purges.apply({ purge_id: 'p', customer_id: null, model: 'm' }, 2);
    expect((await call()).said).toBe('answer 5');
  });

  it('of a call that was on its way is not even stored', async () => {
    const running = gate();
    const stored: string[] = [];
    const { put } = store;
    store.put = (answer) => {
      stored.push(answer.model);
      return put.call(store, answer);
    };
    await open({ submit: holdingUp('finished', running.opened) });
    const late = call();
    while (house.writes.length < 2) await new Promise(setImmediate);
    purges.apply({ purge_id: 'p', customer_id: 'cus_1', model: null }, 0);
    running.open();
    await late;
    expect(stored).toEqual([]);
    expect([(await call()).said, stored]).toEqual(['answer 2', ['m']]);
  });
});

describe('a hit that costs something', () => {
  const hitId = () => house.events().at(-1)?.id ?? '';
  const rules = [{ ...RULE, chargePercent: 50 }];

  it('I3: is charged to the budgets of money alone, like any call', async () => {
    await open({ budgets: [{}, { unit: 'requests', limit: 10n ** 15n }] }, rules);
    await call();
    await call();
    const [money, ...others] = house.holds.at(-1) ?? [];
    expect([money?.unit.text, money?.parts[0]?.amount, others]).toEqual(['usd', 21n, []]);
    const event = house.events().at(-1);
    expect(event).toMatchObject({ cost: '0.000000000021', saved_cost: '0.000000000021' });
    expect(event).toMatchObject({ hold_amounts: ['0.000000000021'], hold_units: ['usd'] });
    // One write: a crash between two would leave a start that is charged at its hold, and nothing left.
    const ofHit = house.writes.filter((write) => 'event' in write && write.event.includes(hitId()));
    expect(ofHit.map(({ op }) => op)).toEqual(['charged']);
    const { leases } = await house.journal.contents();
    const lease = leases.find(({ leaseId }) => leaseId === money?.parts[0]?.lease.leaseId);
    expect(lease?.spent).toBe(42n + 21n);
  });

  it('is refused where the budget cannot pay for it', async () => {
    await open({ budgets: [{ limit: 250n }], tolerant: true }, rules);
    await call();
    const statuses: number[] = [];
    for (let i = 0; i < 14 && statuses.at(-1) !== 402; i++) statuses.push((await call()).status);
    expect([statuses.at(-1), asked.length]).toEqual([402, 1]);
    expect(house.events().at(-1)).toMatchObject({ type: 'refusal', error_type: 'budget_exceeded' });
  });
});

it('a store that fails or is slow is a miss, and no call fails by it', async () => {
  const failures: string[] = [];
  const rules = [RULE];
  const cache = {
    store,
    purges,
    rules,
    onError: (_: unknown, doing: string) => failures.push(doing),
  };
  house = await openHouse({ providers: [numbered], cache, limits: { cacheLookupMs: 30 } });
  store.put = () => Promise.reject(new Error('full'));
  store.get = () => Promise.reject(new Error('away'));
  expect((await call()).said).toBe('answer 1');
  store.get = () => new Promise(() => undefined);
  expect((await call()).said).toBe('answer 2');
  expect(failures).toEqual(['read', 'write', 'write']);
});
