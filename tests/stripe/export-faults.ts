/** What can go wrong with one request. */
import type { Fault } from '@tollgate/simulator/stripe/wire/faults.ts';

export const FAULTS: readonly (readonly [string, Fault])[] = [
  ['a lost answer', { kind: 'lost_response', how: 'garbled' }],
  ['a lost request', { kind: 'lost_request', how: 'garbled' }],
  ['a 429 that asks for three seconds', { kind: 'refused', status: 429, retryAfterS: 3 }],
  ['a 500 before its work', { kind: 'refused', status: 500 }],
  ['a 503', { kind: 'refused', status: 503 }],
  ['a saved 429 of an object that is held', { kind: 'locked' }],
  ['a saved 500 with its work done', { kind: 'failed', done: true }],
  ['a saved 500 without its work', { kind: 'failed', done: false }],
];
