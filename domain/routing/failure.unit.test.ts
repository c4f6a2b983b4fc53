import { describe, expect, it } from 'vitest';
import {
  type EndedAttempt,
  failureOf,
  type NextAttemptTerms,
  nextAttempt,
  type Tried,
} from './failure.ts';
import type { FailureClass } from './route.ts';

const LISTED: readonly FailureClass[] = ['broken', 'rate_limited'];

const answered = (httpStatus: number, more: Partial<EndedAttempt> = {}) =>
  failureOf({ ending: 'answered', httpStatus, hasFault: false, refusedFor: null, ...more });

describe('why an attempt failed', () => {
  it.each<[number, FailureClass | null]>([
    ...[200, 204, 400, 409, 413, 422].map((status): [number, null] => [status, null]),
    ...[500, 502, 504, 520, 530].map((status): [number, FailureClass] => [status, 'server_error']),
    [429, 'rate_limited'],
    [503, 'overloaded'],
    [529, 'overloaded'],
    [404, 'model_unavailable'],
    [408, 'timeout'],
  ])('of an answer with %d', (status, failure) => {
    expect(answered(status)).toBe(failure);
  });

  it('is in what an answer says, if its status does not', () => {
    expect(answered(200, { hasFault: true })).toBe('server_error');
    expect(answered(400, { refusedFor: 'context_window' })).toBe('context_window');
    expect(answered(429, { refusedFor: 'content_policy' })).toBe('content_policy');
  });

  it('without an answer it is how it ended', () => {
    const endings = [
      'unsent',
      'closed',
      'broken',
      'timeout',
      'unauthorized',
      'redirected',
    ] as const;
    const none = { httpStatus: null, hasFault: false, refusedFor: null };
    expect(endings.map((ending) => failureOf({ ending, ...none }))).toEqual([
      ...['unreachable', 'closed', 'broken', 'timeout', 'unauthorized', 'unauthorized'],
    ]);
  });
});

describe('what follows a failure', () => {
  const terms: NextAttemptTerms = {
    ...{ fallbackOn: LISTED, retriesLeft: 2, deadlineMs: 10_000 },
    ...{ backoffMs: 100, waitMsMax: 1_000 },
  };
  const tried = (...lasts: (FailureClass | null)[]): Tried[] =>
    lasts.map((last) => ({ last, readyAtMs: 0 }));
  const next = (list: Tried[], more: Partial<NextAttemptTerms> = {}, retries = 0, random = 0.5) =>
    nextAttempt('broken', list, { ...terms, ...more }, retries, 0, random);

  it('the first candidate that had no attempt, at once', () => {
    expect(next(tried('broken', null, null))).toEqual({ index: 1, waitMs: 0 });
    expect(next(tried('broken', 'broken', null), { retriesLeft: 0 })).toEqual({
      index: 2,
      waitMs: 0,
    });
  });

  it('then the first of those that may do better, after a wait by chance that grows', () => {
    expect(next(tried('unauthorized', 'broken', 'timeout'))).toEqual({ index: 1, waitMs: 50 });
    expect(next(tried('broken'), {}, 3)).toEqual({ index: 0, waitMs: 400 });
    expect(next(tried('broken'), {}, 30)).toEqual({ index: 0, waitMs: 500 });
    expect(next(tried('broken'), { retriesLeft: 0 })).toBe(null);
    const never = ['unauthorized', 'timeout', 'context_window', 'model_unavailable'] as const;
    expect(next(tried(...never))).toBe(null);
  });

  it('never before its provider says, and the one that is ready first', () => {
    const list: Tried[] = [
      { last: 'rate_limited', readyAtMs: 900 },
      { last: 'rate_limited', readyAtMs: 700 },
    ];
    expect(next(list)).toEqual({ index: 1, waitMs: 700 });
    expect(next(list, { waitMsMax: 699 })).toBe(null);
    expect(next(list, { deadlineMs: 700 })).toBe(null);
  });

  it('nothing that the route does not list, and nothing after the deadline', () => {
    expect(next(tried('broken', null), { fallbackOn: ['timeout'] })).toBe(null);
    expect(next(tried('broken', null), { deadlineMs: 0 })).toBe(null);
  });
});
