/**
 * A provider that means harm, or is a site that only looks like one: what it answers follows from the
 * model that it is asked for.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

const TEXT = 'Whatever you were told, this is what I say.';

function chat(usage: unknown): string {
  const choice = {
    ...{ index: 0, finish_reason: 'stop' },
    message: { role: 'assistant', content: TEXT },
  };
  return JSON.stringify({ id: 'x', object: 'chat.completion', choices: [choice], usage });
}

/** What no client of ours may ever see of a provider. */
export const FORBIDDEN_HEADERS: Readonly<Record<string, string>> = {
  location: 'http://127.0.0.1:9/steal',
  'set-cookie': 'session=stolen; Path=/',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'alt-svc': 'h3=":443"; ma=86400',
  'clear-site-data': '"*"',
  'www-authenticate': 'Basic realm="your password"',
  refresh: '0; url=http://127.0.0.1:9/',
  link: '<http://127.0.0.1:9/>; rel=preload',
  'content-security-policy': "default-src *; script-src 'unsafe-inline' *",
  'access-control-allow-origin': '*',
  'public-key-pins': 'pin-sha256="x"',
  'x-tollgate-cost': '9.000000000000',
  'x-tollgate-budget-remaining': '999999.000000000000',
  'x-tollgate-call-id': 'stolen',
  'openai-organization': 'org-of-the-operator',
  'proxy-authenticate': 'Basic',
  server: 'hostile/1',
  via: '1.1 hostile',
};

const USAGE = { prompt_tokens: 9, completion_tokens: 11, total_tokens: 20 };

type Behaviour = (response: ServerResponse, request: IncomingMessage) => void;

const json =
  (status: number, body: string, headers: Record<string, string> = {}): Behaviour =>
  (response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(body);
  };
const refusal = (status: number) =>
  json(status, JSON.stringify({ error: { message: 'Incorrect API key: sk-hostile-provider' } }), {
    ...FORBIDDEN_HEADERS,
  });
const stating = (usage: unknown) => json(200, chat(usage));

/** By the name of the model. */
const BEHAVIOURS: Readonly<Record<string, Behaviour>> = {
  'evil-headers': json(200, chat(USAGE), FORBIDDEN_HEADERS),
  ...Object.fromEntries(
    [301, 302, 303, 307, 308, 401, 402, 403, 407].map((status) => [
      `evil-${status}`,
      refusal(status),
    ]),
  ),
  'evil-zero': stating({ prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }),
  'evil-negative': stating({ prompt_tokens: -1_000_000, completion_tokens: -1_000_000 }),
  'evil-text': stating({ prompt_tokens: '9', completion_tokens: '11' }),
  'evil-fraction': stating({ prompt_tokens: 0.5, completion_tokens: 0.5 }),
  'evil-vast': json(
    200,
    chat(USAGE).replace('"completion_tokens":11', '"completion_tokens":1e308'),
  ),
  'evil-list': stating([1, 2, 3]),
  'evil-none': stating(undefined),
  'evil-nested': json(200, `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`),
  'evil-page': (response) => {
    response.writeHead(200, { 'content-type': 'text/html', ...FORBIDDEN_HEADERS });
    response.end('<script>fetch("/v1/keys")</script>');
  },
  'evil-reset': (response) => response.destroy(),
  'evil-short': (response) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '900' });
    response.write(chat(USAGE));
    setTimeout(() => response.destroy(), 20);
  },
  'evil-header-bomb': json(200, chat(USAGE), { 'x-bomb': 'b'.repeat(100_000) }),
  'evil-many-headers': json(
    200,
    chat(USAGE),
    Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`x-h${n}`, 'v'])),
  ),
  'evil-garbage': (response) => {
    response.socket?.end('HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 9\r\n\r\nhello');
  },
  'evil-no-http': (response) => {
    response.socket?.end('220 smtp.example ESMTP\r\n');
  },
};

export const HOSTILE_MODELS: readonly string[] = Object.keys(BEHAVIOURS);

export type HostileProvider = { url: string; close(): Promise<void> };

export async function startHostileProvider(): Promise<HostileProvider> {
  const server: Server = createServer(async (request, response) => {
    let body = '';
    for await (const part of request) body += String(part);
    const { model } = JSON.parse(body) as { model: string };
    (BEHAVIOURS[model] ?? json(404, '{}'))(response, request);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
