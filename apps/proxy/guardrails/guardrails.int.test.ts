/**
 * Whole calls under guardrails: a request that is blocked costs nothing and holds nothing; an answer that
 * is blocked was paid for, and is metered; nothing of it has left by then.
 */

import type { RequestListener } from 'node:http';
import { text as textOf } from 'node:stream/consumers';
import {
  type Answer,
  type Receiver,
  startReceiver,
} from '@tollgate/adapters/webhooks/testing/receiver.ts';
import type { Guardrail } from '@tollgate/domain/guardrail/guardrail.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import {
  answering,
  CHUNK,
  chat,
  DONE,
  ends,
  gate,
  post,
  STATED,
  startStream,
  UNUSED,
  USAGE,
  until,
  usage,
} from '../testing/calls.ts';
import { GUARD_SECRET, guardrail, openGuardrails } from '../testing/guard-house.ts';

const openHouse = useCallHouses();
let house: CallHouse;
const closing: (() => Promise<void>)[] = [];
const said: string[] = [];

afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  said.length = 0;
});

async function open(
  guardrails: readonly Guardrail[],
  options: Partial<CallHouseOptions> = {},
): Promise<void> {
  const opened = openGuardrails(guardrails, options.limits, said);
  closing.push(() => opened.close());
  const providers = [answering(200, ANSWER)];
  house = await openHouse({ budgets: [{}], providers, ...options, guardrails: opened });
}

async function receiver(answer: Answer): Promise<Receiver> {
  const opened = await startReceiver({ secret: GUARD_SECRET, answer });
  closing.push(() => opened.close());
  return opened;
}

const verdict =
  (body: object | string, status = 200): Answer =>
  (response) =>
    response.writeHead(status).end(typeof body === 'string' ? body : JSON.stringify(body));
const ALLOW = verdict({ verdict: 'allow' });
const DENY = verdict({ verdict: 'deny', reason: 'it names a rival' });

const message = { role: 'assistant', content: 'a secret' };
const ANSWER = JSON.stringify({
  choices: [{ index: 0, message, finish_reason: 'stop' }],
  usage,
});
const stream: RequestListener = (_request, response) => {
  startStream(response).write(CHUNK);
  response.end(USAGE + DONE);
};

/** What an error says. */
async function told(response: Response) {
  expect(response.ok).toBe(false);
  const { error } = (await response.json()) as { error: Record<string, unknown> };
  const { code, message: text, param } = error;
  return { status: response.status, code, text, param };
}

