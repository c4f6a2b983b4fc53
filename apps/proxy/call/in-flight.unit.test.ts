import { expect, it } from 'vitest';
import type { Refusal } from '../errors.ts';
import { type CallOwner, InFlight, Place } from './in-flight.ts';

const limits = { callsPerKeyMax: 2, callsPerTeamMax: 3, callsPerCustomerMax: 4 };
const owner = (keyId: string, teamId: string | null, customerId = 'cus'): CallOwner => ({
  ...{ keyId, teamId, customerId },
});
const entered = (place: Place | Refusal) => (place instanceof Place ? 'in' : place.message);

it('a key, a team and a customer have no more calls in flight than they may', () => {
  let idle = 0;
  const calls = new InFlight(limits, () => idle++);
  const a = calls.enter(owner('a', 't'));
  const answers = [
    calls.enter(owner('a', 't')),
    calls.enter(owner('a', 't')),
    calls.enter(owner('b', 't')),
    calls.enter(owner('b', 't')),
    calls.enter(owner('c', null)),
    calls.enter(owner('d', null)),
    calls.enter(owner('d', null, 'other')),
  ];
  const full = (whose: string, most: number) =>
    `This ${whose} has ${most} calls in flight at this proxy, which is as many as it may have. Try again when one has ended.`;
  expect([entered(a), ...answers.map(entered), calls.total]).toEqual([
    'in',
    ...['in', full('key', 2), 'in', full('team', 3), 'in', full('customer', 4), 'in'],
    5,
  ]);
  const leave = (place: Place | Refusal | undefined) => place instanceof Place && place.leave();
  leave(a);
  leave(a);
  expect([calls.total, entered(calls.enter(owner('a', 't'))), calls.total]).toEqual([4, 'in', 5]);
  for (const place of answers) leave(place);
  expect([idle, calls.total]).toEqual([0, 1]);
});

it('says when the last call has left, and only then', () => {
  const steps: string[] = [];
  const calls = new InFlight(limits, () => steps.push('idle'));
  const [one, two] = [calls.enter(owner('a', 't')), calls.enter(owner('b', null))] as Place[];
  one?.leave();
  steps.push('one left');
  two?.leave();
  two?.leave();
  expect(steps).toEqual(['one left', 'idle']);
});
