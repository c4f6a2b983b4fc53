/** Calls with a route: what follows an attempt that failed, what it costs, and what the client gets. */
import type { UpstreamFailure } from '@tollgate/adapters/provider/upstream.ts';
import { ModelAccess } from '@tollgate/domain/routing/model-access.ts';
import { describe, expect, it, vi } from 'vitest';
import { FairGate } from '../routing/fair-gate.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, priced, type StageOptions } from '../testing/call-stage.ts';
import { CHUNK, chat, DONE, HOLD, STREAM_HOLD, USAGE, usage } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const OK = JSON.stringify({ id: 'x', usage });
const STREAM = chat({ stream: true });
const SSE = { 'content-type': 'text/event-stream' };
const JSON_TYPE = { 'content-type': 'application/json' };
const two: StageOptions = { deployments: [{}, {}], routed: {} };
const three: StageOptions = { deployments: [{}, {}, {}], routed: {} };

let stage: CallStage;
let client: Client;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const last = () => stage.last();

async function begin(options: StageOptions, body = chat()): Promise<void> {
  stage = await CallStage.open(books(), options);
  await again(body);
}

async function again(body = chat()): Promise<void> {
  client = stage.call(body);
  await pass();
}

async function answers(status: number, body: string, head: object = {}): Promise<void> {
  last().answer.onHeaders(status, { ...JSON_TYPE, ...head });
  last().answer.onData(Buffer.from(body));
  last().answer.onEnd();
  await pass();
}

async function fails(kind: UpstreamFailure['kind'], unsent = false): Promise<void> {
  last().answer.onFailure({ kind, unsent, cause: new Error(kind) });
  await pass();
}

const error = (code: string | null, message = 'no') => JSON.stringify({ error: { code, message } });
/** Status, provider and attempts, as the client is told. */
function told() {
  const got = client.got();
  if (got === null) return null;
  return [got.status, got.headers['x-tollgate-provider'], got.headers['x-tollgate-attempts']];
}
const statuses = () => stage.events().map(({ attempt, http_status }) => [attempt, http_status]);

const startedAt = () => {
  const write = stage.writes.at(-1);
  return write?.op === 'started' ? write.event : '';
};

describe('an attempt that failed before a byte of it was relayed', () => {
  // bifrost#3261, voidmind-io/voidllm#184: a 429 was given to the client although a fallback was there.
  // litellm#3274: a fallback waited for the retries of the one that was limited.
  it.each([
    ...[429, 500, 502, 503, 504, 529, 404, 408].map((status): [string, () => Promise<void>] => [
      `answered with ${status}`,
      () => answers(status, error(null)),
    ]),
    ['whose account was refused', () => answers(401, error(null))],
    ['that answered an error with a status of success', () => answers(200, error('oops'))],
    ['whose request is too long for it', () => answers(400, error('context_length_exceeded'))],
    ['that could not be sent', () => fails('unreachable', true)],
    ['that broke off', () => fails('broken')],
    ['whose connection was closed', () => fails('closed')],
    ['that took too long', () => fails('timeout')],
  ])(
    '%s: another candidate is tried at once, with a hold and an event of its own',
    async (_, end) => {
      await begin(two);
      await end();
      expect([client.got(), stage.posts.length, stage.held().held]).toEqual([null, 2, HOLD]);
      await answers(200, OK);
      expect(told()).toEqual([200, 'p2', '2']);
      const [first, second] = stage.events();
      expect([first?.deployment, second?.deployment, second?.cost]).toEqual([
        ...['p1/m', 'p2/m', '0.000000000042'],
      ]);
      expect([first?.call_id === second?.call_id, stage.held().held]).toEqual([true, 0n]);
      expect(stage.handler.inFlight).toBe(0);
    },
  );

  // litellm#40406: who set up a fallback for outages had set up a way around a safety refusal.
  it.each([
    ['a request that is wrong', 400, 'invalid_value'],
    ['a body that is too large', 413, null],
    ['a refusal by the content policy', 400, 'content_policy_violation'],
  ])('is the client’s answer, if it is %s', async (_, status, code) => {
    await begin(two);
    await answers(status, error(code));
    expect([told(), client.got()?.body, stage.posts.length]).toEqual([
      [status, 'p1', '1'],
      error(code),
      1,
    ]);
  });

  // litellm#28599: such fallbacks did not work for streams.
  it('goes around a content policy where the operator says so, of a stream as well', async () => {
    for (const body of [chat(), STREAM]) {
      await begin({ ...two, routed: { fallback_on: ['content_policy'] } }, body);
      await answers(400, error('content_filter'));
      expect([stage.posts.length, client.got()]).toEqual([2, null]);
    }
  });

  it('is followed only by what its route lists', async () => {
    await begin({ ...two, routed: { fallback_on: ['rate_limited'] } });
    await answers(500, error(null));
    expect(told()).toEqual([500, 'p1', '1']);
  });

  it('ends the call as it ended if nobody is left, with all that its provider said', async () => {
    await begin(three);
    await answers(500, error('first'));
    await fails('unreachable', true);
    await answers(429, error('third'), { 'retry-after': '7' });
    expect([told(), client.got()?.body, client.got()?.headers['retry-after']]).toEqual([
      [429, 'p3', '3'],
      error('third'),
      '7',
    ]);
    expect(statuses()).toEqual([
      [1, 500],
      [2, null],
      [3, 429],
    ]);
  });
});

