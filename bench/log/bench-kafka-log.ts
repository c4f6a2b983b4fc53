/**
 * The log on a real Kafka on this machine: how fast shippers append, and how fast it is read, by a
 * projector (a page of every partition per cycle), through one partition, and at random.
 */
import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { openKafkaLog } from '@tollgate/adapters/log/kafka-log.ts';
import type { Log } from '@tollgate/adapters/log/log.ts';
import { makeUuidV7 } from '@tollgate/domain/ids/ids.ts';
import { partitionOf } from '@tollgate/domain/partition/partition.ts';
import { startKafka } from '../../tests/engines/kafka.ts';
import { report } from '../harness/results.ts';
import { median, percentile } from '../harness/stats.ts';

export const kafkaLogBenchUsage = `  kafka-log [--rounds 3] [--records 200000] [--partitions 16] [--nodes 1|3] [--compare FILE]
      Append rate of 1 and 4 shippers (one append of 500 records in flight each) and read rates of
      usage events on a real Kafka, brokers and client on this machine. Needs Java 17 and Maven.
`;

const BATCH_RECORDS = 500;
/** As the projector's batch and read limits. */
const CYCLE_RECORDS = 10_000;
const READ_BYTES = 16 * 1024 * 1024;
const RANDOM_READS = 300;

type NewRecord = { partition: number; value: Uint8Array };

export async function benchKafkaLog(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      rounds: { type: 'string', default: '3' },
      records: { type: 'string', default: '200000' },
      partitions: { type: 'string', default: '16' },
      nodes: { type: 'string', default: '1' },
      compare: { type: 'string' },
    },
  });
  const partitions = Number(values.partitions);
  const nodes = values.nodes === '3' ? 3 : 1;
  const engine = await startKafka({ nodes });
  try {
    const records = events(Number(values.records), partitions);
    const rounds: Awaited<ReturnType<typeof round>>[] = [];
    for (let i = 0; i < Number(values.rounds); i++) {
      const open = () =>
        openKafkaLog({
          brokers: engine.bootstrap,
          topic: `bench-${i}`,
          ordinal: 0,
          partitions,
          replicationFactor: nodes,
          clientId: 'bench',
        });
      rounds.push(await round(open, records));
      console.log(`round ${i + 1}:`, rounds[i]);
    }
    const names = Object.keys(rounds[0] ?? {}) as (keyof (typeof rounds)[0])[];
    const summary = Object.fromEntries(names.map((n) => [n, median(rounds.map((r) => r[n]))]));
    report(
      'kafka-log',
      { partitions, nodes, records: records.length },
      rounds,
      summary,
      values.compare,
    );
  } finally {
    await engine.stop();
  }
}

async function round(open: () => Promise<Log>, records: readonly NewRecord[]) {
  const log = await open();
  const half = records.length >> 1;
  const one = await append(log, records.slice(0, half), 1);
  const four = await append(log, records.slice(half), 4);
  // Another client: nothing that the first one keeps in memory helps.
  const reader = await open();
  const ends = await reader.ends();
  const projector = await readCycles(reader, ends);
  const longest = ends.indexOf(ends.reduce((a, b) => (a > b ? a : b)));
  const single = await readCycles(
    reader,
    ends.map((end, i) => (i === longest ? end : 0n)),
  );
  const random = await readAtRandom(reader, ends);
  await Promise.all([log.close(), reader.close()]);
  return {
    value_bytes: records.reduce((sum, { value }) => sum + value.length, 0) / records.length,
    append_1_per_s: one.perS,
    append_1_p50_ms: percentile(one.ms, 50),
    append_1_p99_ms: percentile(one.ms, 99),
    append_4_per_s: four.perS,
    append_4_p50_ms: percentile(four.ms, 50),
    append_4_p99_ms: percentile(four.ms, 99),
    read_all_partitions_per_s: projector,
    read_one_partition_per_s: single,
    read_random_p50_ms: percentile(random, 50),
    read_random_p99_ms: percentile(random, 99),
  };
}

