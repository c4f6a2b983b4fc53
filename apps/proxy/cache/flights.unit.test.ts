import { expect, it } from 'vitest';
import { Flights } from './flights.ts';

type Waiting = { onLeave: (() => void) | undefined };

it('who leaves while it waits is let go at once, and the others wait on', async () => {
  const flights = new Flights(1);
  const flight = flights.begin('a');
  const [left, stays]: Waiting[] = [{ onLeave: undefined }, { onLeave: undefined }];
  const waits = [left, stays].map((place) => flight?.wait(60_000, place as Waiting));
  left?.onLeave?.();
  expect(await waits[0]).toBe('late');
  flight?.end(null);
  expect([await waits[1], stays?.onLeave, flights.size]).toEqual([null, undefined, 0]);
});
