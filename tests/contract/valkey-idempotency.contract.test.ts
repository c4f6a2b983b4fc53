/** The IdempotencyStore's contract on a real Valkey or Redis server, and what only that store promises. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { IdempotencyStore } from '@tollgate/adapters/idempotency/idempotency-store.ts';
import { openValkeyIdempotency } from '@tollgate/adapters/idempotency/valkey-idempotency.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startValkey, type ValkeyEngine, valkeyUnavailable } from '../engines/valkey.ts';
import { idempotencyContract } from './idempotency.ts';

const unavailable = valkeyUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: clients' keys on Valkey. ${unavailable}`);

describe.skipIf(unavailable !== null)("clients' keys on Valkey", () => {
  let engine: ValkeyEngine;
  const warnings: string[] = [];
  const logger = { warn: (_: object, message: string) => void warnings.push(message) };
  beforeAll(async () => {
    engine = await startValkey();
  }, 30_000);
  afterAll(() => engine?.dispose());

  async function open(prefix: string, limits = {}): Promise<IdempotencyStore> {
    const store = openValkeyIdempotency({ url: engine.url, prefix, logger, limits });
    await eventually(() => store.forget('first', 't'));
    return store;
  }

  idempotencyContract('Valkey', async () => {
    const prefix = `t${randomUUID()}`;
    return { open: (limits = {}) => open(prefix, limits), dispose: async () => undefined };
  });

  it('a server that is away fails at once, and is used again when it is back', async () => {
    const store = await open(`t${randomUUID()}`);
    const claim = { id: 'a', owner: 'o', request: 'r', token: 't', leaseMs: 1_000, lifeMs: 9_000 };
    await engine.kill();
    await expect(store.claim(claim)).rejects.toThrow();
    await engine.start();
    expect(await eventually(() => store.claim(claim))).toEqual({ kind: 'first' });
    expect(warnings).toEqual([
      'the store of clients’ keys is lost',
      'the store of clients’ keys is back',
    ]);
    await store.close();
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
