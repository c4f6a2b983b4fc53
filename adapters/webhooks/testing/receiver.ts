/** A receiver of webhooks on this machine, which checks what it gets with the library of the standard. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { Webhook } from 'standardwebhooks';
import type { Certificate } from './certificate.ts';

export type Received = {
  id: string;
  /** Null: its signature does not fit. */
  verified: unknown;
  headers: Record<string, string>;
  body: string;
};

/** What it does with a request; default: answers 204. */
export type Answer = (response: ServerResponse, received: Received) => void;

export type Receiver = Awaited<ReturnType<typeof startReceiver>>;

/** @param options.tls what it shows to those who connect; without it: no TLS */
export async function startReceiver(
  options: { secret?: string; answer?: Answer; tls?: Certificate } = {},
) {
  const received: Received[] = [];
  const state = { secret: options.secret, answer: options.answer ?? answerWith(204) };
  const take = async (request: IncomingMessage, response: ServerResponse) => {
    const body = await textOf(request);
    const headers = request.headers as Record<string, string>;
    const one = { id: headers['webhook-id'] ?? '', verified: verify(body, headers), headers, body };
    received.push(one);
    state.answer(response, one);
  };
  const { tls } = options;
  const server = tls === undefined ? createServer(take) : createTlsServer(tls, take);
  const verify = (body: string, headers: Record<string, string>): unknown => {
    if (state.secret === undefined) return null;
    try {
      return new Webhook(state.secret).verify(body, headers);
    } catch {
      return null;
    }
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/hook`,
    port,
    received,
    /** May be changed at any time. */
    state,
    async close(): Promise<void> {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

export function answerWith(status: number, headers: Record<string, string> = {}): Answer {
  return (response) => response.writeHead(status, headers).end();
}

/** Never answers. */
export const hang: Answer = () => undefined;

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