describe('no attempt follows one whose bytes have left', () => {
  // litellm#6532, litellm#6957: an error within a stream was the answer, although nothing had come yet.
  it('an error before the first token of a stream is none of them', async () => {
    await begin(two, STREAM);
    last().answer.onHeaders(200, SSE);
    last().answer.onData(Buffer.from(': hello\n\ndata: {"error":{"message":"overloaded"}}\n\n'));
    last().answer.onEnd();
    await pass();
    expect([client.got(), stage.posts.length]).toEqual([null, 2]);
    last().answer.onHeaders(200, SSE);
    last().answer.onData(Buffer.from(CHUNK + USAGE + DONE));
    last().answer.onEnd();
    await pass();
    expect([told(), client.got()?.body]).toEqual([[200, 'p2', '2'], CHUNK + DONE]);
  });

  it('a stream that breaks off after its first token breaks off here too', async () => {
    await begin(two, STREAM);
    last().answer.onHeaders(200, SSE);
    await pass();
    expect(client.response.headersSent).toBe(false);
    last().answer.onData(Buffer.from(CHUNK));
    await pass();
    expect(client.got()?.body).toBe(CHUNK);
    await fails('broken');
    expect([stage.posts.length, client.connection.destroyed]).toEqual([1, true]);
    expect(stage.held()).toEqual({ held: 0n, spent: STREAM_HOLD });
  });

  it('what waits is bounded: beyond it, the answer is the first one’s', async () => {
    const body = JSON.stringify({ error: { message: 'x'.repeat(2_000) } });
    await begin({ ...two, limits: { heldBackBytesMax: 500 } }, STREAM);
    last().answer.onHeaders(500, SSE);
    last().answer.onData(Buffer.from(`data: ${body}\n\n`));
    last().answer.onEnd();
    await pass();
    expect([told(), client.got()?.body, stage.posts.length]).toEqual([
      [500, 'p1', '1'],
      `data: ${body}\n\n`,
      1,
    ]);
  });

  it('the last candidate’s stream leaves as it comes, its head first of all', async () => {
    await begin(two, STREAM);
    await fails('unreachable', true);
    last().answer.onHeaders(200, SSE);
    await pass();
    expect(client.response.headersSent).toBe(true);
  });
});

describe('I3: each attempt holds by itself', () => {
  it('with room for one hold, the second is refused and never sent: the call ends as the first did', async () => {
    // What broke off is charged its hold, and another hold does not fit.
    await begin({ ...two, budgets: [{ limit: HOLD + HOLD - 1n }] });
    await fails('broken');
    expect([stage.posts.length, told()?.[0], stage.refused]).toEqual([1, 502, []]);
    expect([stage.held(), stage.handler.inFlight]).toEqual([{ held: 0n, spent: HOLD }, 0]);
  });

  it('keeps what the first one said for a second that is refused', async () => {
    await begin({
      deployments: [{}, { price: priced(3) }],
      routed: {},
      budgets: [{ limit: HOLD }],
    });
    await answers(503, error('busy'), { 'retry-after': '3' });
    expect([told(), client.got()?.body, client.got()?.headers['retry-after']]).toEqual([
      [503, 'p1', '1'],
      error('busy'),
      '3',
    ]);
  });

  it('all that were sent are recorded and charged, whatever each came to', async () => {
    await begin(three);
    await fails('broken');
    await fails('timeout');
    await answers(200, OK);
    expect(stage.events().map(({ status }) => status)).toEqual(['upstream_error', 'timeout', 'ok']);
    expect(stage.heldInAll()).toEqual({ held: 0n, spent: HOLD + HOLD + 42n });
  });
});

