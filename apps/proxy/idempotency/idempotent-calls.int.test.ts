/**
 * Whole calls that state an `Idempotency-Key`, on a real store: what was sent once is never sent again,
 * whichever proxy is asked and whatever became of the first call; and what was not sent may be.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IdempotencyStore } from '@tollgate/adapters/idempotency/idempotency-store.ts';
import { openSqliteIdempotency } from '@tollgate/adapters/idempotency/sqlite-idempotency.ts';
import OpenAI from 'openai';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FAILURES } from '../call/attempt-end.ts';
import { type ProxyLimits, proxyLimits } from '../limits.ts';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import {
  CHUNK,
  chat,
  DONE,
  gate,
  startStream,
  tick,
  USAGE,
  until,
  usage,
} from '../testing/calls.ts';
import { IdempotentCalls } from './idempotent-calls.ts';

const openHouse = useCallHouses();
const openOther = useCallHouses();
let folder: string;
let house: CallHouse;
const opened: IdempotentCalls[] = [];
let claims: string[];
let errors: unknown[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-keys-'));
  claims = [];
  errors = [];
});
afterEach(async () => {
  await Promise.all(opened.splice(0).map((calls) => calls.close()));
  rmSync(folder, { recursive: true, force: true });
});

/** Of one proxy. All of a test share a file. */
function idempotency(limits: Partial<ProxyLimits> = {}, store?: IdempotencyStore): IdempotentCalls {
  const calls = new IdempotentCalls({
    store: store ?? openSqliteIdempotency({ path: join(folder, 'keys.sqlite') }),
    lifeMs: 3_600_000,
    limits: { ...proxyLimits, ...limits },
    failures: FAILURES,
    onClaim: (kind) => claims.push(kind),
    onError: (error) => errors.push(error),
  });
  opened.push(calls);
  return calls;
}

const message = { role: 'assistant', content: 'hello' };
const ANSWER = JSON.stringify({ choices: [{ index: 0, message, finish_reason: 'stop' }], usage });

/** Answers JSON, and counts how often it was asked. */
function provider(answer: RequestListener = json) {
  const counted = {
    asked: 0,
    listener: ((request, response) => {
      counted.asked++;
      request.resume();
      return answer(request, response);
    }) as RequestListener,
  };
  return counted;
}
const json: RequestListener = (_request, response) =>
  void response.writeHead(200, { 'content-type': 'application/json' }).end(ANSWER);
const stream: RequestListener = (_request, response) => {
  startStream(response).write(CHUNK);
  response.end(USAGE + DONE);
};

async function open(
  options: Partial<CallHouseOptions> & { providers: CallHouseOptions['providers'] },
): Promise<void> {
  house = await openHouse({ budgets: [{}], idempotency: idempotency(options.limits), ...options });
}

type Said = { status: number; text: string; headers: Headers };

async function ask(key: string | null, body = chat(), of = house): Promise<Said> {
  const response = await fetch(`${of.url}/v1/chat/completions`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(key === null ? {} : { 'idempotency-key': key }),
    },
    body,
  });
  return { status: response.status, text: await response.text(), headers: response.headers };
}

const codeOf = ({ text }: Said) => (JSON.parse(text) as { error?: { code: string } }).error?.code;
const attempts = () => house.events().filter(({ type }) => type === 'attempt');