describe('a request that is blocked', () => {
  it('was never sent or held, is a refusal with its rule on the event, and costs nothing', async () => {
    const posts: string[] = [];
    const deny = [{ name: 'codename', pattern: 'sesame', ignoreCase: true }];
    await open([guardrail({ name: 'words', deny })], {
      providers: [async (request) => void posts.push(await textOf(request))],
    });
    const messages = [{ role: 'user', content: 'open SESAME' }];
    const response = await post(house, chat({ messages }));
    expect(response.headers.get('x-should-retry')).toBe('false');
    expect(await told(response)).toMatchObject({ status: 403, code: 'request_blocked' });
    expect([posts, house.holds]).toEqual([[], []]);
    expect(house.events()).toMatchObject([
      {
        ...{ type: 'refusal', error_type: 'request_blocked', cost: '0.000000000000' },
        refusal: { kind: 'guardrail', guardrail: 'words', rule: 'codename' },
      },
    ]);
  });

  it('says what it lacks, or which cap it is above', async () => {
    await open([
      guardrail({ require: { headers: ['x-project'], metadata: ['job'] } }),
      guardrail({ name: 'caps', caps: { requestBytes: 200, outputTokens: 9 } }),
    ]);
    const headers = { 'content-type': 'application/json', 'x-project': 'blue' };
    const url = `${house.url}/v1/chat/completions`;
    const ask = (body: string) => fetch(url, { method: 'POST', headers, body }).then(told);
    const metadata = { job: 'nightly' };
    expect(await told(await post(house))).toMatchObject({
      ...{ status: 400, code: 'metadata_required', param: 'x-project' },
      text: 'Calls of this key must have the header `x-project`.',
    });
    expect(await ask(chat())).toMatchObject({ code: 'metadata_required', param: 'metadata.job' });
    expect(await ask(chat({ metadata }))).toMatchObject({ status: 400, code: 'output_over_cap' });
    expect(await ask(chat({ metadata, n: 2, max_tokens: 5 }))).toMatchObject({
      code: 'output_over_cap',
    });
    const long = chat({ metadata, stop: 'x'.repeat(200) });
    expect(await ask(long)).toMatchObject({ status: 413, code: 'request_over_cap' });
    const passed = await fetch(url, {
      method: 'POST',
      headers,
      body: chat({ metadata, max_tokens: 9 }),
    });
    expect(await passed.text()).toBe(ANSWER);
  });

  it('by its webhook, which is shown the request, signed, and may say why', async () => {
    const hook = await receiver(DENY);
    await open([guardrail({ webhook: { url: hook.url, onRequest: true } })]);
    expect(await told(await post(house))).toMatchObject({
      ...{ status: 403, code: 'request_blocked' },
      text: 'The request was blocked by a guardrail: it names a rival',
    });
    expect(hook.received[0]?.verified).toMatchObject({
      type: 'guardrail.request',
      data: { guardrail: 'house', key_id: 'key_1', model: 'm', request: JSON.parse(chat()) },
    });
    expect([house.holds, said]).toEqual([[], ['house request deny']]);
  });

  it.each([
    ['closed', 503, 'guardrail_unavailable'],
    ['open', 200, undefined],
  ] as const)(
    'a webhook that says nothing fails %s, as it is told to',
    async (policy, status, code) => {
      const answers: Answer[] = [
        verdict('no JSON'),
        verdict({ verdict: 'maybe' }),
        verdict({ verdict: 'deny' }, 500),
        verdict(`"${'x'.repeat(2_000)}"`),
        (response) => response.writeHead(302, { location: '/' }).end(),
        () => undefined,
      ];
      const hook = await receiver((response, received) => answers.shift()?.(response, received));
      const webhook = { url: hook.url, onRequest: true, timeoutMs: 100, whenUnavailable: policy };
      await open([guardrail({ webhook })]);
      for (let i = 0; i < 6; i++) {
        const response = await post(house);
        const body = (await response.json()) as { error?: { code: string } };
        expect([i, response.status, body.error?.code]).toEqual([i, status, code]);
      }
      expect(said.map((line) => line.split(' ')[2])).toEqual([
        ...['no_verdict', 'no_verdict', 'http_status', 'connection_failed', 'redirect', 'timeout'],
      ]);
    },
  );

  // The address of a webhook is not asked if it may not be (SSRF).
  it('a webhook inside of the network that is not listed is not asked', async () => {
    await open([guardrail({ webhook: { url: 'http://127.0.0.2:1/hook', onRequest: true } })]);
    expect(await told(await post(house))).toMatchObject({ code: 'guardrail_unavailable' });
    expect(said).toEqual(['house request address_not_allowed']);
  });
});

describe('personal data', () => {
  it('what is redacted is what is sent, held for and told to webhooks; the event says how much', async () => {
    const hook = await receiver(ALLOW);
    const posts: string[] = [];
    await open([guardrail({ redact: ['email'], webhook: { url: hook.url, onRequest: true } })], {
      providers: [
        async (request, response) => {
          posts.push(await textOf(request));
          response.setHeader('content-type', 'application/json').end(ANSWER);
        },
      ],
    });
    const body = (content: string) => chat({ messages: [{ role: 'user', content }] });
    await post(house, body('from ann@a.example to bob@b.example'));
    const sent = body('from [EMAIL] to [EMAIL]');
    expect(posts).toEqual([sent]);
    expect(hook.received[0]?.body).toContain(`"request":${sent}`);
    expect(house.events()).toMatchObject([{ type: 'attempt', redactions: 2, cost: STATED.cost }]);
    // A request without any is as it was, and its event says nothing of it.
    await post(house);
    expect([posts[1], house.events()[1]?.redactions]).toEqual([chat(), undefined]);
  });

  it('what takes longer than a turn may, and patterns of the operator, is looked through in a thread', async () => {
    const posts: string[] = [];
    const redact = ['card' as const, { name: 'staff', pattern: 'E-[0-9]+', ignoreCase: false }];
    await open([guardrail({ redact, deny: [{ name: 'd', pattern: 'zzz', ignoreCase: false }] })], {
      budgets: [],
      providers: [
        async (request, response) => {
          posts.push(await textOf(request));
          response.setHeader('content-type', 'application/json').end(ANSWER);
        },
      ],
    });
    const long = 'word '.repeat(10_000);
    const body = (content: string) => chat({ messages: [{ role: 'user', content }] });
    await post(house, body(`${long} E-77 4111111111111111`));
    expect(posts).toEqual([body(`${long} [STAFF] [CARD]`)]);
    expect(await told(await post(house, body(`${long} zzz`)))).toMatchObject({
      code: 'request_blocked',
    });
  });

  it('a scan that takes too long is ended, and its call is refused: nobody has looked at it', async () => {
    const redact = [{ name: 'slow', pattern: 'a.*b|a', ignoreCase: false }];
    await open([guardrail({ redact })], { limits: { scanTimeoutMs: 300 } });
    const messages = [{ role: 'user', content: 'a'.repeat(400_000) }];
    expect(await told(await post(house, chat({ messages })))).toMatchObject({
      ...{ status: 503, code: 'guardrail_unavailable' },
    });
  });
});

