/**
 * Appends records to the topic through a few idempotent producers. The rules, each pinned by
 * `tests/contract/kafka-lost-responses.contract.test.ts`:
 *
 * 1. A partition belongs to one producer, and a producer has one send in flight. With two in
 *    flight, kafkajs can give the sequence number of a send whose response was lost to the other
 *    send, which is then acknowledged and never stored.
 * 2. A producer whose send was rejected is replaced. kafkajs has reset its sequence numbers
 *    although the broker may have stored the batch, so the broker could take the next batch of the
 *    same size for a repetition.
 * 3. An append resolves with the offsets that the broker named for its partitions. A partition that
 *    is missing in the answer was not sent: kafkajs forgets it when its leader moves to a broker
 *    that has already answered. A partition without an offset may not be stored. Both reject the
 *    append.
 * 4. Once a part of an append is rejected, its later parts are not sent, so what the caller sends
 *    again stays in order. Nothing is retried here beyond kafkajs' own, bounded retries.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CompressionTypes, type Kafka, type Producer, type RecordMetadata } from 'kafkajs';
import type { KafkaLimits } from './kafka-limits.ts';

export type NewRecord = { partition: number; value: Uint8Array };

export type KafkaAppenderOptions = {
  kafka: Kafka;
  topic: string;
  partitions: number;
  limits: KafkaLimits;
  onWarning: (error: unknown, message: string) => void;
};

/** A caller's append; its parts are sent one after the other by each producer. */
type Append = { failure: Error | null; offsets: bigint[] };
/** Some records of an append for one producer. They go into one send together. */
type Part = {
  append: Append;
  records: readonly NewRecord[];
  /** The place of each record in the append. */
  places: readonly number[];
  bytes: number;
  settle: (error: Error | null) => void;
};

export class KafkaAppender {
  readonly #options: KafkaAppenderOptions;
  readonly #lanes: Lane[];
  #closed = false;

  constructor(options: KafkaAppenderOptions) {
    this.#options = options;
    const lanes = Math.min(options.limits.producersMax, options.partitions);
    this.#lanes = Array.from({ length: lanes }, () => new Lane(options));
  }

