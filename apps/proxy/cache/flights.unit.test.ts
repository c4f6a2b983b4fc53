import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { Flights } from './flights.ts';

it('who leaves while it waits is let go at once, and the others wait on', async () => {
  const flights = new Flights(1);
  const flight = flights.begin('a');
  const [left, stays] = [new EventEmitter(), new EventEmitter()];
  const waits = [left, stays].map((reply) => flight?.wait(60_000, reply));
  left.emit('close');
  expect(await waits[0]).toBe('late');
  flight?.end(null);
  expect([await waits[1], flights.size]).toEqual([null, 0]);
  expect([left, stays].map((reply) => reply.listenerCount('close'))).toEqual([0, 0]);
});
