import { expect, it } from 'vitest';
import { type AttemptEnding, type NextStep, nextStep } from './next-step.ts';

const endings = [
  ...(['answered', 'unsent', 'broken', 'closed', 'timeout'] as const),
  ...(['unauthorized', 'redirected', 'flagged'] as const),
];

/** For each ending, what comes next in this state. */
function steps(state: { clientGone: boolean; relayed: boolean; deploymentsLeft: number }) {
  return Object.fromEntries(endings.map((ending) => [ending, nextStep(ending, state)]));
}

const all = (step: NextStep): Record<AttemptEnding, NextStep> => ({
  ...{ answered: step, unsent: step, broken: step, closed: step, timeout: step },
  ...{ unauthorized: step, redirected: step, flagged: step },
});

it('a call whose route has no other deployment ends as its attempt did', () => {
  expect(steps({ clientGone: false, relayed: false, deploymentsLeft: 0 })).toEqual(all('answer'));
});

it('another deployment is tried only if the request was not read, so nothing can be billed', () => {
  const expected = { ...all('answer'), unsent: 'attempt' };
  for (const deploymentsLeft of [1, 2]) {
    expect(steps({ clientGone: false, relayed: false, deploymentsLeft })).toEqual(expected);
  }
});

it('no provider is changed once a byte was relayed', () => {
  expect(steps({ clientGone: false, relayed: true, deploymentsLeft: 1 })).toEqual(all('answer'));
});

it('nothing is tried or answered for a client that has gone', () => {
  for (const relayed of [true, false]) {
    expect(steps({ clientGone: true, relayed, deploymentsLeft: 1 })).toEqual(all('nothing'));
  }
});