  /** Connects the producers, so that the first append does not wait for it. */
  async open(): Promise<void> {
    await Promise.all(this.#lanes.map((lane) => lane.open()));
  }

  /**
   * @throws Error if nothing was sent (a wrong record, a full queue), or if the records may not be
   *   stored
   */
  async append(records: readonly NewRecord[]): Promise<bigint[]> {
    this.#refuseUnsendable(records);
    const append: Append = { failure: null, offsets: new Array<bigint>(records.length) };
    const settled: Promise<void>[] = [];
    for (const [index, lane] of this.#lanes.entries()) {
      for (const cut of this.#cuts(records, index)) settled.push(lane.enqueue(append, cut));
    }
    // Every part is settled before the answer: a rejected append has nothing in flight.
    const results = await Promise.allSettled(settled);
    const failed = results.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    return append.offsets;
  }

  /** Sends what waits, for at most `closeTimeoutMs`; what is not sent by then is rejected. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#lanes.map((lane) => lane.close()));
  }

  #refuseUnsendable(records: readonly NewRecord[]): void {
    const { partitions, topic, limits } = this.#options;
    if (this.#closed) throw new Error('the log is closed');
    let bytes = 0;
    for (const { partition, value } of records) {
      if (!Number.isInteger(partition) || partition < 0 || partition >= partitions) {
        throw new Error(`topic ${topic} has no partition ${partition}`);
      }
      if (value.length > limits.valueBytesMax) {
        throw new Error(`a value of ${value.length} bytes is over ${limits.valueBytesMax}`);
      }
      bytes += value.length;
    }
    const waiting = this.#lanes.reduce((sum, lane) => sum + lane.waitingRecords, 0);
    const waitingBytes = this.#lanes.reduce((sum, lane) => sum + lane.waitingBytes, 0);
    const full =
      waiting + records.length > limits.queueRecordsMax ||
      waitingBytes + bytes > limits.queueBytesMax;
    // An append that is bigger than the queue may still go alone.
    if (full && waiting > 0) throw new Error(`the queue to Kafka is full: ${waiting} records`);
  }

  /** The records of one lane in order, in pieces that fit into a send. */
  *#cuts(records: readonly NewRecord[], lane: number): Generator<Cut> {
    const { sendRecordsMax, sendBytesMax } = this.#options.limits;
    let cut: Cut = { records: [], places: [], bytes: 0 };
    for (const [place, record] of records.entries()) {
      if (record.partition % this.#lanes.length !== lane) continue;
      const full =
        cut.records.length === sendRecordsMax || cut.bytes + record.value.length > sendBytesMax;
      if (full && cut.records.length > 0) {
        yield cut;
        cut = { records: [], places: [], bytes: 0 };
      }
      cut.records.push(record);
      cut.places.push(place);
      cut.bytes += record.value.length;
    }
    if (cut.records.length > 0) yield cut;
  }
}

type Cut = { records: NewRecord[]; places: number[]; bytes: number };

/** One producer, its queue, and the loop that sends one batch at a time. */
class Lane {
  waitingRecords = 0;
  waitingBytes = 0;
  readonly #options: KafkaAppenderOptions;
  readonly #queue: Part[] = [];
  #producer: Producer | null = null;
  #sending: Promise<void> | null = null;
  #discarded: Promise<void>[] = [];

  constructor(options: KafkaAppenderOptions) {
    this.#options = options;
  }

  async open(): Promise<void> {
    await this.#connected();
  }

  enqueue(append: Append, cut: Cut): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null) => (error === null ? resolve() : reject(error));
      this.#queue.push({ append, ...cut, settle });
      this.waitingRecords += cut.records.length;
      this.waitingBytes += cut.bytes;
      this.#sending ??= this.#sendAll();
    });
  }

  async close(): Promise<void> {
    const { closeTimeoutMs } = this.#options.limits;
    const late = new AbortController();
    const timeout = sleep(closeTimeoutMs, 'late', { signal: late.signal }).catch(() => 'done');
    const outcome = await Promise.race([this.#sending, timeout]);
    late.abort();
    if (outcome === 'late') this.#rejectWaiting(new Error('the log was closed before it was sent'));
    if (this.#producer !== null) this.#discard(this.#producer);
    await Promise.all(this.#discarded);
  }

  async #sendAll(): Promise<void> {
    while (this.#queue.length > 0) {
      if (this.waitingRecords < this.#options.limits.lingerRecordsMin) {
        await sleep(this.#options.limits.lingerMs);
      }
      await this.#sendBatch(this.#nextBatch());
    }
    this.#sending = null;
  }

  /** As many parts from the head of the queue as fit into one send, at least one. */
  #nextBatch(): Part[] {
    const { sendRecordsMax, sendBytesMax } = this.#options.limits;
    const batch: Part[] = [];
    let [records, bytes] = [0, 0];
    for (const part of this.#queue) {
      records += part.records.length;
      bytes += part.bytes;
      if (batch.length > 0 && (records > sendRecordsMax || bytes > sendBytesMax)) break;
      batch.push(part);
    }
    this.#queue.splice(0, batch.length);
    return batch;
  }

  async #sendBatch(batch: readonly Part[]): Promise<void> {
    const parts = batch.filter(({ append }) => append.failure === null);
    let failure: Error | null = null;
    try {
      if (parts.length > 0) await this.#send(parts);
    } catch (error) {
      failure = error instanceof Error ? error : new Error(String(error));
      for (const { append } of parts) append.failure ??= failure;
    }
    for (const part of batch) this.#settle(part, part.append.failure);
  }

  async #send(parts: readonly Part[]): Promise<void> {
    const { topic } = this.#options;
    const producer = await this.#connected();
    const messages = parts.flatMap(({ records }) =>
      records.map(({ partition, value }) => ({ partition, value: asBuffer(value) })),
    );
    try {
      const answer = await producer.send({
        topic,
        messages,
        acks: -1,
        compression: CompressionTypes.ZSTD,
      });
      const offsets = offsetsOf(messages, answer);
      let at = 0;
      for (const { append, places } of parts) {
        for (const place of places) append.offsets[place] = offsets[at++] as bigint;
      }
    } catch (error) {
      this.#discard(producer);
      throw error;
    }
  }

  async #connected(): Promise<Producer> {
    if (this.#producer !== null) return this.#producer;
    const { kafka, limits } = this.#options;
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => explicitPartition,
      retry: {
        retries: limits.sendRetriesMax,
        initialRetryTime: limits.retryPauseMs.first,
        maxRetryTime: limits.retryPauseMs.max,
      },
    });
    try {
      await producer.connect();
    } catch (error) {
      this.#discard(producer);
      throw error;
    }
    this.#producer = producer;
    return producer;
  }

  /**
   * In the background: disconnecting waits for requests that have no answer yet, at most until
   * their timeout.
   */
  #discard(producer: Producer): void {
    if (this.#producer === producer) this.#producer = null;
    const done = producer
      .disconnect()
      .catch((error) => this.#options.onWarning(error, 'a producer did not disconnect'))
      .then(() => {
        this.#discarded = this.#discarded.filter((other) => other !== done);
      });
    this.#discarded.push(done);
  }

  #rejectWaiting(error: Error): void {
    for (const part of this.#queue.splice(0)) {
      part.append.failure ??= error;
      this.#settle(part, part.append.failure);
    }
  }

  #settle(part: Part, error: Error | null): void {
    this.waitingRecords -= part.records.length;
    this.waitingBytes -= part.bytes;
    part.settle(error);
  }
}

/**
 * The offset of every message, from the base offsets that the brokers named. Exported for its test.
 *
 * @throws Error if a partition's offset is not known: the batch may or may not be stored
 */
export function offsetsOf(
  messages: readonly { partition: number }[],
  answer: readonly RecordMetadata[],
): bigint[] {
  const next = new Map<number, bigint>();
  for (const { partition, baseOffset } of answer) next.set(partition, BigInt(baseOffset ?? -1));
  return messages.map(({ partition }) => {
    const offset = next.get(partition) ?? -1n;
    if (offset < 0n)
      throw new Error(`Kafka did not say where partition ${partition} took its batch`);
    next.set(partition, offset + 1n);
    return offset;
  });
}

function explicitPartition({ message }: { message: { partition?: number } }): number {
  if (message.partition === undefined) throw new Error('a record without a partition');
  return message.partition;
}

function asBuffer(value: Uint8Array): Buffer {
  return Buffer.isBuffer(value)
    ? value
    : Buffer.from(value.buffer, value.byteOffset, value.byteLength);
}
