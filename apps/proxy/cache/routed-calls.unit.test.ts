/** Calls with a route and the cache: whose answers they are given again. */
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client, priced, type StageOptions } from '../testing/call-stage.ts';
import { chat, usage } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));

let stored: Map<string, Uint8Array>;
let answers: AnswerCache;
beforeEach(() => {
  stored = new Map();
  answers = {
    put: async ({ key, value }) => void stored.set(key, value),
    get: async (key) => stored.get(key) ?? null,
    purge: async () => 0,
    close: async () => undefined,
  };
});

const two: StageOptions = { deployments: [{}, {}], routed: {} };
let stage: CallStage;
const open = async (options: StageOptions = two) => {
  stage = await CallStage.open(books(), { ...options, answers });
};
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

async function call(body = chat()): Promise<Client> {
  const client = stage.call(body);
  await pass();
  return client;
}

async function answer(status = 200, said = 'x'): Promise<void> {
  const message = { role: 'assistant', content: said };
  const choices = [{ index: 0, message, finish_reason: 'stop' }];
  const { answer: to } = stage.last();
  to.onHeaders(status, { 'content-type': 'application/json' });
  to.onData(Buffer.from(JSON.stringify(status === 200 ? { choices, usage } : { error: {} })));
  to.onEnd();
  await pass();
}

/** How it was answered, by whom, and how many requests all calls came to. */
function told(client: Client) {
  const { headers = {} } = client.got() ?? {};
  return `${headers['x-tollgate-cache']} of ${headers['x-tollgate-provider']}, ${stage.posts.length}`;
}

describe('a call that a route leads', () => {
  it('is answered again, and its event says where it would have gone', async () => {
    await open();
    const first = await call();
    await answer();
    expect([told(first), told(await call())]).toEqual(['miss of p1, 1', 'hit of p1, 1']);
    expect(stage.events().at(-1)).toMatchObject({
      ...{ type: 'cache_hit', deployment: 'p1/m', model_requested: 'm', attempt: 0 },
      saved_cost: '0.000000000042',
    });
    expect([stage.handler.inFlight, stage.defects]).toEqual([0, []]);
  });

  it('is given what another candidate has answered, and not what failed before it', async () => {
    await open();
    await call();
    await answer(500);
    await answer();
    expect(told(await call())).toBe('hit of p2, 2');
    expect(stage.events().map(({ type, deployment }) => [type, deployment])).toEqual([
      ...[
        ['attempt', 'p1/m'],
        ['attempt', 'p2/m'],
        ['cache_hit', 'p2/m'],
      ],
    ]);
  });

  it('is priced as of now, where the candidate’s price has changed since', async () => {
    await open();
    await call();
    await answer();
    await open({ ...two, deployments: [{ price: priced(3) }, {}] });
    expect(told(await call())).toBe('hit of p1, 0');
    expect(stage.events().at(-1)).toMatchObject({ saved_cost: '0.000000000126' });
  });

  describe('is not given the answer', () => {
    it.each<[name: string, then: StageOptions]>([
      [
        'of a candidate that the route does not have any more',
        { deployments: [{ model: 'n' }, {}] },
      ],
      ['of one that its rule leaves out', { routed: { rules: [{ when: {}, candidates: ['n'] }] } }],
      [
        'of one that cannot do it',
        {
          deployments: [{ price: priced(5) }, { model: 'n' }],
          routed: { max_price: { input: '0.000002' } },
        },
      ],
    ])('%s', async (_, then) => {
      await open();
      await call();
      await answer();
      await open({ ...two, deployments: [{}, { model: 'n' }], ...then });
      expect(told(await call())).not.toContain('hit');
      expect(stage.events().filter(({ type }) => type === 'cache_hit')).toEqual([]);
    });
  });

  it('is given an answer of a candidate that is left alone because it fails now', async () => {
    await open();
    await call();
    await answer();
    for (let failed = 0; failed < 5; failed++) {
      await call(chat({ seed: failed }));
      await answer(500);
      await answer();
    }
    const other = await call(chat({ seed: 9 }));
    await answer();
    expect([told(other), told(await call())]).toEqual(['miss of p2, 12', 'hit of p1, 12']);
  });

  it('is given what the attempt that won has answered, where two ran at once', async () => {
    await open({ ...two, routed: { hedge: { after_ms: 500 } } });
    const first = stage.call(chat());
    await pass(500);
    const [one, other] = stage.posts.map((post) => post.answer);
    const message = { role: 'assistant', content: 'of the first one' };
    const choices = [{ index: 0, message, finish_reason: 'stop' }];
    const body = JSON.stringify({ choices, usage });
    for (const to of [one, other]) {
      to?.onHeaders(200, { 'content-type': 'application/json' });
      to?.onData(Buffer.from(body.slice(0, 9)));
    }
    one?.onData(Buffer.from(body.slice(9)));
    one?.onEnd();
    await pass();
    const again = await call();
    expect([told(first), told(again), again.got()?.body]).toEqual([
      ...['miss of p1, 2', 'hit of p1, 2', body],
    ]);
  });

  it('is in one part of a split, and is not given what the other part got', async () => {
    await open({ ...two, routed: { strategy: 'split' } });
    const parts = new Set<string>();
    for (let user = 0; user < 12; user++) {
      const before = stage.posts.length;
      const client = await call(chat({ user: `u${user}` }));
      if (stage.posts.length > before) await answer();
      parts.add(told(client).replace(/, \d+/, ''));
    }
    expect(stage.posts).toHaveLength(2);
    expect([...parts].toSorted()).toEqual(['hit of p1', 'hit of p2', 'miss of p1', 'miss of p2']);
  });
});
