/** The contract of owners on a real Valkey or Redis server. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openValkeyStoredObjects } from '@tollgate/adapters/stored-objects/valkey-stored-objects.ts';
import { afterAll, beforeAll, describe } from 'vitest';
import { startValkey, type ValkeyEngine, valkeyUnavailable } from '../engines/valkey.ts';
import { storedObjectsContract } from './stored-objects.ts';

const unavailable = valkeyUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: stored objects in Valkey. ${unavailable}`);

describe.skipIf(unavailable !== null)('owners of stored objects in Valkey', () => {
  let engine: ValkeyEngine;
  beforeAll(async () => {
    engine = await startValkey();
  }, 30_000);
  afterAll(() => engine?.dispose());

  storedObjectsContract('Valkey', async () => {
    const prefix = `t${randomUUID()}`;
    return {
      open: async (limits = {}) => {
        const logger = { warn: () => undefined };
        const store = openValkeyStoredObjects({ url: engine.url, prefix, logger, limits });
        for (let left = 200; left > 0; left--) {
          const isThere = await store.find(['first']).then(...isReady);
          if (isThere) break;
          await sleep(20);
        }
        return store;
      },
      dispose: async () => undefined,
    };
  });
});

const isReady = [() => true, () => false] as const;
