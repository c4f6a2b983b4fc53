import { once } from 'node:events';
import { connect } from 'node:net';
import Fastify from 'fastify';
import { expect, it } from 'vitest';
import { z } from 'zod';
import type { ApiContext } from '../context.ts';
import { apiLimits } from '../limits.ts';
import type { Idempotency } from './idempotency.ts';
import { defineRoute } from './route.ts';
import { serveRoute } from './serve-route.ts';

it('a handler is told when its client leaves, and not when the client has its answer', async () => {
  const signals: AbortSignal[] = [];
  const started = Promise.withResolvers<void>();
  const route = (path: string, answer: (signal: AbortSignal) => Promise<void>) =>
    defineRoute({
      ...{ operationId: 'wait', method: 'GET', path, tag: 'Usage', summary: 'Wait' },
      ...{ status: 200, errors: [], response: z.strictObject({}) },
      async handler({ signal }) {
        signals.push(signal);
        await answer(signal);
        return {};
      },
    });
  const context = {
    limits: apiLimits,
    secrets: { isAdminToken: () => true, deriveBytes: () => new Uint8Array() },
    clock: Date.now,
    randomBytes: (length: number) => new Uint8Array(length),
  } as unknown as ApiContext;
  const app = Fastify();
  const deps = {
    context,
    idempotency: {} as Idempotency,
    admit: () => undefined,
    admitDownload: () => undefined,
  };
  serveRoute(
    app,
    route('/quick', () => Promise.resolve()),
    deps,
  );
  const wait = async (signal: AbortSignal) => {
    started.resolve();
    await once(signal, 'abort');
  };
  serveRoute(app, route('/slow', wait), deps);
  const url = new URL(await app.listen({ port: 0, host: '127.0.0.1' }));
  try {
    const headers = { authorization: 'Bearer x', connection: 'close' };
    await (await fetch(new URL('/quick', url), { headers })).text();
    const socket = connect(Number(url.port), url.hostname);
    socket.write('GET /slow HTTP/1.1\r\nhost: x\r\nauthorization: Bearer x\r\n\r\n');
    await started.promise;
    const [quick, slow] = signals as [AbortSignal, AbortSignal];
    const left = once(slow, 'abort');
    socket.destroy();
    await left;
    expect([quick.aborted, slow.aborted]).toEqual([false, true]);
  } finally {
    await app.close();
  }
});