describe('the same call under the same key', () => {
  it.each([
    ['JSON', json, chat(), ANSWER],
    ['a stream, whole', stream, chat({ stream: true }), CHUNK + DONE],
  ])('is answered from the record and not sent again: %s', async (_what, answer, body, text) => {
    const asked = provider(answer);
    await open({ providers: [asked.listener] });
    const first = await ask('k', body);
    const again = await ask('k', body);
    expect([first.text, again.text, again.status, asked.asked]).toEqual([text, text, 200, 1]);
    for (const name of ['content-type', 'x-tollgate-call-id', 'x-tollgate-model']) {
      expect([name, again.headers.get(name)]).toEqual([name, first.headers.get(name)]);
    }
    expect(first.headers.get('idempotent-replayed')).toBeNull();
    expect(again.headers.get('idempotent-replayed')).toBe('true');
    // It cost nothing, and is no usage.
    expect(again.headers.get('x-tollgate-cost')).toBe('0.000000000000');
    expect(again.headers.get('x-tollgate-budget-remaining')).toBeNull();
    expect(house.events()).toHaveLength(1);
  });

  it('without the header, under another key, or of another virtual key it is a call of its own', async () => {
    const asked = provider();
    const shared = idempotency();
    await open({ providers: [asked.listener], idempotency: shared });
    const other = await openOther({
      ...{ providers: [asked.listener], key: { keyId: 'key_2' }, idempotency: shared },
    });
    for (const key of ['k', 'k2', null, null]) await ask(key);
    // I10: what another key was answered is not for this one.
    expect((await ask('k', chat(), other)).headers.get('idempotent-replayed')).toBeNull();
    expect(asked.asked).toBe(5);
  });

  it('another body under it is 409, and is not sent', async () => {
    const asked = provider();
    await open({ providers: [asked.listener] });
    await ask('k');
    const other = await ask('k', chat({ max_tokens: 9 }));
    expect([other.status, codeOf(other), asked.asked]).toEqual([409, 'idempotency_mismatch', 1]);
    expect(other.headers.get('x-should-retry')).toBe('false');
  });

  it('while the first one runs it is 409 with a time to wait, and the answer after that', async () => {
    const more = gate();
    const asked = provider(async (request, response) => {
      await more.opened;
      json(request, response);
    });
    await open({ providers: [asked.listener] });
    const first = ask('k');
    await until(() => asked.asked === 1);
    const early = await ask('k');
    expect([early.status, codeOf(early)]).toEqual([409, 'idempotency_in_flight']);
    expect(early.headers.get('x-should-retry')).toBe('true');
    expect(Number(early.headers.get('retry-after'))).toBeGreaterThan(0);
    more.open();
    expect([(await first).text, (await ask('k')).text, asked.asked]).toEqual([ANSWER, ANSWER, 1]);
  });

  it('a key that is none is refused: it would not be found again', async () => {
    const asked = provider();
    await open({ providers: [asked.listener] });
    const said = [await ask(''), await ask('x'.repeat(256)), await ask('é')];
    expect(said.map((one) => [one.status, codeOf(one)])).toEqual(
      said.map(() => [400, 'idempotency_key_invalid']),
    );
    expect(asked.asked).toBe(0);
  });
});

