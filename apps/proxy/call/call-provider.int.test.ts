/** Whole calls to providers that fail: what the client gets, what is recorded, who is tried next. */
import { describe, expect, it } from 'vitest';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import {
  answering,
  CHUNK,
  chat,
  connectRaw,
  ends,
  gate,
  HOLD,
  leave,
  post,
  STATED,
  STREAM_HOLD,
  startStream,
  UNKNOWN,
  UNUSED,
  until,
  usage,
} from '../testing/calls.ts';

const openHouse = useCallHouses();
let house: CallHouse;

async function open(options: CallHouseOptions): Promise<void> {
  house = await openHouse({ budgets: [{}], ...options });
}

describe('a provider that fails', () => {
  async function failure() {
    const response = await post(house);
    const { error } = (await response.json()) as { error: { code: string; type: string } };
    return [response.status, error.code, error.type, response.headers.get('x-should-retry')];
  }

  it('and cannot be reached gets nothing, and bills nothing', async () => {
    await open({ providers: [null] });
    expect(await failure()).toEqual([502, 'upstream_unreachable', 'api_error', 'true']);
    expect(await ends(house)).toEqual({
      ops: ['started', 'finished'],
      events: [
        {
          attempt: 1,
          status: 'upstream_error',
          http: null,
          error: 'upstream_unreachable',
          ...UNUSED,
        },
      ],
      held: 0n,
      spent: 0n,
    });
    expect(house.events()[0]).toMatchObject({ ttft_ms: null, provider_request_id: null });
  });

  it('I3: and breaks off before it answers may bill: the hold is charged', async () => {
    await open({ providers: [(request) => request.socket.destroy()] });
    expect(await failure()).toEqual([502, 'upstream_failed', 'api_error', 'false']);
    expect(await ends(house)).toMatchObject({
      events: [{ status: 'upstream_error', http: null, error: 'upstream_broken', ...UNKNOWN }],
      spent: HOLD,
    });
  });

  it('and breaks off in its answer breaks off the client’s', async () => {
    await open({
      providers: [
        (_request, response) => {
          startStream(response).write(CHUNK, () => response.destroy());
        },
      ],
    });
    const response = await post(house, chat({ stream: true }));
    await expect(response.text()).rejects.toThrow();
    expect(await ends(house)).toMatchObject({
      events: [{ status: 'upstream_error', http: 200, error: 'upstream_broken', ...UNKNOWN }],
      spent: STREAM_HOLD,
    });
  });

  // antiwork/gumroad PR#7246: a call that took too long was charged for its time, and the provider
  // billed all of it.
  it('and takes too long over all is a time-out, and is charged the hold', async () => {
    await open({ limits: { attemptTimeoutMs: 200 }, providers: [() => undefined] });
    expect(await failure()).toEqual([504, 'upstream_timeout', 'api_error', 'false']);
    expect(await ends(house)).toMatchObject({
      events: [{ status: 'timeout', http: null, error: 'upstream_aborted', ...UNKNOWN }],
      spent: HOLD,
    });
  });

  it('and says nothing for too long is a time-out', async () => {
    await open({ upstreamTimeoutMs: 100, providers: [() => undefined] });
    expect(await failure()).toEqual([504, 'upstream_timeout', 'api_error', 'false']);
    expect((await ends(house)).events).toMatchObject([
      { status: 'timeout', error: 'upstream_timeout' },
    ]);
  });

  it('and takes too long for a client that has gone is a time-out as well', async () => {
    const asked = gate();
    await open({ limits: { attemptTimeoutMs: 300 }, providers: [() => asked.open()] });
    const socket = await connectRaw(house);
    await asked.opened;
    await leave(house, socket);
    expect((await ends(house)).events).toMatchObject([{ status: 'timeout' }]);
  });
});

