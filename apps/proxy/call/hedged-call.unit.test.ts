/** Hedged calls: two attempts at once, one answer, and both paid for. */
import type { UpstreamFailure } from '@tollgate/adapters/provider/upstream.ts';
import { describe, expect, it, vi } from 'vitest';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, type StageOptions } from '../testing/call-stage.ts';
import { CHUNK, chat, DONE, HOLD, USAGE, usage } from '../testing/calls.ts';
import { rateLimit } from '../testing/rate-house.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const OK = JSON.stringify({ id: 'x', usage });
const STREAM = chat({ stream: true });
const SSE = { 'content-type': 'text/event-stream' };
const AFTER_MS = 500;
const hedge = { after_ms: AFTER_MS };
const two: StageOptions = { deployments: [{}, {}], routed: { hedge } };
const three: StageOptions = { deployments: [{}, {}, {}], routed: { hedge } };
const GIVEN_UP = ['the client has gone'];

let stage: CallStage;
let client: Client;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

async function begin(options: StageOptions, body = chat()): Promise<void> {
  stage = await CallStage.open(books(), options);
  client = stage.call(body);
  await pass();
}

/** The attempt that was sent first, second, … */
function sent(number: number) {
  const post = stage.posts[number - 1];
  if (post === undefined) throw new Error(`there is no attempt ${number}`);
  return post;
}

async function answers(number: number, status = 200, body = OK): Promise<void> {
  sent(number).answer.onHeaders(status, { 'content-type': 'application/json' });
  sent(number).answer.onData(Buffer.from(body));
  sent(number).answer.onEnd();
  await pass();
}

async function fails(number: number, kind: UpstreamFailure['kind'] = 'broken'): Promise<void> {
  sent(number).answer.onFailure({ kind, unsent: false, cause: new Error(kind) });
  await pass();
}

async function says(number: number, text: string): Promise<void> {
  sent(number).answer.onData(Buffer.from(text));
  await pass();
}

const told = () => {
  const got = client.got();
  return (
    got && [got.status, got.headers['x-tollgate-provider'], got.headers['x-tollgate-attempts']]
  );
};
const events = () => stage.events().map((event) => [event.attempt, event.status, event.cost]);
const COST = '0.000000000042';

describe('a second attempt', () => {
  it('is sent where its route says so, if the first has said nothing for so long, with a hold of its own', async () => {
    await begin(two);
    await pass(AFTER_MS - 1);
    expect([stage.posts.length, stage.held().held]).toEqual([1, HOLD]);
    await pass(1);
    expect([stage.posts.length, stage.held().held]).toEqual([2, HOLD + HOLD]);
    await pass(60_000);
    expect(stage.posts.length).toBe(2);
  });

  it('is sent nowhere else', async () => {
    await begin({ deployments: [{}, {}], routed: {} });
    await pass(60_000);
    expect(stage.posts.length).toBe(1);
  });

  it('is not sent once the first has answered', async () => {
    await begin(two, STREAM);
    sent(1).answer.onHeaders(200, SSE);
    await says(1, CHUNK);
    await pass(AFTER_MS);
    await says(1, USAGE + DONE);
    sent(1).answer.onEnd();
    await pass(AFTER_MS);
    expect([told(), stage.posts.length]).toEqual([[200, 'p1', '1'], 1]);
  });

  it('with room for one hold only is not sent, and the client is told of nothing', async () => {
    await begin({ ...two, budgets: [{ limit: HOLD + HOLD - 1n }] });
    await pass(AFTER_MS);
    expect([stage.posts.length, stage.held().held]).toEqual([1, HOLD]);
    await answers(1);
    expect([told(), stage.refused, stage.handler.inFlight]).toEqual([[200, 'p1', '1'], [], 0]);
  });

  it('is not sent with less output than was asked for: it could win over the whole answer', async () => {
    const clamp = { on_exceeded: 'clamp', clamp_min_output_tokens: 1 } as const;
    await begin({ ...two, budgets: [{ ...clamp, limit: HOLD + HOLD - 1n }] });
    await pass(AFTER_MS);
    expect([stage.posts.length, stage.held().held]).toEqual([1, HOLD]);
  });

  it('counts in every rate limit on its path, and is not sent where one is used up', async () => {
    await begin({ ...two, rateLimits: [rateLimit({ limit: 1 })] });
    await pass(AFTER_MS);
    await answers(1);
    expect([told(), stage.posts.length, stage.refused]).toEqual([[200, 'p1', '1'], 1, []]);
  });

  it('is given back if the first fails while what it needs is taken: the next attempt is an ordinary one', async () => {
    await begin({ ...two, deployments: [{}, { alias: 'b' }], budgets: [{}, { model: 'b' }] });
    const grant = stage.ledger.hold();
    await pass(AFTER_MS);
    await fails(1);
    expect(stage.posts.length).toBe(1);
    grant();
    await pass();
    expect(stage.posts.length).toBe(2);
    await answers(2);
    expect([told(), stage.handler.inFlight]).toEqual([[200, 'p2', '2'], 0]);
    expect(stage.heldInAll()).toEqual({ held: 0n, spent: HOLD + 42n + 42n });
  });
});

