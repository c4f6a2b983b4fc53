/**
 * The log on three Kafka nodes that are killed one after the other. It takes minutes, so it is a
 * chaos test.
 */
import { openKafkaLog } from '@tollgate/adapters/log/kafka-log.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { describe, expect, it } from 'vitest';
import { startKafka } from '../engines/kafka.ts';
import { kafkaUnavailable } from '../engines/kafka-jars.ts';

const PARTITIONS = 6;
const SHIPPERS = 3;
const BATCH_RECORDS = 60;

const unavailable = kafkaUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: killed Kafka nodes. ${unavailable}`);

describe.skipIf(unavailable !== null)('the log on Kafka when nodes are killed', () => {
  it('keeps every acknowledged record at its offset, and continues to read and commit', async () => {
    const engine = await startKafka({ nodes: 3 });
    const open = () =>
      openKafkaLog({
        brokers: engine.bootstrap,
        topic: 'usage',
        ordinal: 0,
        partitions: PARTITIONS,
        replicationFactor: 3,
        clientId: 'chaos',
      });
    const logs = await Promise.all(Array.from({ length: SHIPPERS + 1 }, open));
    const reader = logs[SHIPPERS] as Log;
    const run = { stopping: false, acknowledged: new Map<string, string>(), rejected: 0 };
    const shipping = logs.slice(0, SHIPPERS).map((log, i) => ship(log, `s${i}`, run));
    const reading = follow(reader, run);
    for (const node of [0, 1, 2, 0]) {
      await pause(3_000);
      await engine.kill(node);
      await pause(6_000);
      await engine.restart(node);
    }
    await pause(5_000);
    run.stopping = true;
    await Promise.all(shipping);
    const { read, commits } = await reading;
    const misplaced = [...run.acknowledged].filter(([place, value]) => read.get(place) !== value);
    console.log(
      `${run.acknowledged.size} acknowledged, ${run.rejected} appends rejected, ${read.size} stored, ` +
        `${commits} commits`,
    );
    const committed = await reader.committed('follower');
    const ends = await reader.ends();
    await Promise.all(logs.map((log) => log.close()));
    await engine.stop();
    expect(misplaced).toEqual([]);
    expect(read.size).toBe(Number(ends.reduce((sum, end) => sum + end, 0n)));
    expect(committed.map(({ offset }) => offset)).toEqual(ends);
  });
});

type Run = { stopping: boolean; acknowledged: Map<string, string>; rejected: number };

/** One append in flight, repeated until it is acknowledged. */
async function ship(log: Log, name: string, run: Run): Promise<void> {
  for (let batch = 0; !run.stopping; batch++) {
    const values = Array.from({ length: BATCH_RECORDS }, (_, i) => `${name}.${batch}.${i}`);
    const records = values.map((v, i) => ({ partition: i % PARTITIONS, value: Buffer.from(v) }));
    const offsets = await log.append(records).catch(() => null);
    if (offsets === null) {
      run.rejected++;
      batch--;
      continue;
    }
    for (const [i, { partition }] of records.entries()) {
      run.acknowledged.set(`${partition}:${offsets[i]}`, values[i] as string);
    }
  }
}

/** Reads and commits as a projector does, until everything is read; nothing may throw. */
async function follow(log: Log, run: Run) {
  const read = new Map<string, string>();
  const next = Array.from({ length: PARTITIONS }, () => 0n);
  let [ends, commits]: [bigint[], number] = [await log.ends(), 0];
  for (;;) {
    const last = run.stopping;
    const before = ends;
    ends = await log.ends();
    expect(ends.every((end, i) => end >= (before[i] as bigint))).toBe(true);
    for (const [partition, end] of ends.entries()) {
      while ((next[partition] as bigint) < end) {
        const from = { partition, offset: next[partition] as bigint };
        const page = await log.read({ ...from, maxRecords: 1_000, maxBytes: 1e6 });
        for (const { offset, value } of page) {
          read.set(`${partition}:${offset}`, Buffer.from(value).toString());
          next[partition] = offset + 1n;
        }
      }
    }
    const group = next.map((offset, partition) => ({ partition, offset, metadata: '{}' }));
    await log.commit('follower', group);
    commits++;
    const level = next.every((offset, i) => offset === ends[i]);
    if (last && level) return { read, commits };
    await pause(20);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