async function append(log: Log, records: readonly NewRecord[], shippers: number) {
  const ms: number[] = [];
  let next = 0;
  const ship = async () => {
    while (next < records.length) {
      const batch = records.slice(next, next + BATCH_RECORDS);
      next += batch.length;
      const startMs = performance.now();
      await log.append(batch);
      ms.push(performance.now() - startMs);
    }
  };
  const startMs = performance.now();
  await Promise.all(Array.from({ length: shippers }, ship));
  return { perS: (records.length / (performance.now() - startMs)) * 1000, ms };
}

/** @returns records per second, read in cycles as the projector does */
async function readCycles(log: Log, ends: readonly bigint[]): Promise<number> {
  const next = ends.map(() => 0n);
  let records = 0;
  const startMs = performance.now();
  for (;;) {
    const behind = next.flatMap((offset, partition) =>
      offset < (ends[partition] as bigint) ? [{ partition, offset }] : [],
    );
    if (behind.length === 0) break;
    const maxRecords = Math.ceil(CYCLE_RECORDS / behind.length);
    const pages = await Promise.all(
      behind.map((from) => log.read({ ...from, maxRecords, maxBytes: READ_BYTES })),
    );
    for (const page of pages) {
      const last = page.at(-1);
      if (last === undefined) throw new Error('a page below the end is empty');
      next[last.partition] = last.offset + 1n;
      records += page.length;
    }
  }
  return (records / (performance.now() - startMs)) * 1000;
}

async function readAtRandom(log: Log, ends: readonly bigint[]): Promise<number[]> {
  const ms: number[] = [];
  for (let i = 0; i < RANDOM_READS; i++) {
    const partition = Math.floor(Math.random() * ends.length);
    const offset = BigInt(Math.floor(Math.random() * Number(ends[partition])));
    const startMs = performance.now();
    const [record] = await log.read({ partition, offset, maxRecords: 1, maxBytes: 1 });
    ms.push(performance.now() - startMs);
    if (record?.offset !== offset) throw new Error(`offset ${offset} was not read`);
  }
  return ms;
}

/** Attempts of 2,000 customers as the proxy records them; ids and quantities vary as in life. */
function events(count: number, partitions: number): NewRecord[] {
  const startMs = Date.now();
  return Array.from({ length: count }, (_, i) => {
    const customer = `cus_${String(i % 2_000).padStart(26, '0')}`;
    const timeMs = startMs + i;
    const id = makeUuidV7(timeMs, randomBytes(10));
    const event = {
      ...{ id, type: 'attempt', schema_version: 1, call_id: makeUuidV7(timeMs, randomBytes(10)) },
      ...{ attempt: 1, source: `proxy/ins_${i % 4}`, resolves_id: null },
      ...{ provider_request_id: `req_${randomBytes(9).toString('hex')}`, customer_id: customer },
      ...{ team_id: null, key_id: `key_${customer.slice(4)}`, environment: 'live' },
      ...{ end_user: null, tags: { feature: 'chat' }, provider: 'openai' },
      ...{
        deployment: 'openai/gpt-large',
        model_requested: 'gpt-large',
        model_served: 'gpt-large',
      },
      ...{
        endpoint: 'chat.completions',
        stream: true,
        input_tokens: Math.floor(Math.random() * 4e3),
      },
      ...{ cache_read_tokens: 0, cache_write_tokens: 0, reasoning_tokens: 0 },
      ...{ output_tokens: Math.floor(Math.random() * 900), audio_input_tokens: 0 },
      ...{ audio_output_tokens: 0, images: 0, requests: 1, usage_source: 'provider' },
      ...{ cost: (Math.random() / 10).toFixed(12), price_version: 'v1', price_source: 'config' },
      ...{ status: 'ok', http_status: 200, error_type: null, cache: 'miss' },
      ...{
        latency_ms: Math.random() * 1e4,
        ttft_ms: Math.random() * 900,
        overhead_us: 400 + (i % 99),
      },
      ...{ time: new Date(timeMs).toISOString(), recorded_at: new Date(timeMs + 9).toISOString() },
    };
    const partition = partitionOf(Buffer.from(customer), partitions);
    return { partition, value: Buffer.from(JSON.stringify(event)) };
  });
}