describe('a retry', () => {
  const retries: StageOptions = { routed: { retries: 2 } };

  // litellm#7669: retries did not wait, and all failed at once.
  it('waits as long as its provider says', async () => {
    await begin(retries);
    await answers(429, error(null), { 'retry-after': '2' });
    await pass(1_999);
    expect([stage.posts.length, stage.held()]).toEqual([1, { held: 0n, spent: 0n }]);
    await pass(1);
    expect(stage.posts.length).toBe(2);
    await answers(200, OK);
    expect(told()).toEqual([200, 'p1', '2']);
  });

  it('is left to the client if that is longer than a client waits', async () => {
    await begin(retries);
    await answers(429, error(null), { 'retry-after': '60' });
    expect([told(), client.got()?.headers['retry-after']]).toEqual([[429, 'p1', '1'], '60']);
  });

  it('comes after every candidate had an attempt, and so often', async () => {
    await begin({ ...two, ...retries, deployments: [{}, {}] });
    for (let attempt = 1; attempt <= 4; attempt++) {
      expect(stage.posts.length).toBe(attempt);
      await answers(500, error(null));
      await pass(1_000);
    }
    expect([told()?.[0], told()?.[2], stage.posts.length]).toEqual([500, '4', 4]);
  });

  it('is none for a client that left while it waited', async () => {
    await begin(retries);
    await answers(429, error(null), { 'retry-after-ms': '500' });
    client.connection.destroy();
    await pass();
    expect([stage.handler.inFlight, stage.held()]).toEqual([0, { held: 0n, spent: 0n }]);
    await pass(1_000);
    expect(stage.posts.length).toBe(1);
  });

  it('is none of a request that its provider will never take', async () => {
    await begin(retries);
    await answers(401, error(null));
    expect([stage.posts.length, told()?.[0]]).toEqual([1, 502]);
  });
});

describe('the deadline of a whole call', () => {
  const timed = { ...two, routed: { timeout_ms: 1_000, retries: 3 } };

  it('ends its last attempt, however many there were', async () => {
    await begin(timed);
    await pass(600);
    await answers(500, error(null));
    await pass(399);
    expect(last().controls).toEqual([]);
    await pass(1);
    expect(last().controls).toEqual(['the call took too long']);
    await fails('broken');
    expect([told(), stage.events()[1]?.status, stage.posts.length]).toEqual([
      [504, 'p2', '2'],
      'timeout',
      2,
    ]);
  });

  it('allows no retry that would come after it', async () => {
    await begin({ deployments: [{}], routed: { timeout_ms: 1_000, retries: 3 } });
    await answers(429, error(null), { 'retry-after': '1' });
    expect(told()).toEqual([429, 'p1', '1']);
  });

  it('sends nothing for a call that waited for its budget until then', async () => {
    stage = await CallStage.open(books(), timed);
    const grant = stage.ledger.hold();
    client = stage.call(chat());
    await pass(1_000);
    grant();
    await pass();
    expect([stage.posts, client.refusal.status, stage.held().held]).toEqual([[], 504, 0n]);
    expect(stage.handler.inFlight).toBe(0);
  });
});

describe('a deployment that fails', () => {
  const limits = { breakerFailures: 2, coolDownMs: 1_000, coolDownMsMax: 8_000 };
  /** Providers that a call goes to, in order: all of `p1` fail. */
  async function visits(): Promise<string[]> {
    const before = stage.posts.length;
    await again();
    const visited: string[] = [];
    while (stage.posts.length > before + visited.length) {
      visited.push(stage.posts.length - before === 1 && !isOpen() ? 'p1' : 'p2');
      if (visited.at(-1) === 'p1') await fails('broken');
      else await answers(200, OK);
    }
    return visited;
  }
  const isOpen = () => stage.writes.at(-1)?.op === 'started' && startedAt().includes('p2/');

  // Portkey-AI/gateway#1289: an open breaker did not keep calls from the provider that had opened it.
  // tombii/better-ccflare#349: nothing could close a breaker.
  it('is left alone after some failures, tried by one call after its cool-down, and then served again', async () => {
    stage = await CallStage.open(books(), { ...two, limits });
    expect(await visits()).toEqual(['p1', 'p2']);
    expect(await visits()).toEqual(['p1', 'p2']);
    expect(await visits()).toEqual(['p2']);
    await pass(1_000);
    expect(await visits()).toEqual(['p1', 'p2']);
    await pass(1_000);
    expect(await visits()).toEqual(['p2']);
    await pass(1_000);
    await again();
    expect(startedAt()).toContain('p1/');
    // Others do not rush to it while one tries.
    expect(await visits()).toEqual(['p2']);
    stage.posts.at(-2)?.answer.onHeaders(200, JSON_TYPE);
    stage.posts.at(-2)?.answer.onData(Buffer.from(OK));
    stage.posts.at(-2)?.answer.onEnd();
    await pass();
    await again();
    expect(startedAt()).toContain('p1/');
  });

  // samosa-ai-com/opencode-go-multi-auth#6: one request that no server could serve opened every breaker.
  it('is not to blame for a request that fails at the next one in the same way', async () => {
    stage = await CallStage.open(books(), { ...two, limits: { ...limits, breakerFailures: 1 } });
    await again();
    await answers(500, error(null));
    await answers(500, error(null));
    for (const at of ['p1/', 'p2/']) {
      await again();
      expect(startedAt()).toContain(at);
      await fails('unreachable', true);
    }
  });

  // litellm#8668: where all were cooled down, every call was refused until the end of that.
  it('is tried all the same if there is no other', async () => {
    stage = await CallStage.open(books(), {
      routed: {},
      limits: { ...limits, breakerFailures: 1 },
    });
    for (const _ of [1, 2, 3]) {
      await again();
      await fails('broken');
    }
    expect(stage.posts.length).toBe(3);
  });

  // litellm#37592: an account without credit was asked again by every call.
  it.each([402, 429])('is left alone at once if it answers %d', async (status) => {
    stage = await CallStage.open(books(), { ...two, limits });
    await again();
    await answers(status, error(null));
    await answers(200, OK);
    expect(await visits()).toEqual(['p2']);
  });
});

