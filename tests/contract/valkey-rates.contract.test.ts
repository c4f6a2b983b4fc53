/** The RateStore's contract on a real Valkey or Redis server, and what only that store promises. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RateStore } from '@tollgate/adapters/rates/rates.ts';
import { openValkeyRates } from '@tollgate/adapters/rates/valkey-rates.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startValkey, type ValkeyEngine, valkeyUnavailable } from '../engines/valkey.ts';
import { ratesContract } from './rates.ts';

const unavailable = valkeyUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: the rates on Valkey. ${unavailable}`);

const take = { lengthMs: 60_000, limit: 9, smoothing: false, need: 1, most: 3 };

describe.skipIf(unavailable !== null)('the rates on Valkey', () => {
  let engine: ValkeyEngine;
  const warnings: string[] = [];
  const stores: RateStore[] = [];
  beforeAll(async () => {
    engine = await startValkey();
    // A server that has begun in this minute does not know it.
    const inMinuteMs = Date.now() % 60_000;
    if (inMinuteMs > 50_000) await sleep(60_010 - inMinuteMs);
  }, 30_000);
  afterAll(async () => {
    await Promise.all(stores.map((store) => store.close()));
    await engine?.dispose();
  });

  async function open(limits = {}, prefix = `t${randomUUID()}`): Promise<RateStore> {
    const logger = { warn: (_: object, message: string) => warnings.push(message) };
    // As if the server had run for long.
    const store = openValkeyRates({
      url: engine.url,
      prefix,
      logger,
      limits: { uptimeErrorMs: -600_000, ...limits },
    });
    stores.push(store);
    await eventually(() => store.take({ ...take, counter: 'first', most: 1 }));
    return store;
  }

  ratesContract('Valkey', open);

  // litellm#20256, #28160: slots of processes that died were never free again.
  it('slots that nobody claims again are free when their lease ends', async () => {
    const store = await open({ slotLeaseMs: 300 });
    const claim = { counter: 'c', limit: 4, want: 4 };
    expect(await store.claim({ ...claim, owner: 'dead', used: 4 })).toEqual({
      slots: 4,
      leaseMs: 300,
    });
    // Its own claims keep them from nobody.
    for (let i = 0; i < 3; i++) {
      expect((await store.claim({ ...claim, owner: 'other', used: 0 })).slots).toBe(0);
      await sleep(50);
    }
    await sleep(200);
    expect((await store.claim({ ...claim, owner: 'other', used: 0 })).slots).toBe(4);
  });

  // litellm PR#30684: after a restart, counters that were gone enforced nothing.
  it('a server that has restarted gives nothing of a window that it does not know', async () => {
    const prefix = `t${randomUUID()}`;
    const store = await open({ uptimeErrorMs: 1_000 }, prefix);
    await engine.kill();
    await expect(store.take({ ...take, counter: 'c' })).rejects.toThrow();
    await engine.start();
    const share = await eventually(() => store.take({ ...take, counter: 'c' }));
    expect(share).toMatchObject({ granted: 0, forgotten: true });
    const second = { ...take, counter: 's', lengthMs: 1_000 };
    const known = await eventually(async () => {
      const next = await store.take(second);
      if (next.forgotten) throw new Error('not yet');
      return next;
    });
    expect(known.granted).toBe(3);
    // Others may still run what they had.
    const claim = { counter: 'c', owner: 'o', limit: 4, want: 4 };
    expect((await store.claim({ ...claim, used: 1 })).slots).toBe(1);
    expect(warnings).toContain('the store of rates is lost');
    expect(warnings).toContain('the store of rates is back');
  });

  it('a server that hangs fails what is asked in time, and what comes late counts once', async () => {
    const store = await open({ commandTimeoutMs: 200 });
    const counter = 'h';
    const { windowStartMs } = await store.take({ ...take, counter, most: 9 });
    engine.pause();
    const back = { counter, lengthMs: 60_000, windowStartMs, delta: -4 };
    await expect(store.correct(back)).rejects.toThrow();
    engine.resume();
    const { granted } = await eventually(() => store.take({ ...take, counter, most: 9 }));
    expect(granted).toBe(4);
  });
});

async function eventually<T>(ask: () => Promise<T>): Promise<T> {
  for (let left = 200; ; left--) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(20);
    }
  }
}