describe('the first that has something of an answer', () => {
  it('wins: the other one is given up, recorded as unknown, and charged its hold', async () => {
    await begin(two);
    await pass(AFTER_MS);
    await answers(2);
    expect([told(), client.got()?.body, sent(1).controls]).toEqual([
      ...[[200, 'p2', '2'], OK, GIVEN_UP],
    ]);
    // The call has its place until all of it is recorded.
    expect(stage.handler.inFlight).toBe(1);
    await fails(1, 'aborted');
    expect(events()).toEqual([
      [2, 'ok', COST],
      [1, 'client_closed', null],
    ]);
    expect(stage.events()[1]?.error_type).toBe('hedge.lost');
    expect(stage.held()).toEqual({ held: 0n, spent: HOLD + 42n });
    expect(stage.handler.inFlight).toBe(0);
  });

  it('may be the one that was sent first', async () => {
    await begin(two);
    await pass(AFTER_MS);
    await answers(1);
    expect([told(), sent(2).controls]).toEqual([[200, 'p1', '2'], GIVEN_UP]);
    await fails(2, 'aborted');
    expect(stage.held()).toEqual({ held: 0n, spent: HOLD + 42n });
    expect(stage.handler.inFlight).toBe(0);
  });

  it('is known of a stream by its first token, and no byte of another leaves', async () => {
    await begin(two, STREAM);
    sent(1).answer.onHeaders(200, SSE);
    await says(1, ': the first waits\n\n');
    await pass(AFTER_MS);
    sent(2).answer.onHeaders(200, SSE);
    await says(2, ': the second waits\n\n');
    expect([client.got(), client.response.headersSent]).toEqual([null, false]);
    await says(2, CHUNK);
    await says(1, CHUNK);
    await fails(1, 'aborted');
    await says(2, USAGE + DONE);
    sent(2).answer.onEnd();
    await pass();
    expect([told(), client.got()?.body]).toEqual([
      ...[[200, 'p2', '2'], `: the second waits\n\n${CHUNK}${DONE}`],
    ]);
    expect(stage.handler.inFlight).toBe(0);
  });

  it('is no refusal of the provider’s own trouble, and is the refusal of a wrong request', async () => {
    await begin(two);
    await pass(AFTER_MS);
    await answers(2, 503, '{}');
    expect([client.got(), sent(1).controls]).toEqual([null, []]);
    await answers(1);
    expect(told()).toEqual([200, 'p1', '2']);
    await begin(two);
    await pass(AFTER_MS);
    await answers(2, 400, '{}');
    expect([told(), sent(1).controls]).toEqual([[400, 'p2', '2'], GIVEN_UP]);
  });

  it.each<[string, boolean[], string]>([
    ['leaves without it', [true, false], CHUNK + DONE],
    ['leaves whole', [false, true], CHUNK + USAGE + DONE],
  ])(
    'is read as it was asked for, whatever the other one was asked: its usage %s',
    async (_, asked, body) => {
      stage = await CallStage.open(books(), two);
      for (const [index, asksForUsage] of asked.entries()) {
        Object.assign(stage.route[index]?.provider ?? {}, { asksForUsage });
      }
      client = stage.call(STREAM);
      await pass(AFTER_MS);
      sent(1).answer.onHeaders(200, SSE);
      await says(1, CHUNK);
      await says(1, USAGE + DONE);
      expect([stage.posts.length, client.got()?.body]).toEqual([2, body]);
    },
  );

  it('is charged in full if both have answered by then', async () => {
    await begin(two);
    stage.journalWaits = true;
    await pass(AFTER_MS);
    stage.durable();
    await pass();
    await answers(1);
    await answers(2);
    for (let write = 0; write < 4; write++) stage.durable();
    await pass();
    expect([told()?.slice(0, 2), stage.handler.inFlight]).toEqual([[200, 'p1'], 0]);
    expect(stage.held().held).toBe(0n);
    expect(events().map(([attempt]) => attempt)).toEqual([1, 2]);
  });
});