describe('a provider that answers to this gateway and not to its client', () => {
  const SECRET = 'Incorrect API key provided: sk-gatew********************WXYZ';
  const body = JSON.stringify({ error: { message: SECRET }, usage });

  async function answer(status: number, request = chat()) {
    await open({
      providers: [
        (_request, response) => {
          const type = request.includes('stream') ? 'text/event-stream' : 'application/json';
          response.writeHead(status, {
            ...{ 'content-type': type, location: 'http://127.0.0.1:9/steal', 'set-cookie': 'a=b' },
            ...{ 'www-authenticate': 'Basic', 'x-tollgate-cost': '9.000000000000' },
          });
          response.end(body);
        },
      ],
    });
    const response = await fetch(`${house.url}/v1/chat/completions`, {
      ...{ method: 'POST', body: request, redirect: 'manual' },
      headers: { 'content-type': 'application/json' },
    });
    return { response, text: await response.text(), ...(await ends(house)) };
  }

  it.each([
    ...[301, 302, 303, 307, 308, 399].map((status) => [status, 'redirected'] as const),
    ...[401, 402, 403, 407].map((status) => [status, 'unauthorized'] as const),
  ])(
    'I12: %i is an error of ours, frees the hold and shows nothing of our account',
    async (status, fault) => {
      for (const request of [chat(), chat({ stream: true })]) {
        const { response, text, events, held, spent } = await answer(status, request);
        const code = fault === 'redirected' ? 'upstream_redirected' : 'provider_auth_failed';
        expect([response.status, JSON.parse(text).error.code]).toEqual([502, code]);
        const shown = `${text}${JSON.stringify([...response.headers])}`;
        expect(shown).not.toMatch(/sk-gatew|steal|set-cookie|www-authenticate|9\.0000/);
        expect(events).toEqual([
          {
            ...{ attempt: 1, status: 'upstream_error', http: status },
            ...{ error: `upstream_${fault}`, ...UNUSED },
          },
        ]);
        expect([held, spent]).toEqual([0n, 0n]);
      }
    },
  );

  it('and breaks off in what it says is taken as if it had said all of it', async () => {
    await open({
      providers: [
        (_request, response) => {
          response.writeHead(401, { 'content-length': '900' });
          response.write(SECRET, () => response.destroy());
        },
      ],
    });
    const response = await post(house);
    expect([response.status, JSON.parse(await response.text()).error.code]).toEqual([
      ...[502, 'provider_auth_failed'],
    ]);
    expect(await ends(house)).toMatchObject({ events: [UNUSED], held: 0n, spent: 0n });
  });
});

describe('a route of two deployments', () => {
  const answer = answering(200, JSON.stringify({ usage }));

  it('I1: goes to the second if the first cannot be reached, each attempt with its own hold and event', async () => {
    await open({ providers: [null, answer] });
    const response = await post(house);
    const { headers } = response;
    await response.text();
    const { events } = await ends(house);
    const [first, second] = house.events();
    expect([headers.get('x-tollgate-attempts'), headers.get('x-tollgate-provider')]).toEqual([
      '2',
      'p2',
    ]);
    expect(house.writes.map(({ op }) => op)).toEqual([
      ...['started', 'finished', 'started', 'finished'],
    ]);
    expect(events).toMatchObject([
      { attempt: 1, status: 'upstream_error', ...UNUSED },
      { attempt: 2, status: 'ok', ...STATED },
    ]);
    expect(house.holds).toHaveLength(2);
    expect([first?.call_id === second?.call_id, first?.id === second?.id]).toEqual([true, false]);
    expect([first?.deployment, second?.deployment]).toEqual(['p1/m', 'p2/m']);
    expect(Date.parse(second?.time ?? '')).toBeGreaterThanOrEqual(
      Date.parse(first?.recorded_at ?? ''),
    );
  });

  it('ends as the last attempt did if nobody is left', async () => {
    await open({ providers: [null, null] });
    const response = await post(house);
    expect([response.status, response.headers.get('x-tollgate-attempts')]).toEqual([502, '2']);
    expect((await ends(house)).events.map(({ attempt }) => attempt)).toEqual([1, 2]);
  });

  it('stays with a provider that has got the request', async () => {
    await open({ providers: [(request) => request.socket.destroy(), answer] });
    expect((await post(house)).status).toBe(502);
    expect((await ends(house)).events.map(({ attempt }) => attempt)).toEqual([1]);
  });

  it('ends as the first attempt did if the second cannot be paid for', async () => {
    const price = null;
    await open({ providers: [null, answer], deployments: [{}, { price }] });
    expect((await post(house)).status).toBe(502);
    expect([(await ends(house)).events.length, house.refused, house.handler.inFlight]).toEqual([
      1,
      [],
      0,
    ]);
  });

  it('ends as the first attempt did if the budget does not suffice for the second', async () => {
    await open({ providers: [null, answer], budgets: [{ limit: HOLD }] });
    // The second holds as much as the first, which is freed; a third of another call would not fit.
    expect((await post(house)).status).toBe(200);
    expect((await post(house)).status).toBe(402);
  });

  it('tries nothing more for a client that left while the second waited for its budget', async () => {
    const budget = gate();
    let waits = 0;
    await open({
      providers: [null, answer],
      beforeHold: async () => {
        waits++;
        if (waits === 2) await budget.opened;
      },
    });
    const socket = await connectRaw(house, chat());
    await until(() => waits === 2);
    await leave(house, socket);
    budget.open();
    const { events, held } = await ends(house);
    expect([events.length, held, house.handler.inFlight]).toEqual([1, 0n, 0]);
  });
});
