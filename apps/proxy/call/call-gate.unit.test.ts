/** Clients that leave before, and while, their call is taken in. */
import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { BodyBytes } from '../body/body-bytes.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import { proxyLimits } from '../limits.ts';
import { CallGate } from './call-gate.ts';
import { InFlight } from './in-flight.ts';

const key = { keyId: 'k', teamId: null, customerId: 'c' } as KeyView;

function take(more: { request?: object; reply?: object; handle?: () => Promise<void> } = {}) {
  const inFlight = new InFlight(proxyLimits, () => undefined);
  const bytes = new BodyBytes(proxyLimits);
  const socket = new EventEmitter() as EventEmitter & { setMaxListeners(n: number): unknown };
  const payload = Object.assign(new EventEmitter(), {
    ...{ socket, destroyed: false, complete: false, headers: {}, ...more.request },
  });
  const raw = Object.assign(new EventEmitter(), {
    ...{ socket: null as unknown, destroyed: false, closed: false, ...more.reply },
    destroy(): void {
      raw.destroyed = true;
    },
  });
  const reply = { raw, hijack: () => undefined };
  const headers = { 'content-type': 'application/json' };
  const request = { key, arrivedAtMs: performance.now(), raw: payload, headers };
  const calls = { enter: () => inFlight.enter(key), handle: more.handle };
  const parts = { limits: proxyLimits, calls, bytes, logger: console };
  new CallGate({} as never, parts as never).enter(
    request as never,
    reply as never,
    () => undefined,
  );
  return { inFlight, bytes, socket, payload, raw };
}

it('who has left while its key was looked at takes no place', () => {
  const counts = [{ request: { destroyed: true } }, { reply: { destroyed: true } }, {}].map(
    (more) => take(more).inFlight.total,
  );
  expect(counts).toEqual([0, 0, 1]);
});

// Node tells a reply that is pipelined behind another nothing of the end of its connection.
it('a call behind another on its connection leaves with that', async () => {
  const { inFlight, bytes, socket, payload } = take();
  payload.emit('data', Buffer.alloc(10));
  expect([inFlight.total, bytes.total]).toEqual([1, 10]);
  socket.emit('close');
  payload.emit('close');
  await new Promise(setImmediate);
  expect([inFlight.total, bytes.total]).toEqual([0, 0]);
});

it('once it is its turn, Node says so', async () => {
  const { inFlight, socket, raw } = take();
  raw.emit('socket', socket);
  socket.emit('close');
  await new Promise(setImmediate);
  expect([inFlight.total, raw.destroyed]).toEqual([1, false]);
  raw.emit('close');
  expect(inFlight.total).toBe(0);
});

it('a call that is looked at keeps its place and its bytes, although its client leaves', async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { inFlight, bytes, payload, raw } = take({ handle: () => promise });
  payload.emit('data', Buffer.alloc(10));
  payload.emit('end');
  raw.emit('close');
  expect([inFlight.total, bytes.total]).toEqual([1, 10]);
  resolve();
  await new Promise(setImmediate);
  expect([inFlight.total, bytes.total]).toEqual([0, 0]);
});
