import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ledgerEventId } from '@tollgate/adapters/ledger/event-ids.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { openSqliteLedger } from '@tollgate/adapters/ledger/sqlite-ledger.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { openSqliteLog } from '@tollgate/adapters/log/sqlite-log.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { priceListsFromOverrides } from '@tollgate/domain/pricing/from-overrides.ts';
import { ingestResult } from '@tollgate/schemas/event/cloudevent.ts';
import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { apiLimits } from '../../limits.ts';
import { publishPrices } from '../../price-book/publish-prices.ts';
import { ResourceIndex } from '../../resources/resource-index.ts';
import { ingestEvents } from './ingest.ts';

const NOW = Date.parse('2026-11-24T12:00:00.000Z');
const CUSTOMER = 'cus_1';
const PARTITIONS = 4;
const DAY_MS = 24 * 60 * 60 * 1000;

const folder = mkdtempSync(join(tmpdir(), 'tollgate-ingest-'));
let ledger: Ledger;
let log: Log;
let directory: ResourceIndex;

beforeAll(async () => {
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
  const topic = { topic: 'usage', ordinal: 0, partitions: PARTITIONS } as const;
  log = await openSqliteLog({ path: join(folder, 'log.sqlite'), ...topic });
  const stream = `customer-${CUSTOMER}`;
  const type = 'CustomerCreated';
  const data = {
    ...{ customer_id: CUSTOMER, external_id: 'acme', name: 'Acme', time_zone: 'UTC' },
    ...{ currency: 'USD', markup_ppm: 0 },
  };
  await ledger.append(stream, 'no_stream', [{ id: ledgerEventId(stream, type, ''), type, data }]);
  // The operator goes back to the first list: it is published twice.
  for (const input of ['1', '9', '1']) {
    const override = { provider: 'simulator', model: 'sim-small', input, tiers: [] };
    await publishPrices(
      ledger,
      priceListsFromOverrides([override], () => `list-${input}`),
    );
  }
  const onLost = (error: unknown): void => {
    throw error;
  };
  directory = new ResourceIndex({ ledger, retryMs: { first: 50, max: 2_000 }, onLost });
  await directory.start();
});

afterAll(async () => {
  await directory.stop();
  await Promise.all([log.close(), ledger.close()]);
  rmSync(folder, { recursive: true, force: true });
});

function cloudEventOf(change: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    specversion: '1.0',
    id: randomBytes(8).toString('hex'),
    source: 'collector',
    type: 'usage',
    subject: 'acme',
    time: new Date(NOW).toISOString(),
    data: { provider: 'simulator', model: 'sim-small', input_tokens: 1_000_000 },
    ...change,
  };
}

async function ingest(body: unknown, replaced: Partial<Log> = {}) {
  const context = { directory, limits: apiLimits, log: { ...log, ...replaced } };
  const answer = await ingestEvents.handler(
    {
      params: {},
      query: {},
      body: ingestEvents.body?.parse(body),
      mediaType: 'application/json',
      timeMs: NOW,
      commandId: 'command',
      random: (_label, length) => new Uint8Array(length),
      secretBytes: (_label, length) => new Uint8Array(length),
      newId: (prefix) => `${prefix}_x`,
      keyId: null,
      signal: new AbortController().signal,
      warn: () => undefined,
    },
    context as unknown as ApiContext,
  );
  return ingestResult.parse(answer);
}

async function stored() {
  const partition = partitionOf(Buffer.from(CUSTOMER), PARTITIONS);
  const page = { partition, offset: 0n, maxRecords: 1_000, maxBytes: 1_000_000 };
  const records = await log.read(page);
  return records.map(({ value }) => usageEvent.parse(JSON.parse(Buffer.from(value).toString())));
}

