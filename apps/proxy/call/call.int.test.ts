/**
 * Whole calls on a real journal, ledger and sockets on both sides: what the client gets and when,
 * and what is recorded.
 */
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import {
  answering,
  CHUNK,
  chat,
  connectRaw,
  DONE,
  ends,
  failingAt,
  gate,
  HOLD,
  holdingUp,
  leave,
  post,
  STATED,
  startStream,
  tick,
  UNKNOWN,
  UNUSED,
  USAGE,
  until,
  usage,
} from '../testing/calls.ts';

const openHouse = useCallHouses();
let house: CallHouse;

async function open(options: CallHouseOptions): Promise<void> {
  house = await openHouse({ budgets: [{}], ...options });
}

describe('a call that is answered', () => {
  it('I11: gives the client the bytes of the provider, with headers that say what it cost', async () => {
    const body = `{ "usage":${JSON.stringify(usage)},\n"id" : "é" }`;
    await open({ providers: [answering(200, body)] });
    const response = await post(house);
    const named = ['call-id', 'provider', 'model', 'attempts', 'cache', 'cost', 'overhead-us'];
    const headers = [...named, 'budget-remaining'].map((name) => [
      name,
      response.headers.get(`x-tollgate-${name}`),
    ]);
    expect([response.status, await response.text(), Object.fromEntries(headers)]).toEqual([
      200,
      body,
      {
        'call-id': house.events()[0]?.call_id,
        ...{ provider: 'p1', model: 'm', attempts: '1', cache: 'miss', cost: STATED.cost },
        'overhead-us': expect.stringMatching(/^\d+$/),
        'budget-remaining': '0.000000015958',
      },
    ]);
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
    expect(await ends(house)).toEqual({
      ops: ['started', 'finished'],
      events: [{ attempt: 1, status: 'ok', http: 200, error: null, ...STATED }],
      held: 0n,
      spent: 42n,
    });
  });

  it('I11: gives a large answer whole, in more than one write', async () => {
    const body = JSON.stringify({ text: 'é'.repeat(50_000), usage });
    await open({ providers: [answering(200, body)] });
    const response = await post(house);
    expect(response.headers.get('content-length')).toBe(String(Buffer.byteLength(body)));
    expect(await response.text()).toBe(body);
  });

  it('streams an answer that outgrows what is held, without its cost, and finds its usage', async () => {
    const body = JSON.stringify({ text: 'x'.repeat(400_000), usage });
    const limits = { heldAnswerBytesMax: 10_000, answerTailBytes: 1_000 };
    await open({ limits, providers: [answering(200, body)] });
    const response = await post(house);
    expect([response.status, response.headers.get('x-tollgate-cost')]).toEqual([200, null]);
    expect(await response.text()).toBe(body);
    expect((await ends(house)).events).toMatchObject([{ status: 'ok', ...STATED }]);
  });

  it('passes on an error of the provider, and estimates nothing of it', async () => {
    const body = JSON.stringify({ error: { message: 'no such model' } });
    await open({ providers: [answering(400, body)] });
    const response = await post(house);
    expect([response.status, await response.text()]).toEqual([400, body]);
    expect(await ends(house)).toMatchObject({
      events: [{ status: 'upstream_error', http: 400, error: null, ...UNKNOWN }],
      spent: HOLD,
    });
  });

  it('takes 299 for an answer, the last status that is one', async () => {
    await open({ providers: [answering(299, JSON.stringify({ usage }))] });
    await (await post(house)).text();
    expect((await ends(house)).events).toMatchObject([{ status: 'ok', http: 299, ...STATED }]);
  });

  it('measures the time to the first byte and to the last', async () => {
    const first = gate();
    await open({
      providers: [
        async (_request, response) => {
          startStream(response).write(CHUNK);
          await first.opened;
          response.end(USAGE + DONE);
        },
      ],
    });
    const response = await post(house, chat({ stream: true }));
    const reader = response.body?.getReader();
    await reader?.read();
    const apartMs = 120;
    setTimeout(first.open, apartMs);
    while (!(await reader?.read())?.done);
    await house.idle();
    const { latency_ms, ttft_ms } = house.events()[0] ?? {};
    expect([Number(latency_ms) - Number(ttft_ms) >= apartMs - 5, Number(ttft_ms) > 0]).toEqual([
      true,
      true,
    ]);
    // Milliseconds with three places: a clock has no more to say.
    for (const ms of [latency_ms, ttft_ms]) expect(ms).toBe(Number(ms?.toFixed(3)));
  });

  it('says how long this gateway kept it waiting, and when it was recorded', async () => {
    const start = gate();
    const keptMs = 120;
    await open({
      submit: holdingUp('started', start.opened),
      providers: [answering(200, JSON.stringify({ usage }))],
    });
    const beforeMs = Date.now();
    const response = post(house);
    await until(() => house.writes.length === 1);
    setTimeout(start.open, keptMs);
    const header = Number((await response).headers.get('x-tollgate-overhead-us'));
    await house.idle();
    const [event] = house.events();
    const tookUs = (Date.now() - beforeMs + 1) * 1_000;
    for (const us of [header, Number(event?.overhead_us)]) {
      expect([us >= (keptMs - 5) * 1_000, us <= tookUs]).toEqual([true, true]);
    }
    const [startedMs, recordedMs] = [event?.time, event?.recorded_at].map((at) =>
      Date.parse(at ?? ''),
    );
    expect(Number(recordedMs) - Number(startedMs)).toBeGreaterThanOrEqual(keptMs - 5);
  });
});

