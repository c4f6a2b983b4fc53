import { describe, expect, it } from 'vitest';
import { openApi } from './api.ts';

type Sent = { url: string; method: string; key: string | null; body: string | null };

/** An API that gives these answers, one after another. */
function api(answers: (Response | Error | 'hangs')[], limits = {}) {
  const sent: Sent[] = [];
  const send = ((url: string, init: RequestInit) => {
    const headers = new Headers(init.headers);
    const body = init.body === undefined ? null : String(init.body);
    sent.push({ url, method: init.method ?? '', key: headers.get('idempotency-key'), body });
    const answer = answers.shift();
    if (answer === 'hangs') {
      return new Promise((_resolve, reject) => {
        init.signal?.addEventListener('abort', () => reject(init.signal?.reason));
      });
    }
    return answer instanceof Response ? Promise.resolve(answer) : Promise.reject(answer);
  }) as typeof fetch;
  const quick = { pauseMs: 0, pauseMaxMs: 1, waitMs: 10_000, ...limits };
  const client = openApi({ url: 'http://api/', token: 'tgadm_x', fetch: send, limits: quick });
  return { client, sent };
}

const fine = () => Response.json({ id: 'x' });
const problem = (status: number, body: object) => Response.json(body, { status });
const away = () => problem(503, { code: 'ledger_unavailable', title: 'Away' });
const refused = Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } });

describe('a request to the billing API', () => {
  it('is sent again where it may be, and a POST under the same Idempotency-Key', async () => {
    const { client, sent } = api([refused, away(), problem(429, {}), fine()]);
    expect(await client.post('/v1/keys', { name: 'k' })).toEqual({ id: 'x' });
    expect(sent).toHaveLength(4);
    expect(new Set(sent.map(({ key }) => key)).size).toBe(1);
    expect(sent[0]).toMatchObject({
      url: 'http://api/v1/keys',
      key: expect.any(String),
      body: '{"name":"k"}',
    });
  });

  it('is given up after four attempts, with what the last one said', async () => {
    const { client, sent } = api([away(), away(), away(), away(), fine()]);
    await expect(client.get('/v1/keys')).rejects.toThrow('Away. (ledger_unavailable)');
    expect(sent).toHaveLength(4);
  });

  it('is not sent again once it was refused', async () => {
    const errors = [{ path: 'body.limit', message: 'a decimal number in quotes' }];
    const body = { code: 'invalid_request', title: 'Invalid', action: 'Compare it.', errors };
    const { client, sent } = api([problem(400, body), fine()]);
    await expect(client.get('/v1/keys')).rejects.toThrow(
      'Invalid. Compare it. (invalid_request)\n  body.limit: a decimal number in quotes',
    );
    expect(sent).toHaveLength(1);
  });

  it.each([
    [[refused, refused, refused, refused], 'http://api cannot be reached: nothing listens there'],
    [['hangs' as const], 'http://api did not answer within 0 s'],
    [
      [new Response('<html>nginx</html>', { status: 200 })],
      'is no billing API of Tollgate: it answered 200 <html>',
    ],
  ])('of %j is said to be so', async (answers, message) => {
    const { client } = api(answers, { waitMs: answers[0] === 'hangs' ? 20 : 10_000 });
    await expect(client.get('/v1/keys')).rejects.toThrow(message);
  });

  it('ends at once when it is interrupted', async () => {
    const interrupted = new AbortController();
    const send = (() => {
      interrupted.abort();
      return Promise.reject(refused);
    }) as typeof fetch;
    const client = openApi({
      url: 'http://api',
      token: 't',
      fetch: send,
      signal: interrupted.signal,
    });
    await expect(client.get('/v1/keys')).rejects.toThrow(/abort/i);
  });
});

describe('a list', () => {
  const page = (ids: string[], has_more: boolean) =>
    Response.json({ data: ids.map((id) => ({ id })), has_more });

  it('is read page by page, from the last item of the page before', async () => {
    const { client, sent } = api([page(['c', 'b'], true), page(['a'], false)]);
    expect((await client.all('/v1/keys', { status: 'active' })).map(({ id }) => id)).toEqual([
      'c',
      'b',
      'a',
    ]);
    expect(sent.map(({ url }) => url)).toEqual([
      'http://api/v1/keys?status=active&limit=100',
      'http://api/v1/keys?status=active&limit=100&starting_after=b',
    ]);
  });

  it('ends with the items that are wanted, and where a page is empty', async () => {
    const some = api([page(['b', 'a'], true)]);
    expect(await some.client.all('/v1/keys', {}, 2)).toHaveLength(2);
    expect(some.sent).toHaveLength(1);
    const empty = api([page([], true)]);
    expect(await empty.client.all('/v1/keys')).toEqual([]);
  });
});
