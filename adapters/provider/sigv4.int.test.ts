/** Requests that AWS has to take: signed again each time, judged by a check that shares nothing with the signer. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type Authorizer, fileToken } from './authorizer.ts';
import { sigV4 } from './sigv4.ts';
import { authorizationOf, type Received, signatureOf } from './testing/verify-sigv4.ts';
import { createUpstream } from './upstream.ts';

const ID = 'AKIDEXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY';
const access = {
  ...{ region: 'us-east-1', service: 'bedrock' },
  ...{ accessKeyId: { text: ID }, secretAccessKey: { text: SECRET } },
};

type Got = Received & { status: number };

async function open(
  authorize: Authorizer,
  answer: (seen: number) => [number, object?] = () => [200],
) {
  const got: Received[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    const body = Buffer.concat(await request.toArray());
    const { method = '', url: target = '' } = request;
    got.push({ method, target, headers: request.headers as Received['headers'], body });
    const [status, headers = {}] = answer(got.length);
    response.writeHead(status, headers as Record<string, string>).end('{}');
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const upstream = createUpstream({
    ...{ baseUrl: `http://127.0.0.1:${port}/openai/v1`, apiKey: '', connectionsMax: 2 },
    ...{ connectTimeoutMs: 1_000, headersTimeoutMs: 5_000, bodyTimeoutMs: 5_000 },
    authorize,
  });
  onTestFinished(async () => {
    await upstream.close();
    server.closeAllConnections();
    server.close();
  });
  const post = (path: string, body = '{"a":"é"}', headers = {}) =>
    new Promise<Got | string>((resolve) => {
      let status = 0;
      upstream.post(path, Buffer.from(body), headers, {
        onHeaders: (stated) => {
          status = stated;
        },
        onData: () => undefined,
        onEnd: () => resolve({ ...(got.at(-1) as Received), status }),
        onFailure: ({ kind, unsent, cause }) => resolve(`${kind} ${unsent} ${cause.message}`),
      });
    });
  return { post, got, upstream };
}

function judge(received: Received, secret = SECRET): void {
  expect(authorizationOf(received).signature).toBe(signatureOf(received, secret));
}

// AWS's published test suite for Signature Version 4: get-vanilla.
it('the check itself finds the signature that AWS has published', () => {
  const authorization =
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
    'SignedHeaders=host;x-amz-date, ' +
    'Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31';
  const headers = {
    host: 'example.amazonaws.com',
    'x-amz-date': '20150830T123600Z',
    authorization,
  };
  judge({ method: 'GET', target: '/', headers, body: '' });
});

// litellm#15788: names with a colon were encoded once too often, or not often enough.
it.each([
  '/chat/completions',
  '/model/eu.amazon.nova-micro-v1%3A0/converse',
  '/responses?api-version=1&a=b%20c',
])('%s is signed as it is sent', async (path) => {
  const { post } = await open(sigV4(access));
  const received = (await post(path)) as Got;
  judge(received);
  const { id, scope, signedHeaders } = authorizationOf(received);
  expect([id, scope.slice(1)]).toEqual([ID, ['us-east-1', 'bedrock', 'aws4_request']]);
  expect(signedHeaders).toEqual(['content-type', 'host', 'x-amz-content-sha256', 'x-amz-date']);
});

// litellm#27513: what a client or an earlier attempt had signed was sent along with the new signature.
it('nothing that was signed before is sent again, and temporary credentials show their token', async () => {
  let nowMs = Date.UTC(2026, 0, 1);
  const sessionToken = { text: 'token' };
  const { post } = await open(sigV4({ ...access, sessionToken }, () => nowMs));
  const first = (await post('/x', '{}', { 'x-amz-date': 'old', authorization: 'AWS4 old' })) as Got;
  nowMs += 60_000;
  const second = (await post('/x', '{}')) as Got;
  for (const received of [first, second]) {
    judge(received);
    expect(received.headers['x-amz-security-token']).toBe('token');
  }
  expect([first, second].map(({ headers }) => headers['x-amz-date'])).toEqual([
    ...['20260101T000000Z', '20260101T000100Z'],
  ]);
});

it('a clock that is off is found by a refusal, and the next request has the server’s time', async () => {
  const theirs = Date.UTC(2026, 0, 1, 12);
  const head = { date: new Date(theirs).toUTCString() };
  const ours = theirs - 3_600_000;
  const { post, got } = await open(
    sigV4(access, () => ours),
    (seen) => [seen === 1 ? 403 : 200, head],
  );
  await post('/x');
  await post('/x');
  expect(got.map(({ headers }) => headers['x-amz-date'])).toEqual([
    ...['20260101T110000Z', '20260101T120000Z'],
  ]);
  judge(got[1] as Received);
});

it('a token in a file is read again after a refusal; without one, nothing is sent', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-token-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'token');
  const { post, got } = await open(fileToken(file), (seen) => [seen === 1 ? 401 : 200]);
  expect(await post('/x')).toBe(`unreachable true the secret file ${file} cannot be read`);
  writeFileSync(file, 'one\n');
  await post('/x');
  writeFileSync(file, 'two\n');
  await post('/x');
  writeFileSync(file, 'three\n');
  await post('/x');
  expect(got.map(({ headers }) => headers['authorization'])).toEqual([
    ...['Bearer one', 'Bearer two', 'Bearer two'],
  ]);
});

it('a request that is given up while it is signed is not sent', async () => {
  const { promise, resolve } = Promise.withResolvers<Record<string, string>>();
  const { got, upstream } = await open({ headersFor: () => promise, answered: () => undefined });
  const failed = new Promise<string>((done) => {
    const control = upstream.post(
      '/x',
      '{}',
      {},
      {
        onHeaders: () => undefined,
        onData: () => undefined,
        onEnd: () => done('answered'),
        onFailure: ({ kind, unsent }) => done(`${kind} ${unsent}`),
      },
    );
    control.abort(new Error('its client has gone'));
  });
  expect(await failed).toBe('aborted true');
  resolve({});
  await upstream.close();
  expect(got).toEqual([]);
});