it('says on its event which output limit the call got that it did not ask for', async () => {
  const providers = [answering(200, JSON.stringify({ usage }))];
  await open({ providers, deployments: [{ outputTokensDefault: 7 }] });
  const response = await post(house, chat({ max_tokens: undefined }));
  await post(house);
  await house.idle();
  expect([
    response.headers.get('x-tollgate-output-limit'),
    house.events().map(({ output_limit }) => output_limit),
  ]).toEqual(['7', [7, undefined]]);
});

describe('a whole answer without usage', () => {
  const choices = [{ message: { content: 'four five' }, finish_reason: 'stop' }];
  const body = chat({ max_tokens: 100 });
  const input = BigInt(body.length) + 128n;

  async function charged(hidesOutput: boolean) {
    const providers = [answering(200, JSON.stringify({ choices }))];
    await open({ providers, deployments: [{ hidesOutput }] });
    await post(house, body);
    const { held, spent } = await ends(house);
    const event = house.events()[0];
    return { held, spent, recorded: event?.hold_amounts, source: event?.usage_source };
  }

  it('I3: is charged its bytes where the model hides nothing, and its event says so', async () => {
    const most = input + 9n + BigInt(proxyLimits.structureTokensPerAnswer);
    expect(await charged(false)).toEqual({
      ...{ held: 0n, spent: most, recorded: [formatDecimal12(most)], source: 'estimated' },
    });
  });

  it('I3: is charged in full where nobody says that the model hides nothing', async () => {
    const hold = input + 100n;
    expect(await charged(true)).toEqual({
      ...{ held: 0n, spent: hold, recorded: [formatDecimal12(hold)], source: 'estimated' },
    });
  });
});

describe('I1: nothing is sent before the start is durable', () => {
  it('waits for it, and sends the attempt’s id', async () => {
    const start = gate();
    const seen: unknown[] = [];
    await open({
      submit: holdingUp('started', start.opened),
      providers: [
        (request, response) => {
          seen.push(request.headers['x-client-request-id'], request.headers.accept);
          answering(200, JSON.stringify({ usage }))(request, response);
        },
      ],
    });
    const response = post(house);
    await until(() => house.writes.length === 1);
    const before = [...seen];
    start.open();
    await (await response).text();
    await house.idle();
    expect([before, seen]).toEqual([[], [house.events()[0]?.id, 'application/json']]);
  });

  it('sends nothing for a client that left meanwhile, and charges nothing', async () => {
    const start = gate();
    let requests = 0;
    await open({ submit: holdingUp('started', start.opened), providers: [() => requests++] });
    const socket = await connectRaw(house);
    await until(() => house.writes.length === 1);
    await leave(house, socket);
    start.open();
    expect([await ends(house), requests]).toEqual([
      {
        ops: ['started', 'finished'],
        events: [
          { attempt: 1, status: 'client_closed', http: null, error: 'upstream_aborted', ...UNUSED },
        ],
        held: 0n,
        spent: 0n,
      },
      0,
    ]);
  });

  it('sends nothing if it cannot be written: the failure is reported and the client gets nothing', async () => {
    let requests = 0;
    await open({ submit: failingAt('started'), providers: [() => requests++] });
    await expect(post(house)).rejects.toThrow();
    await house.idle();
    expect([requests, house.journalFailures.map(String), house.handler.inFlight]).toEqual([
      0,
      ['Error: the disk is full'],
      0,
    ]);
  });
});

describe('I9: the last byte leaves after the end is durable', () => {
  it('of a JSON answer nothing leaves before', async () => {
    const end = gate();
    await open({
      submit: holdingUp('finished', end.opened),
      providers: [answering(200, JSON.stringify({ usage }))],
    });
    const early: string[] = [];
    const response = post(house).then((answer) => {
      early.push('head');
      return answer;
    });
    await until(() => house.writes.length === 2);
    const before = [...early];
    end.open();
    expect([before, (await response).status]).toEqual([[], 200]);
  });

  it('of a stream all but its end leaves before', async () => {
    const end = gate();
    await open({
      submit: holdingUp('finished', end.opened),
      providers: [answering(200, CHUNK + CHUNK + USAGE + DONE, 'text/event-stream')],
    });
    const response = await post(house, chat({ stream: true }));
    const reader = response.body?.pipeThrough(new TextDecoderStream()).getReader();
    let early = '';
    while (early.length < CHUNK.length * 2) early += (await reader?.read())?.value;
    await until(() => house.writes.length === 2);
    const last = reader?.read();
    const soon = await Promise.race([last, tick().then(() => 'nothing yet')]);
    end.open();
    expect([early, soon, (await last)?.value]).toEqual([CHUNK + CHUNK, 'nothing yet', DONE]);
    expect((await ends(house)).events).toMatchObject([{ status: 'ok', ...STATED }]);
  });

  it('nothing leaves if the end cannot be written: the failure is reported, the hold stays', async () => {
    await open({
      submit: failingAt('finished'),
      providers: [answering(200, JSON.stringify({ usage }))],
    });
    await expect(post(house)).rejects.toThrow();
    const { held, spent } = await ends(house);
    expect([held, spent, house.journalFailures.map(String), house.handler.inFlight]).toEqual([
      HOLD,
      0n,
      ['Error: the disk is full'],
      0,
    ]);
  });
});

it('a proxy that drains refuses new calls, and waits for those that run', async () => {
  const more = gate();
  await open({
    providers: [
      async (request, response) => {
        await more.opened;
        answering(200, JSON.stringify({ usage }))(request, response);
      },
    ],
  });
  const response = post(house);
  await until(() => house.handler.inFlight === 1);
  const drained: string[] = [];
  const idle = house.idle().then(() => drained.push('idle'));
  const refusal = house.handler.admit();
  await tick();
  const before = [...drained];
  more.open();
  await idle;
  expect([refusal, before, drained, (await response).status]).toEqual([
    { code: 'draining' },
    [],
    ['idle'],
    200,
  ]);
});
