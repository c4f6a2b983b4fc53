import { tmpdir } from 'node:os';
import { expect, it } from 'vitest';
import { storesHealth, type WatchedStores } from './stores-health.ts';

/** Stores with so many records and rows; what is null does not answer. */
function watched(state: { end: bigint | null; rows: bigint | 'hangs' | null; nowMs: number }) {
  const stores = {
    log: {
      async ends() {
        if (state.end === null) throw new Error('no brokers at kafka:9092');
        return [state.end - 1n, 1n];
      },
    },
    warehouse: {
      query: async () => {
        if (state.rows === 'hangs') return new Promise(() => undefined);
        if (state.rows === null) throw new Error('Code: 241. Memory limit');
        return [{ rows: String(state.rows) }];
      },
    },
    folder: tmpdir(),
  } as unknown as WatchedStores;
  return (more: object = {}, watchedToo: Partial<WatchedStores> = {}) =>
    storesHealth(
      { ...stores, ...watchedToo },
      {
        ...{
          projectorStalledMs: 30_000,
          diskFreeBytesMin: 1,
          healthKeptMs: 0,
          // The disk must answer by then, on a machine that is busy too.
          healthTimeoutMs: 1_000,
        },
        ...{ nowMs: () => state.nowMs, ...more },
      },
    );
}

const FINE = { log: 'ok', warehouse: 'ok', disk: 'ok' };

it('the API is ready while the projector goes on, and not once it stays behind', async () => {
  const state = { end: 10n, rows: 10n, nowMs: 0 };
  const health = watched(state)();
  expect(await health()).toEqual({ ready: true, checks: { ...FINE, projector_lag: '0' } });
  Object.assign(state, { end: 20n, nowMs: 600_000 });
  expect(await health()).toEqual({ ready: true, checks: { ...FINE, projector_lag: '10' } });
  Object.assign(state, { end: 30n, nowMs: 630_000 });
  expect(await health()).toEqual({
    ready: false,
    checks: { ...FINE, projector_lag: 'does not advance, 20 records left' },
  });
  Object.assign(state, { rows: 11n });
  expect((await health()).ready).toBe(true);
});

it.each([
  ['the log is away', { end: null, rows: 1n }, ['log', 'projector_lag']],
  ['the warehouse refuses a query', { end: 1n, rows: null }, ['warehouse', 'projector_lag']],
  ['a query hangs', { end: 1n, rows: 'hangs' as const }, ['warehouse', 'projector_lag']],
])('while %s it is not ready, and says what does not answer', async (_name, state, parts) => {
  const { ready, checks } = await watched({ ...state, nowMs: 0 })()();
  expect(ready).toBe(false);
  const silent = Object.entries(checks).filter(([, text]) => text === 'does not answer');
  expect(silent.map(([name]) => name)).toEqual(parts);
});

it('next to a projector, its own figure counts, and a query must be answered all the same', async () => {
  const state = { end: 10n, rows: 0n as bigint | null, nowMs: 0 };
  const applied = () => 8n;
  expect((await watched(state)({}, { applied })()).checks['projector_lag']).toBe('2');
  Object.assign(state, { rows: null });
  expect((await watched(state)({}, { applied })()).ready).toBe(false);
});

it('while the disk is full it is not ready', async () => {
  const state = { end: 1n, rows: 1n, nowMs: 0 };
  const health = watched(state)({ diskFreeBytesMin: Number.MAX_SAFE_INTEGER });
  expect(await health()).toMatchObject({ ready: false, checks: { disk: 'full' } });
});