describe('what is not known to be unbilled is never sent twice', () => {
  it('an answer that broke off: its error is given again, and says not to repeat it', async () => {
    const asked = provider((_request, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).write('{"choices":[');
      setTimeout(() => response.destroy(), 20);
    });
    await open({ providers: [asked.listener] });
    const first = await ask('k');
    const again = await ask('k');
    expect([first, again].map((said) => [said.status, codeOf(said)])).toEqual([
      ...[
        [502, 'upstream_failed'],
        [502, 'upstream_failed'],
      ],
    ]);
    expect(again.headers.get('x-should-retry')).toBe('false');
    expect(asked.asked).toBe(1);
  });

  it('a client that left gets the whole answer when it comes again, if its key drains', async () => {
    const more = gate();
    const asked = provider(async (_request, response) => {
      startStream(response).write(CHUNK);
      await more.opened;
      response.end(CHUNK + USAGE + DONE);
    });
    await open({ providers: [asked.listener], key: { onDisconnect: 'drain' } });
    const body = chat({ stream: true });
    const leaving = new AbortController();
    const first = await fetch(`${house.url}/v1/chat/completions`, {
      ...{ method: 'POST', signal: leaving.signal, body },
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
    });
    await first.body?.getReader().read();
    leaving.abort();
    await tick();
    expect(codeOf(await ask('k', body))).toBe('idempotency_in_flight');
    more.open();
    await until(() => house.handler.inFlight === 0);
    expect((await ask('k', body)).text).toBe(CHUNK + CHUNK + DONE);
    expect([asked.asked, attempts()[0]?.status]).toEqual([1, 'client_closed']);
  });

  it('and is told that its answer is lost, if its key aborts', async () => {
    const asked = provider((_request, response) => void startStream(response).write(CHUNK));
    await open({ providers: [asked.listener], key: { onDisconnect: 'abort' } });
    const body = chat({ stream: true });
    const leaving = new AbortController();
    const first = await fetch(`${house.url}/v1/chat/completions`, {
      ...{ method: 'POST', signal: leaving.signal, body },
      headers: { 'content-type': 'application/json', 'idempotency-key': 'k' },
    });
    await first.body?.getReader().read();
    leaving.abort();
    await until(() => house.handler.inFlight === 0);
    const again = await ask('k', body);
    expect([again.status, codeOf(again)]).toEqual([409, 'idempotency_answer_lost']);
    expect([again.headers.get('x-should-retry'), asked.asked]).toEqual(['false', 1]);
  });

  it('an answer that is too large to keep is given once, and lost after that', async () => {
    const asked = provider();
    await open({ providers: [asked.listener], limits: { replayBytesMax: 50 } });
    expect((await ask('k')).text).toBe(ANSWER);
    expect([codeOf(await ask('k')), asked.asked]).toEqual(['idempotency_answer_lost', 1]);
  });

  it('a call whose proxy died is lost within its lease: not stuck, and not sent again', async () => {
    const asked = provider();
    const limits = { idempotencyLeaseMs: 1_500, idempotencyRenewMs: 60_000 };
    await open({ providers: [asked.listener], limits });
    const dead = idempotency(limits);
    const call = { endpoint: { name: 'chat.completions' }, key: { keyId: 'key_1' } };
    await dead.begin('k', {
      ...call,
      callId: 'c',
      endUser: null,
      body: Buffer.from(chat()),
    } as never);
    expect(codeOf(await ask('k'))).toBe('idempotency_in_flight');
    await sleep(1_600);
    expect([codeOf(await ask('k')), asked.asked]).toEqual(['idempotency_answer_lost', 0]);
  });

  it('a call that runs for longer than a lease keeps its key', async () => {
    const more = gate();
    const asked = provider(async (request, response) => {
      await more.opened;
      json(request, response);
    });
    const limits = { idempotencyLeaseMs: 300, idempotencyRenewMs: 50 };
    await open({ providers: [asked.listener], limits });
    const first = ask('k');
    await sleep(600);
    expect(codeOf(await ask('k'))).toBe('idempotency_in_flight');
    more.open();
    expect([(await first).text, asked.asked]).toEqual([ANSWER, 1]);
  });

  it('through two proxies it is sent once', async () => {
    const asked = provider(async (request, response) => {
      await sleep(30);
      json(request, response);
    });
    await open({ providers: [asked.listener] });
    const other = await openOther({ providers: [asked.listener], idempotency: idempotency() });
    const said = await Promise.all(
      Array.from({ length: 20 }, (_, i) => ask('k', chat(), i % 2 === 0 ? house : other)),
    );
    expect(asked.asked).toBe(1);
    // Who came while it ran was told so; who came later got its answer.
    const answered = said.filter(({ status }) => status === 200);
    expect(new Set(answered.map(({ text }) => text))).toEqual(new Set([ANSWER]));
    const others = said.filter(({ status }) => status !== 200);
    expect(others.every((one) => codeOf(one) === 'idempotency_in_flight')).toBe(true);
    expect((await ask('k', chat(), other)).text).toBe(ANSWER);
  });
});

describe('what was not sent, or is known to be unbilled, may be tried again under its key', () => {
  it('a refusal of ours, and one of the provider', async () => {
    let status = 429;
    const asked = provider((request, response) => {
      if (status === 200) return json(request, response);
      response.writeHead(status, { 'content-type': 'application/json' }).end('{"error":{}}');
    });
    await open({ providers: [asked.listener] });
    const broken = await ask('k', '{');
    expect([broken.status, (await ask('k')).status, (await ask('k')).status]).toEqual([
      ...[400, 429, 429],
    ]);
    status = 200;
    expect([(await ask('k')).text, (await ask('k')).text, asked.asked]).toEqual([
      ANSWER,
      ANSWER,
      3,
    ]);
  });

  it('a provider that was not reached', async () => {
    await open({ providers: [null] });
    const said = [await ask('k'), await ask('k')];
    expect(said.map(codeOf)).toEqual(['upstream_unreachable', 'upstream_unreachable']);
    expect(said.map(({ headers }) => headers.get('idempotent-replayed'))).toEqual([null, null]);
  });
});