describe('an answer that is blocked', () => {
  // BerriAI/litellm#35257, #31389: blocked streams had left by the time that they were judged.
  it.each([
    ['JSON', answering(200, ANSWER), chat(), ANSWER, null],
    ['a stream', stream, chat({ stream: true }), CHUNK + DONE, 'four five'],
  ])(
    '%s: nothing of it leaves, it is metered in full, and its event says why',
    async (...given) => {
      const [, provider, body, bytes, text] = given;
      const hook = await receiver(DENY);
      const webhook = { url: hook.url, onAnswer: true };
      await open([guardrail({ name: 'tone', webhook })], { providers: [provider] });
      const response = await post(house, body);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(response.headers.get('x-tollgate-cost')).toBe('0.000000000042');
      expect(response.headers.get('x-should-retry')).toBe('false');
      expect(await told(response)).toMatchObject({
        ...{ status: 403, code: 'answer_blocked' },
        text: 'The answer was blocked by a guardrail: it names a rival',
      });
      const error = 'answer_blocked.tone';
      expect(await ends(house)).toEqual({
        ops: ['started', 'finished'],
        events: [{ attempt: 1, status: 'ok', http: 200, error, ...STATED }],
        ...{ held: 0n, spent: 42n },
      });
      expect(hook.received[0]?.verified).toMatchObject({
        type: 'guardrail.answer',
        data: { answer: { status: 200, body: bytes, ...(text === null ? {} : { text }) } },
      });
      expect(house.events()[0]).toMatchObject({ input_tokens: 30, output_tokens: 12 });
    },
  );

  it('an answer that passes leaves whole, byte for byte, and not before it was judged', async () => {
    const judging = gate();
    const hook = await receiver((response, received) => {
      void judging.opened.then(() => ALLOW(response, received));
    });
    await open([guardrail({ webhook: { url: hook.url, onAnswer: true } })], {
      providers: [stream],
    });
    let came = false;
    const answered = post(house, chat({ stream: true })).then((response) => {
      came = true;
      return response;
    });
    await until(() => hook.received.length === 1);
    expect([came, house.events()]).toEqual([false, []]);
    judging.open();
    const response = await answered;
    expect(response.headers.get('content-type')).toBe('text/event-stream');
    expect(await response.text()).toBe(CHUNK + DONE);
    expect(said).toEqual(['house answer allow']);
  });

  it.each([
    ['closed', 502, 'answer_unjudged', 'answer_unjudged.house'],
    ['open', 200, undefined, null],
  ] as const)(
    'an answer that nobody judged is given or not: %s',
    async (policy, status, code, note) => {
      const hook = await receiver(() => undefined);
      const webhook = { url: hook.url, onAnswer: true, timeoutMs: 100, whenUnavailable: policy };
      await open([guardrail({ webhook })]);
      const response = await post(house);
      const body = (await response.json()) as { error?: { code: string } };
      expect([response.status, body.error?.code]).toEqual([status, code]);
      const { events, spent } = await ends(house);
      expect(events).toMatchObject([{ error: note, ...STATED }]);
      expect(spent).toBe(42n);
    },
  );

  it('an answer above the bound is not kept in memory, is not given, and is metered', async () => {
    const hook = await receiver(ALLOW);
    const webhook = { url: hook.url, onAnswer: true, whenUnavailable: 'open' as const };
    const limits = { judgedTextBytesMax: 50 };
    await open([guardrail({ webhook })], { providers: [stream], limits });
    const body = chat({ stream: true });
    expect(await told(await post(house, body))).toMatchObject({ code: 'answer_unjudged' });
    expect([hook.received, (await ends(house)).spent]).toEqual([[], 42n]);
  });

  it('an error of the provider is passed on as it is: nobody paid for it', async () => {
    const hook = await receiver(DENY);
    await open([guardrail({ webhook: { url: hook.url, onAnswer: true } })], {
      providers: [answering(429, '{"error":{"code":"slow_down"}}')],
    });
    const response = await post(house);
    expect([response.status, await response.text()]).toEqual([
      429,
      '{"error":{"code":"slow_down"}}',
    ]);
    const { events } = await ends(house);
    expect([hook.received, events]).toMatchObject([[], [UNUSED]]);
  });
});

it('a key that no guardrail applies to is served as without any', async () => {
  const scope = { ...guardrail().scope, tags: { policy: 'strict' } };
  const deny = [{ name: 'all', pattern: '.', ignoreCase: false }];
  await open([guardrail({ scope, deny })]);
  expect((await post(house)).status).toBe(200);
});
