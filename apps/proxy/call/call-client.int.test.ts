/** Whole calls of clients that leave, or do not read: what is recorded and charged. */
import { once } from 'node:events';
import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../testing/call-house.ts';
import {
  answering,
  CHUNK,
  chat,
  connectRaw,
  DONE,
  ends,
  gate,
  leave,
  STATED,
  STREAM_HOLD,
  startStream,
  tick,
  USAGE,
  until,
  usage,
} from '../testing/calls.ts';

const openHouse = useCallHouses();
let house: CallHouse;

async function open(options: CallHouseOptions): Promise<void> {
  house = await openHouse({ budgets: [{}], ...options });
}

describe('a client that leaves', () => {
  /** A stream that says something, and goes on when the gate opens; and how its socket ends. */
  function slowProvider() {
    const more = gate();
    const closed = Promise.withResolvers<boolean>();
    const listener: RequestListener = async (_request, response) => {
      response.on('close', () => closed.resolve(response.writableFinished));
      startStream(response).write(CHUNK);
      await more.opened;
      response.end(USAGE + DONE);
    };
    return { listener, more, finished: closed.promise };
  }

  it('lets the provider finish if its key says so, and is charged what was stated', async () => {
    const { listener, more, finished } = slowProvider();
    await open({ key: { onDisconnect: 'drain' }, providers: [listener] });
    const socket = await connectRaw(house);
    socket.resume();
    await once(socket, 'data');
    await leave(house, socket);
    more.open();
    expect([await finished, await ends(house)]).toEqual([
      true,
      {
        ops: ['started', 'finished'],
        events: [{ attempt: 1, status: 'client_closed', http: 200, error: null, ...STATED }],
        held: 0n,
        spent: 42n,
      },
    ]);
  });

  it('ends the request if its key says so, and is charged the hold: nothing is free', async () => {
    const { listener, finished } = slowProvider();
    await open({ key: { onDisconnect: 'abort' }, providers: [listener] });
    const socket = await connectRaw(house);
    socket.resume();
    await once(socket, 'data');
    await leave(house, socket);
    expect([await finished, await ends(house)]).toEqual([
      false,
      {
        ops: ['started', 'finished'],
        events: [
          {
            ...{ attempt: 1, status: 'client_closed', http: 200, error: 'upstream_aborted' },
            ...{ source: 'estimated', cost: '0.000000000013' },
          },
        ],
        held: 0n,
        spent: STREAM_HOLD,
      },
    ]);
  });

  it('while its call waits for a budget has sent, recorded and held nothing', async () => {
    const budget = gate();
    let waits = 0;
    await open({
      providers: [answering(200, '{}')],
      beforeHold: () => {
        waits++;
        return budget.opened;
      },
    });
    const socket = await connectRaw(house);
    await until(() => waits === 1);
    await leave(house, socket);
    budget.open();
    const { ops, held } = await ends(house);
    expect([ops, held, house.handler.inFlight, house.journalFailures]).toEqual([[], 0n, 0, []]);
  });

  it('after the last byte changes nothing', async () => {
    await open({
      key: { onDisconnect: 'abort' },
      providers: [answering(200, JSON.stringify({ usage }))],
    });
    const socket = await connectRaw(house, chat());
    socket.resume();
    await once(socket, 'data');
    await house.idle();
    socket.destroy();
    expect((await ends(house)).events).toMatchObject([{ status: 'ok', error: null }]);
  });
});

describe('a client that does not read', () => {
  const BLOCK = `data: ${JSON.stringify({ choices: [{ delta: { content: 'x'.repeat(60_000) } }] })}\n\n`;
  const BLOCKS = 500;

  /** Writes 30 MB, as fast as it may; and how much of it was taken. */
  function eagerProvider() {
    const state = { blocks: 0, done: false };
    const listener: RequestListener = (_request, response) => {
      const pump = (): void => {
        while (state.blocks < BLOCKS) {
          state.blocks++;
          if (!response.write(BLOCK)) return void response.once('drain', pump);
        }
        state.done = true;
        response.end(USAGE + DONE);
      };
      startStream(response);
      pump();
    };
    return { listener, state };
  }

  it('slows its provider down, and gets every byte once it reads', async () => {
    const { listener, state } = eagerProvider();
    await open({ limits: { clientBufferBytesMax: 64 * 1024 }, providers: [listener] });
    const socket = await connectRaw(house);
    await settles(() => state.blocks);
    const blocksMeanwhile = state.blocks;
    let bytes = 0;
    let tail = '';
    socket.on('data', (data) => {
      bytes += data.length;
      tail = (tail + data.toString('latin1')).slice(-200);
    });
    socket.resume();
    expect(await ends(house)).toMatchObject({ events: [{ status: 'ok', ...STATED }], held: 0n });
    await until(() => tail.includes('[DONE]'));
    socket.destroy();
    expect([blocksMeanwhile < BLOCKS, bytes > BLOCKS * BLOCK.length]).toEqual([true, true]);
  });

  it('is gone after a while: its call ends by the policy of its key', async () => {
    const { listener, state } = eagerProvider();
    await open({
      key: { onDisconnect: 'abort' },
      limits: { clientBufferBytesMax: 64 * 1024, clientStallTimeoutMs: 300 },
      providers: [listener],
    });
    const socket = await connectRaw(house);
    await until(() => house.writes.length > 0);
    expect(await ends(house)).toMatchObject({
      events: [{ status: 'client_closed', http: 200, error: 'upstream_aborted' }],
      spent: STREAM_HOLD,
    });
    expect([state.blocks < BLOCKS, state.done]).toEqual([true, false]);
    socket.destroy();
  });

  it('is gone after a while: its provider goes on if its key says so', async () => {
    const { listener, state } = eagerProvider();
    await open({
      key: { onDisconnect: 'drain' },
      // Thirty megabytes of text are more tokens than an answer is read on for.
      limits: {
        ...{ clientBufferBytesMax: 64 * 1024, clientStallTimeoutMs: 300 },
        drainTokensMax: BLOCKS * BLOCK.length,
      },
      providers: [listener],
    });
    const socket = await connectRaw(house);
    await until(() => house.writes.length > 0);
    expect(await ends(house)).toMatchObject({
      events: [{ status: 'client_closed', http: 200, error: null, ...STATED }],
      spent: 42n,
    });
    expect([state.blocks, state.done]).toEqual([BLOCKS, true]);
    socket.destroy();
  });
});

/** Resolves when the figure has stopped growing. */
async function settles(figure: () => number): Promise<void> {
  for (let last = -1; last !== figure() || last === 0; ) {
    last = figure();
    for (let i = 0; i < 10; i++) await tick();
  }
}