describe('a store that is away', () => {
  it('refuses calls that state a key with 503, and leaves all others alone', async () => {
    const asked = provider();
    const away = new Error('away');
    const fail = () => Promise.reject(away);
    const store = {
      claim: fail,
      renew: fail,
      finish: fail,
      forget: fail,
      close: async () => undefined,
    };
    await open({
      providers: [asked.listener],
      idempotency: idempotency({}, store as IdempotencyStore),
    });
    const said = await ask('k');
    expect([said.status, codeOf(said), asked.asked]).toEqual([503, 'idempotency_unavailable', 0]);
    expect(said.headers.get('x-should-retry')).toBe('true');
    expect([(await ask(null)).text, asked.asked]).toEqual([ANSWER, 1]);
    expect([claims, errors.includes(away)]).toEqual([['unavailable'], true]);
  });

  it('at the end of a call is told when it is back: neither the answer nor the key is lost', async () => {
    const asked = provider();
    const real = openSqliteIdempotency({ path: join(folder, 'keys.sqlite') });
    let isAway = false;
    const when = <T>(ask: () => Promise<T>) => (isAway ? Promise.reject(new Error('away')) : ask());
    const store: IdempotencyStore = {
      claim: (claim) => real.claim(claim),
      renew: (...given) => when(() => real.renew(...given)),
      finish: (...given) => when(() => real.finish(...given)),
      forget: (...given) => when(() => real.forget(...given)),
      close: () => real.close(),
    };
    await open({
      ...{ providers: [asked.listener] },
      idempotency: idempotency({ idempotencyRenewMs: 50 }, store),
    });
    isAway = true;
    expect((await ask('k')).text).toBe(ANSWER);
    expect((await ask('r', '{')).status).toBe(400);
    expect(codeOf(await ask('k'))).toBe('idempotency_in_flight');
    isAway = false;
    await sleep(200);
    expect([(await ask('k')).text, (await ask('r')).text, asked.asked]).toEqual([
      ANSWER,
      ANSWER,
      2,
    ]);
  });
});

describe("OpenAI's own SDK", () => {
  /** As its generator makes clients that send one: the same for all retries of a call. */
  class Idempotent extends OpenAI {
    override idempotencyHeader = 'Idempotency-Key';
  }
  const request = {
    ...{ model: 'm', max_tokens: 10 },
    messages: [{ role: 'user' as const, content: 'hi' }],
  };

  it('gives up on a slow answer, asks again under the same key, and is charged once', async () => {
    const asked = provider(async (req, response) => {
      await sleep(400);
      json(req, response);
    });
    await open({ providers: [asked.listener] });
    const client = new Idempotent({
      ...{ baseURL: `${house.url}/v1`, apiKey: 'tg_x', timeout: 200, maxRetries: 4 },
    });
    const { choices } = await client.chat.completions.create(request);
    expect([choices[0]?.message.content, asked.asked]).toEqual(['hello', 1]);
    expect([attempts().length, attempts()[0]?.cost]).toEqual([1, '0.000000000042']);
  });

  it('asks no more once it is told that a key belongs to another call', async () => {
    const asked = provider();
    await open({ providers: [asked.listener] });
    const client = new OpenAI({ baseURL: `${house.url}/v1`, apiKey: 'tg_x', maxRetries: 4 });
    const headers = { 'Idempotency-Key': 'k' };
    await client.chat.completions.create(request, { headers });
    const other = client.chat.completions.create({ ...request, max_tokens: 9 }, { headers });
    await expect(other).rejects.toMatchObject({ status: 409, code: 'idempotency_mismatch' });
    expect([claims, asked.asked]).toEqual([['first', 'mismatch'], 1]);
  });
});

it('a call whose path says what it asks for is another one under another path, with the same body', async () => {
  const counted = provider((_request, response) => void response.end('{"candidates":[]}'));
  await open({ providers: [counted.listener] });
  const body = JSON.stringify({ contents: [], generationConfig: { maxOutputTokens: 9 } });
  const askFor = async (model: string) => {
    const headers = { 'content-type': 'application/json', 'idempotency-key': 'k' };
    const url = `${house.url}/v1beta/models/${model}:generateContent`;
    return (await fetch(url, { method: 'POST', headers, body })).status;
  };
  expect([await askFor('m'), await askFor('m'), await askFor('n'), counted.asked]).toEqual([
    ...[200, 200, 409, 1],
  ]);
});