describe('the ingest of events', () => {
  it('prices by the list in force, as the proxies do, even if that list was published twice', async () => {
    expect(await ingest(cloudEventOf({ id: 'priced' }))).toEqual({ accepted: 1, rejected: [] });
    expect((await stored()).find(({ id }) => id === 'priced')).toMatchObject({
      type: 'external',
      customer_id: CUSTOMER,
      usage_source: 'provider',
      cost: '1.000000000000',
      price_version: 'list-1',
      price_source: 'config',
      input_tokens: 1_000_000,
      output_tokens: 0,
    });
  });

  it('stores what it cannot price without a cost, and unknown quantities as unknown (I8)', async () => {
    const unpriced = cloudEventOf({ id: 'unpriced', data: { model: 'x', input_tokens: 1 } });
    const bare = cloudEventOf({ id: 'bare', data: undefined });
    const priced = { provider: 'simulator', model: 'sim-small', input_tokens: 1 };
    const pictures = cloudEventOf({ id: 'pictures', data: { ...priced, images: 5 } });
    expect(await ingest([unpriced, bare, pictures])).toMatchObject({ accepted: 3 });
    const events = new Map((await stored()).map((event) => [event.id, event]));
    const none = { cost: null, price_version: null, price_source: 'none' };
    expect(events.get('unpriced')).toMatchObject({ ...none, usage_source: 'provider' });
    expect(events.get('pictures')).toMatchObject({ ...none, images: 5, input_tokens: 1 });
    expect(events.get('bare')).toMatchObject({ ...none, usage_source: 'none', input_tokens: null });
  });

  it('names each bad event and stores the good ones, up to the exact bounds of time', async () => {
    const at = (ms: number) => new Date(ms).toISOString();
    const oldest = NOW - 400 * DAY_MS;
    const newest = NOW + 5 * 60 * 1000;
    const batch = [
      cloudEventOf({ id: 'oldest', time: at(oldest) }),
      cloudEventOf({ id: 'too-old', time: at(oldest - 1) }),
      cloudEventOf({ id: 'newest', time: at(newest) }),
      cloudEventOf({ id: 'ahead', time: at(newest + 1) }),
      cloudEventOf({ id: 'nobody', subject: 'cus_2' }),
      cloudEventOf({ id: 'binary', data: undefined, data_base64: 'e30=' }),
      'no event',
      cloudEventOf({ id: 'prototype', data: JSON.parse('{"tags":{"__proto__":"x"}}') }),
      cloudEventOf({ id: 'half\ud800' }),
      cloudEventOf({ id: 'half', data: { tags: { 'a\udc00': 'x' } } }),
      cloudEventOf({ id: 'half', data: { environment: '\ud800' } }),
      cloudEventOf({ id: 'many', data: { input_tokens: 1_000_000_001 } }),
    ];
    const { accepted, rejected } = await ingest(batch);
    expect(accepted).toBe(2);
    expect(rejected.map(({ index, id }) => [index, id])).toEqual([
      [1, 'too-old'],
      [3, 'ahead'],
      [4, 'nobody'],
      [5, 'binary'],
      [6, null],
      [7, 'prototype'],
      [8, 'half\ud800'],
      [9, 'half'],
      [10, 'half'],
      [11, 'many'],
    ]);
    expect(rejected[5]?.reason).toContain('data.tags.__proto__: a tag cannot be named');
    const ids = (await stored()).map(({ id }) => id);
    expect(ids).toEqual(expect.arrayContaining(['oldest', 'newest']));
    expect(ids).not.toEqual(expect.arrayContaining(['too-old']));
  });

  it('refuses a batch without a valid event, and acknowledges only what is durable', async () => {
    await expect(ingest([cloudEventOf({ subject: 'cus_2' })])).rejects.toMatchObject({
      code: 'no_event_accepted',
    });
    const append = () => Promise.reject(new Error('the disk is full'));
    const failure = ingest(cloudEventOf(), { append });
    await expect(failure).rejects.toBeInstanceOf(ApiProblem);
    await expect(failure).rejects.toMatchObject({ code: 'log_unavailable' });
  });
});
