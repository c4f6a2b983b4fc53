import type { UpstreamFailure } from '@tollgate/adapters/provider/upstream.ts';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FailureLog } from './failure-log.ts';

type Ended = Parameters<FailureLog['settled']>[1];

const WINDOW_MS = 60_000;
const ended = (http_status: number | null, error_type: string | null = null): Ended => ({
  ...{ status: 'upstream_error', http_status, error_type },
});
const of = (provider: string, model = 'm') => ({
  callId: 'call_1',
  deployment: { provider: { name: provider }, model },
});

let said: object[];
let log: FailureLog;
beforeEach(() => {
  vi.useFakeTimers();
  said = [];
  const logger = { warn: (fields: object, message: string) => said.push({ ...fields, message }) };
  log = new FailureLog({ failureWindowMs: WINDOW_MS, failureCausesMax: 3 }, logger);
});
afterEach(() => {
  log.stop();
  vi.useRealTimers();
});

it('a cause is logged once, and its further failures once per window, with their number', () => {
  const unauthorized = ended(401, 'upstream_unauthorized');
  for (let i = 0; i < 5; i++) log.settled(of('a'), unauthorized, null);
  const line = {
    ...{ provider: 'a', model: 'm', cause: 'upstream_unauthorized', upstream_status: 401 },
  };
  const first = { ...line, call_id: 'call_1', message: 'a provider failed' };
  const again = { ...line, window_s: 60, message: 'a provider failed more often' };
  expect(said).toEqual([first]);
  vi.advanceTimersByTime(WINDOW_MS);
  expect(said).toEqual([first, { ...again, more: 4 }]);
  // It goes on: no line of its own for the next one, and it is in the count of its window.
  log.settled(of('a'), unauthorized, null);
  vi.advanceTimersByTime(WINDOW_MS);
  expect(said).toEqual([first, { ...again, more: 4 }, { ...again, more: 1 }]);
  // A window without any: the cause is over, and a later failure is a first one.
  vi.advanceTimersByTime(WINDOW_MS);
  log.settled(of('a'), unauthorized, null);
  expect(said).toEqual([first, { ...again, more: 4 }, { ...again, more: 1 }, first]);
});

it('causes are told apart by provider, kind, status and code, and never by a text', () => {
  const refused: UpstreamFailure = {
    ...{ kind: 'unreachable', unsent: true },
    cause: Object.assign(new Error('connect 10.1.2.3 sk-secret'), { code: 'ECONNREFUSED' }),
  };
  const strange: UpstreamFailure = {
    ...{ kind: 'unreachable', unsent: true },
    cause: Object.assign(new Error('sk-secret'), { code: 'Bearer sk-secret' }),
  };
  log.settled(of('a'), ended(null, 'upstream_unreachable'), refused);
  log.settled(of('a', 'n'), ended(null, 'upstream_unreachable'), refused);
  log.settled(of('b'), ended(null, 'upstream_unreachable'), refused);
  log.settled(of('a'), ended(null, 'upstream_unreachable'), strange);
  expect(said).toMatchObject([
    { provider: 'a', cause: 'upstream_unreachable', code: 'ECONNREFUSED', upstream_status: null },
    { provider: 'b', cause: 'upstream_unreachable', code: 'ECONNREFUSED', upstream_status: null },
    { provider: 'a', cause: 'upstream_unreachable', upstream_status: null },
  ]);
  expect(JSON.stringify(said)).not.toContain('secret');
});

it('what an operator cannot change is not logged: good answers, wrong requests, clients that leave', () => {
  log.settled(of('a'), { ...ended(200), status: 'ok' }, null);
  log.settled(of('a'), { ...ended(200, 'usage_contradictory'), status: 'ok' }, null);
  for (const status of [400, 413, 422]) log.settled(of('a'), ended(status), null);
  log.settled(of('a'), { ...ended(null), status: 'client_closed' }, null);
  expect(said).toEqual([]);
  for (const status of [404, 429, 503]) log.settled(of('a'), ended(status), null);
  expect(said).toMatchObject([404, 429, 503].map((upstream_status) => ({ upstream_status })));
});

it('a provider that makes up statuses fills no memory and no log', () => {
  for (let status = 500; status < 600; status++) log.settled(of('a'), ended(status), null);
  expect(said).toHaveLength(4);
  expect(said[3]).toMatchObject({ provider: 'a', cause: 'other_causes', upstream_status: 503 });
  log.stop();
  expect(said).toHaveLength(5);
  expect(said[4]).toMatchObject({ cause: 'other_causes', more: 96 });
});

it('of several keys of a provider, the one that failed is named, and each is a cause of its own', () => {
  const unauthorized = ended(401, 'upstream_unauthorized');
  for (const name of ['eu-1', 'eu-2', 'eu-1']) {
    log.settled({ ...of('a'), providerKey: { name } }, unauthorized, null);
  }
  expect(said).toMatchObject([{ provider_key: 'eu-1' }, { provider_key: 'eu-2' }]);
  expect(said).toHaveLength(2);
});