describe('an attempt that fails while another runs', () => {
  it('leaves the call to that one, and no third is sent meanwhile', async () => {
    for (const [failed, left] of [
      [1, 2],
      [2, 1],
    ] as const) {
      await begin(three);
      await pass(AFTER_MS);
      await fails(failed);
      expect([client.got(), stage.posts.length]).toEqual([null, 2]);
      await answers(left);
      expect([told(), stage.handler.inFlight]).toEqual([[200, `p${left}`, '2'], 0]);
    }
  });

  it('is not followed by one at the candidate that was just given up', async () => {
    await begin(two);
    await pass(AFTER_MS);
    sent(2).answer.onHeaders(200, { 'content-type': 'application/json' });
    await fails(2);
    expect([stage.posts.length, told()?.[0]]).toEqual([2, 502]);
    await fails(1, 'aborted');
    expect([stage.posts.length, stage.handler.inFlight]).toEqual([2, 0]);
  });

  it('is followed by a third if that one fails too, as in any call', async () => {
    await begin(three);
    await pass(AFTER_MS);
    await fails(2);
    await fails(1);
    expect([client.got(), stage.posts.length]).toEqual([null, 3]);
    await pass(AFTER_MS);
    await answers(3);
    expect([told(), stage.heldInAll(), stage.handler.inFlight]).toEqual([
      ...[[200, 'p3', '3'], { held: 0n, spent: HOLD + HOLD + 42n }, 0],
    ]);
  });
});

describe('both attempts', () => {
  it('end for a client that leaves, and are charged what may be billed', async () => {
    await begin({ ...two, key: { onDisconnect: 'abort' } });
    await pass(AFTER_MS);
    client.connection.destroy();
    await pass();
    expect([sent(1).controls, sent(2).controls]).toEqual([GIVEN_UP, GIVEN_UP]);
    await fails(1, 'aborted');
    await fails(2, 'aborted');
    expect([stage.held(), stage.handler.inFlight]).toEqual([{ held: 0n, spent: HOLD + HOLD }, 0]);
  });

  it('end when the call has no time left', async () => {
    await begin({ ...two, routed: { hedge, timeout_ms: 1_000 } });
    await pass(1_000);
    expect([1, 2].map((number) => sent(number).controls.length)).toEqual([1, 1]);
    await fails(1, 'aborted');
    await fails(2, 'aborted');
    expect([told()?.[0], stage.handler.inFlight, stage.posts.length]).toEqual([504, 0, 2]);
  });

  it('that of the loser says only that it took longer: it is not left alone', async () => {
    await begin({ ...two, limits: { breakerFailures: 1 } });
    await pass(AFTER_MS);
    await answers(2);
    await fails(1, 'aborted');
    client = stage.call(chat());
    await pass();
    expect(stage.writes.findLast(({ op }) => op === 'started')).toMatchObject({
      event: expect.stringContaining('"p1/'),
    });
  });
});

describe('a second attempt whose minute ends while it is recorded', () => {
  const late: StageOptions = {
    ...{ deployments: [{}, {}], routed: { hedge: { after_ms: 58_000 } } },
    rateLimits: [rateLimit({ limit: 3 })],
  };
  const durable = async (writes: number) => {
    for (let write = 0; write < writes; write++) {
      stage.durable();
      await pass();
    }
  };

  it('is done without, and its candidate asked if the first fails all the same', async () => {
    await begin(late);
    stage.journalWaits = true;
    await pass(58_000);
    await pass(2_100);
    await fails(1);
    // Its own start, then the end of the first, its own end, and the start of the next one.
    await durable(4);
    expect(stage.posts.length).toBe(2);
    await answers(2);
    await durable(1);
    expect([told(), stage.handler.inFlight]).toEqual([[200, 'p2', '3'], 0]);
  });

  it('counts in the next one if the first has failed, and is sent', async () => {
    await begin(late);
    stage.journalWaits = true;
    await pass(57_990);
    await fails(1);
    await pass(2_100);
    await durable(2);
    expect(stage.posts.length).toBe(2);
    await answers(2);
    await durable(1);
    expect([told(), stage.handler.inFlight, stage.held().held]).toEqual([
      ...[[200, 'p2', '2'], 0, 0n],
    ]);
  });
});