describe('what says nothing of a deployment', () => {
  const once = { limits: { breakerFailures: 1 } };

  it('a stream that was still being written when its call had no time left', async () => {
    await begin({ ...two, ...once, routed: { timeout_ms: 1_000 } }, STREAM);
    last().answer.onHeaders(200, SSE);
    last().answer.onData(Buffer.from(CHUNK));
    await pass(1_000);
    await fails('broken');
    await again(STREAM);
    expect(startedAt()).toContain('p1/');
  });

  it('silence until then does', async () => {
    await begin({ ...two, ...once, routed: { timeout_ms: 1_000 } });
    await pass(1_000);
    await fails('broken');
    await again();
    expect(startedAt()).toContain('p2/');
  });
});

it('a provider whose connections are all taken is passed over', async () => {
  stage = await CallStage.open(books(), two);
  Object.assign(stage.route[0]?.provider ?? {}, { connections: new FairGate(0, 0) });
  await again();
  await pass(1);
  await answers(200, OK);
  expect([told(), stage.events().length, stage.held().held]).toEqual([[200, 'p2', '1'], 1, 0n]);
  expect(stage.handler.inFlight).toBe(0);
});

it('a defect before another attempt ends the call as its last attempt did', async () => {
  await begin(two);
  stage.beforeHold = () => {
    throw new Error('a defect');
  };
  await answers(500, error('first'));
  expect([told(), client.got()?.body, stage.defects]).toEqual([
    ...[[500, 'p1', '1'], error('first'), ['a defect']],
  ]);
  expect([stage.handler.inFlight, stage.held().held]).toEqual([0, 0n]);
});

describe('a route keeps the law of models', () => {
  const denied = (denied_models: string[]) =>
    new ModelAccess([['key', { allowed_models: null, denied_models }]]);
  const names = { deployments: [{ model: 'a' }, { model: 'b' }], routed: {} };

  it('a candidate that the key may not use is left out, first or later', async () => {
    await begin({ ...names, models: denied(['a']) });
    await answers(500, error(null));
    expect([told(), stage.posts.length]).toEqual([[500, 'p2', '1'], 1]);
  });

  // litellm#39998, litellm#38572: a fallback was served that the key could not have asked for.
  it('who may use a route by its name may not use its fallbacks by that', async () => {
    const models = new ModelAccess([['key', { allowed_models: ['m'], denied_models: [] }]]);
    await begin({ ...names, models });
    await answers(500, error(null));
    expect([told(), stage.posts.length]).toEqual([[500, 'p1', '1'], 1]);
  });

  it('a key that may use none is told so, and holds nothing', async () => {
    await begin({ ...names, models: denied(['*']) });
    expect([client.refusal.status, stage.refused, stage.posts]).toEqual([
      ...[403, ['model_not_allowed'], []],
    ]);
  });
});

// litellm#31557
it('a fallback without room for the request is never tried', async () => {
  const candidates = [
    { model: 'm', provider: 'p1', context_window: 1_000_000 },
    { model: 'm', provider: 'p2', context_window: 11 },
  ];
  await begin({ ...two, routed: { candidates } });
  await answers(500, error(null));
  expect([told(), stage.posts.length]).toEqual([[500, 'p1', '1'], 1]);
});

it('a request that no candidate can serve is refused with what each of them lacks', async () => {
  const tools = [{ type: 'function', function: { name: 'f' } }];
  await begin(two, chat({ tools }));
  expect([client.refusal.status, stage.refused, stage.posts]).toEqual([
    ...[400, ['no_able_model'], []],
  ]);
  expect(client.refusal.body).toContain('tools');
  await begin({ ...two, routed: { supports: ['tools'] } }, chat({ tools }));
  expect(stage.posts.length).toBe(1);
});
