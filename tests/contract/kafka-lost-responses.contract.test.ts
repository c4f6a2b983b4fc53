/**
 * What the Kafka log promises when answers to its sends are lost. kafkajs 2.2.4 alone can
 * acknowledge a batch that is never stored (its issue 1005 and related ones). Each test breaks the
 * connection between the log and a real broker, and then reads the topic over an intact one.
 */
import { randomUUID } from 'node:crypto';
import type { KafkaLimits } from '@tollgate/adapters/log/kafka-limits.ts';
import { openKafkaLog } from '@tollgate/adapters/log/kafka-log.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type KafkaEngine, startKafka } from '../engines/kafka.ts';
import {
  type Fault,
  type FaultProxy,
  PRODUCE,
  startFaultProxy,
} from '../engines/kafka-fault-proxy.ts';
import { kafkaUnavailable } from '../engines/kafka-jars.ts';

/** Includes the first fetch of the jars. */
const START_TIMEOUT_MS = 360_000;
const PARTITIONS = 2;
const TRIES_MAX = 20;
/** Short, so that the client soon gives up on a lost answer. */
const IMPATIENT = {
  requestTimeoutMs: 400,
  sendRetriesMax: 3,
  retryPauseMs: { first: 20, max: 100 },
};

const unavailable = kafkaUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: lost answers of Kafka. ${unavailable}`);

describe.skipIf(unavailable !== null)('the log on Kafka when answers are lost', () => {
  let engine: KafkaEngine;
  let proxy: FaultProxy;
  let topic: string;
  let direct: Log;
  const opened: Log[] = [];

  const open = async (
    through: 'proxy' | 'direct',
    limits: Partial<KafkaLimits> = {},
  ): Promise<Log> => {
    const log = await openKafkaLog({
      brokers: through === 'proxy' ? [`127.0.0.1:${proxy.port}`] : engine.bootstrap,
      topic,
      ordinal: 0,
      partitions: PARTITIONS,
      replicationFactor: 1,
      clientId: 'lost-responses',
      limits: through === 'proxy' ? { ...IMPATIENT, ...limits } : {},
    });
    opened.push(log);
    return log;
  };

  beforeAll(async () => {
    proxy = await startFaultProxy();
    engine = await startKafka({ proxyPorts: [proxy.port] });
    proxy.leadTo(engine.proxied[0] as number);
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await proxy?.close();
    await engine?.stop();
  }, START_TIMEOUT_MS);
  beforeEach(async () => {
    topic = `lost-${randomUUID()}`;
    direct = await open('direct');
  });
  afterEach(async () => {
    proxy.onAnswer(() => 'none');
    await Promise.all(opened.splice(0).map((log) => log.close()));
  });

  /** Applies to this many of the next answers to a send. */
  const lose = (count: number, fault: Fault): void => {
    let left = count;
    proxy.onAnswer((api) => (api === PRODUCE && left-- > 0 ? fault : 'none'));
  };
  const stored = async (partition: number): Promise<string[]> => {
    const from = { partition, offset: 0n, maxRecords: 100_000, maxBytes: 1e9 };
    return (await direct.read(from)).map(({ value }) => Buffer.from(value).toString());
  };
  const record = (partition: number, value: string) => ({ partition, value: Buffer.from(value) });

  const faults: [string, Fault][] = [
    ['is dropped', 'drop'],
    ['is a broken connection', 'cut'],
    ['comes after the client gave up', { delayMs: 700 }],
  ];
  it.each(faults)(
    'stores concurrent appends once and in order when an answer %s',
    async (_, fault) => {
      // Ten sends and more, so there is a send after the lost answer that could take its sequence
      // number.
      const log = await open('proxy', { sendRecordsMax: 4 });
      const values = Array.from({ length: 40 }, (__, i) => `v${i}`);
      lose(2, fault);
      const appends = values.map((value) => log.append([record(0, value), record(1, value)]));
      const offsets = await Promise.all(appends);
      expect([await stored(0), await stored(1)]).toEqual([values, values]);
      expect(offsets).toEqual(values.map((__, i) => [BigInt(i), BigInt(i)]));
    },
  );

  it('never takes an append for an earlier one whose answers were all lost', async () => {
    const log = await open('proxy');
    lose(1 + IMPATIENT.sendRetriesMax, 'drop');
    await expect(log.append([record(0, 'a1'), record(0, 'a2')])).rejects.toThrow();
    // Of the same size: from the old producer, the broker would take it for a repetition of `a`.
    const b = await log.append([record(0, 'b1'), record(0, 'b2')]);
    const a = await log.append([record(0, 'a1'), record(0, 'a2')]);
    expect(await stored(0)).toEqual(['a1', 'a2', 'b1', 'b2', 'a1', 'a2']);
    expect([b, a]).toEqual([
      [2n, 3n],
      [4n, 5n],
    ]);
  });

  it('sends no later part of an append whose earlier part failed', async () => {
    const log = await open('proxy', { sendRecordsMax: 3 });
    const values = Array.from({ length: 9 }, (_, i) => `v${i}`);
    const records = values.map((value) => record(0, value));
    lose(1 + IMPATIENT.sendRetriesMax, 'drop');
    await expect(log.append(records)).rejects.toThrow();
    await log.append(records);
    expect(await stored(0)).toEqual([...values.slice(0, 3), ...values]);
  });

  it('keeps every acknowledged record at its offset, and the order of each shipper', async () => {
    const shippers = await Promise.all([open('proxy'), open('proxy'), open('proxy')]);
    const random = seeded(20_261_124);
    const kinds: Fault[] = ['drop', 'cut', { delayMs: 300 }, { delayMs: 600 }];
    proxy.onAnswer((api) => {
      if (api !== PRODUCE || random() > 0.2) return 'none';
      return kinds[Math.floor(random() * kinds.length)] as Fault;
    });
    const acknowledged = new Map<string, string>();
    const ship = async (log: Log, name: string): Promise<void> => {
      for (let batch = 0; batch < 25; batch++) {
        const values = Array.from({ length: 6 }, (_, i) => `${name}.${batch * 6 + i}`);
        const records = values.map((value, i) => record(i % PARTITIONS, value));
        const offsets = await untilAcknowledged(log, records);
        for (const [i, { partition }] of records.entries()) {
          acknowledged.set(`${partition}:${offsets[i]}`, values[i] as string);
        }
      }
    };
    await Promise.all(shippers.map((log, i) => ship(log, `s${i}`)));
    const all = [await stored(0), await stored(1)];
    const misplaced = [...acknowledged].filter(([place, value]) => {
      const [partition, offset] = place.split(':').map(Number);
      return all[partition as number]?.[offset as number] !== value;
    });
    expect(misplaced).toEqual([]);
    expect(acknowledged.size).toBe(3 * 25 * 6);
    expect(outOfOrder(all)).toEqual([]);
  }, 120_000);

  // Tests kafkajs, not our code: it shows that the proxy provokes the loss, and will tell when a
  // later kafkajs no longer has the defect.
  it('is needed: concurrent sends of one kafkajs producer lose an acknowledged record', async () => {
    const kafka = new Kafka({
      brokers: [`127.0.0.1:${proxy.port}`],
      requestTimeout: IMPATIENT.requestTimeoutMs,
      retry: { initialRetryTime: 20, maxRetryTime: 100 },
      logLevel: logLevel.NOTHING,
    });
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      createPartitioner: () => () => 0,
    });
    await producer.connect();
    lose(1, 'drop');
    const send = (value: string) => producer.send({ topic, messages: [{ value }] });
    await Promise.all([send('a'), send('b')]);
    await producer.disconnect();
    const twice = await stored(0);
    expect(twice).toHaveLength(2);
    expect(twice[0]).toBe(twice[1]);
  });
});

/** Like the shipper: the same records again until they are acknowledged. */
async function untilAcknowledged(
  log: Log,
  records: { partition: number; value: Uint8Array }[],
): Promise<bigint[]> {
  let last: unknown;
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    try {
      return await log.append(records);
    } catch (error) {
      last = error;
    }
  }
  throw new Error(`not acknowledged in ${TRIES_MAX} tries`, { cause: last });
}

/** First occurrences that come before one with a lower number of the same shipper. */
function outOfOrder(partitions: readonly string[][]): string[] {
  return partitions.flatMap((values) => {
    const highest = new Map<string, number>();
    return [...new Set(values)].filter((value) => {
      const [name = '', number = ''] = value.split('.');
      const before = highest.get(name) ?? -1;
      highest.set(name, Math.max(before, Number(number)));
      return Number(number) < before;
    });
  });
}

/** Uniform numbers in [0, 1) from a linear congruential generator: the same faults in every run. */
function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
