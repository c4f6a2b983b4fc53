/** The AnswerCache's contract on a real Valkey or Redis server, and what only that store promises. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AnswerCache } from '@tollgate/adapters/cache/answer-cache.ts';
import type { CacheLimits } from '@tollgate/adapters/cache/cache-limits.ts';
import { openValkeyCache } from '@tollgate/adapters/cache/valkey-cache.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startValkey, type ValkeyEngine, valkeyUnavailable } from '../engines/valkey.ts';
import { answerCacheContract } from './answer-cache.ts';

const unavailable = valkeyUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: the answers on Valkey. ${unavailable}`);

describe.skipIf(unavailable !== null)('the answers on Valkey', () => {
  let engine: ValkeyEngine;
  const warnings: string[] = [];
  const logger = { warn: (_: object, message: string) => void warnings.push(message) };
  beforeAll(async () => {
    engine = await startValkey();
  }, 30_000);
  afterAll(() => engine?.dispose());

  async function open(prefix: string, limits: Partial<CacheLimits> = {}): Promise<AnswerCache> {
    const cache = openValkeyCache({ url: engine.url, prefix, logger, limits });
    await eventually(async () => cache.get('first'));
    return cache;
  }

  answerCacheContract('Valkey', async () => {
    const prefix = `t${randomUUID()}`;
    return { open: (limits = {}) => open(prefix, limits), dispose: async () => undefined };
  });

  it('a server that is away fails at once, and is used again when it is back', async () => {
    const cache = await open(`t${randomUUID()}`);
    await engine.kill();
    await expect(cache.get('k')).rejects.toThrow();
    const answer = { key: 'k', customerId: 'c', model: 'm', purgesSeen: -1, ttlMs: 60_000 };
    await expect(cache.put({ ...answer, value: Buffer.from('v') })).rejects.toThrow();
    await engine.start();
    await eventually(() => cache.put({ ...answer, value: Buffer.from('v') }));
    expect(Buffer.from((await cache.get('k')) ?? []).toString()).toBe('v');
    expect(warnings).toEqual(['the store of answers is lost', 'the store of answers is back']);
    await cache.close();
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
