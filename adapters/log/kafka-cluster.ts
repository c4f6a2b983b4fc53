/**
 * Requests to Kafka for which kafkajs has no public call: read a partition from an offset, and
 * commit an offset with metadata without being a member of the group.
 *
 * Why not the public API? kafkajs reads only through a consumer, that is, a group membership with a
 * fetch loop of its own. A `seek` takes effect after the current fetch, so random access (proofs,
 * audit, closing) would have to guess which of the delivered batches is the answer, and every open
 * log would join and rebalance a group. A consumer can commit only from inside that loop, and
 * `admin.setOffsets` drops the metadata. Underneath, kafkajs has what is needed: `Cluster` finds
 * the leader of a partition and the coordinator of a group, `Broker` sends one request. The version
 * of kafkajs is pinned exactly, and its last change was in 2024. Only this file knows these
 * classes.
 *
 * Every call is retried until a deadline. A wrong leader refreshes the metadata. A broken
 * connection replaces the whole cluster object, so we never rely on the state of kafkajs after an
 * error.
 */

import { createRequire } from 'node:module';
import type { Kafka, KafkaConfig } from 'kafkajs';
import { Backoff, pause } from '../backoff/backoff.ts';
import type { KafkaLimits } from './kafka-limits.ts';
import type { Commit } from './log.ts';

const require = createRequire(import.meta.url);

export type FetchedRecord = {
  offset: string;
  /** Unix milliseconds: the broker's time of the append, where the topic says LogAppendTime. */
  timestamp: string;
  value: Buffer | null;
  batchContext: { inTransaction: boolean };
};

type ByPartition<P> = { partitions: readonly P[] }[];

type Broker = {
  fetch(request: object): Promise<{
    responses: ByPartition<{ highWatermark: string; messages: FetchedRecord[] }>;
  }>;
  listOffsets(request: object): Promise<{
    responses: ByPartition<{ partition: number; offset: string }>;
  }>;
  offsetFetch(request: object): Promise<{
    responses: ByPartition<{ partition: number; offset: string; metadata: string | null }>;
  }>;
  connectionPool: { send(request: object): Promise<unknown> };
};

/** What a member of a group says to its coordinator, as kafkajs' `Broker` has it. */
export type GroupCoordinator = {
  joinGroup(request: object): Promise<{
    generationId: number;
    leaderId: string;
    memberId: string;
    members: { memberId: string; memberMetadata: Buffer }[];
  }>;
  syncGroup(request: object): Promise<{ memberAssignment: Buffer }>;
  heartbeat(request: object): Promise<unknown>;
  leaveGroup(request: object): Promise<unknown>;
};

type Cluster = {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addMultipleTargetTopics(topics: string[]): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findLeaderForPartitions(topic: string, partitions: number[]): Record<string, number[]>;
  findBroker(node: { nodeId: string }): Promise<Broker>;
  findGroupCoordinator(group: { groupId: string }): Promise<Broker & GroupCoordinator>;
};

const ClusterClass: new (options: object) => Cluster = require('kafkajs/src/cluster');
const socketFactory: () => unknown = require('kafkajs/src/network/socketFactory');
const offsetCommit: {
  protocol(at: { version: number }): (request: object) => object;
} = require('kafkajs/src/protocol/requests/offsetCommit');

/** The last version in which a request says how long the commit is kept; Kafka 4 takes 2 to 10. */
const OFFSET_COMMIT_VERSION = 4;
/** A commit from outside of the group's membership. */
const NO_GENERATION = -1;
const LATEST = '-1';
const EARLIEST = '-2';
/** Show records of open transactions too: there must be none, and the reader checks that. */
const READ_UNCOMMITTED = 0;
/** How often the list of leaders is renewed without a reason, ms. */
const METADATA_MAX_AGE_MS = 60_000;

export type KafkaClusterOptions = {
  kafka: Kafka;
  config: KafkaConfig;
  topic: string;
  partitions: number;
  limits: KafkaLimits;
};

export class KafkaCluster {
  readonly #options: KafkaClusterOptions;
  #cluster: Promise<Cluster> | null = null;
  #closed = false;

  constructor(options: KafkaClusterOptions) {
    this.#options = options;
  }

  /**
   * The records at `offset` and after it, in whole batches as the broker stores them, so the first
   * record may be an earlier one. Empty at the end. Does not wait for records.
   *
   * @returns null if the partition has no such offset
   */
  fetch(
    partition: number,
    offset: bigint,
    maxBytes: number,
  ): Promise<{ end: bigint; records: FetchedRecord[] } | null> {
    const { topic } = this.#options;
    const part = { partition, fetchOffset: String(offset), maxBytes };
    return this.#answer(async (cluster) => {
      const leader = await this.#leaderOf(cluster, partition);
      try {
        const { responses } = await leader.fetch({
          isolationLevel: READ_UNCOMMITTED,
          maxWaitTime: 0,
          maxBytes,
          topics: [{ topic, partitions: [part] }],
        });
        const found = responses[0]?.partitions[0];
        if (found === undefined) throw new Error(`no answer about partition ${partition}`);
        return { end: BigInt(found.highWatermark), records: found.messages };
      } catch (error) {
        if ((error as { type?: string }).type === 'OFFSET_OUT_OF_RANGE') return null;
        throw error;
      }
    });
  }

  /** First or exclusive last offset of every partition. */
  async offsets(which: 'first' | 'end'): Promise<bigint[]> {
    const { topic, partitions } = this.#options;
    const all = Array.from({ length: partitions }, (_, partition) => partition);
    const timestamp = which === 'first' ? EARLIEST : LATEST;
    return await this.#answer(async (cluster) => {
      await cluster.refreshMetadataIfNecessary();
      const leaders = Object.entries(cluster.findLeaderForPartitions(topic, all));
      const answers = await Promise.all(
        leaders.map(async ([nodeId, led]) => {
          const broker = await cluster.findBroker({ nodeId });
          const asked = led.map((partition) => ({ partition, timestamp }));
          const topics = [{ topic, partitions: asked }];
          return await broker.listOffsets({ isolationLevel: READ_UNCOMMITTED, topics });
        }),
      );
      const found = answers.flatMap(({ responses }) => responses.flatMap((r) => r.partitions));
      const offsets = new Map(found.map(({ partition, offset }) => [partition, BigInt(offset)]));
      return all.map((partition) => {
        const offset = offsets.get(partition);
        if (offset === undefined) throw new Error(`no answer about partition ${partition}`);
        return offset;
      });
    });
  }

  /** Durable in the group coordinator's log, with the acknowledgements of its replicas. */
  async commit(groupId: string, commits: readonly Commit[]): Promise<void> {
    const { topic, limits } = this.#options;
    const partitions = commits.map(({ partition, offset, metadata }) => ({
      partition,
      offset: String(offset),
      metadata,
    }));
    const request = offsetCommit.protocol({ version: OFFSET_COMMIT_VERSION })({
      groupId,
      groupGenerationId: NO_GENERATION,
      memberId: '',
      retentionTime: limits.commitRetentionMs,
      topics: [{ topic, partitions }],
    });
    await this.#answer(async (cluster) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      await coordinator.connectionPool.send(request);
    });
  }

  async committed(groupId: string): Promise<Commit[]> {
    const { topic, partitions } = this.#options;
    const all = Array.from({ length: partitions }, (_, partition) => ({ partition }));
    return await this.#answer(async (cluster) => {
      const coordinator = await cluster.findGroupCoordinator({ groupId });
      const request = { groupId, topics: [{ topic, partitions: all }] };
      const { responses } = await coordinator.offsetFetch(request);
      return responses
        .flatMap((response) => response.partitions)
        .filter(({ offset }) => offset !== '-1')
        .map(({ partition, offset, metadata }) => ({
          partition,
          offset: BigInt(offset),
          metadata: metadata ?? '',
        }));
    });
  }

  /**
   * One exchange with the coordinator of a group. It is not retried: the caller knows what an error
   * means. A request that waits (a join) delays every other request on the same connection.
   */
  async withCoordinator<T>(
    groupId: string,
    talk: (coordinator: GroupCoordinator) => Promise<T>,
  ): Promise<T> {
    const connecting = this.#connected();
    try {
      const cluster = await connecting;
      return await talk(await cluster.findGroupCoordinator({ groupId }));
    } catch (error) {
      const protocol = (error as Error).name === 'KafkaJSProtocolError';
      if (!protocol && !this.#closed) await this.#reconnect(connecting, error);
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const cluster = await this.#cluster?.catch(() => null);
    await cluster?.disconnect();
  }

  async #leaderOf(cluster: Cluster, partition: number): Promise<Broker> {
    await cluster.refreshMetadataIfNecessary();
    const leaders = cluster.findLeaderForPartitions(this.#options.topic, [partition]);
    const nodeId = Object.keys(leaders)[0];
    if (nodeId === undefined) throw new Error(`nobody leads partition ${partition}`);
    return await cluster.findBroker({ nodeId });
  }

  /** @throws the last Error, when the deadline has passed or another try would be pointless */
  async #answer<T>(ask: (cluster: Cluster) => Promise<T>): Promise<T> {
    const { answerDeadlineMs, retryPauseMs } = this.#options.limits;
    const deadlineMs = performance.now() + answerDeadlineMs;
    const backoff = new Backoff(retryPauseMs);
    for (;;) {
      if (this.#closed) throw new Error('the log is closed');
      const connecting = this.#connected();
      const pauseMs = backoff.next();
      try {
        return await ask(await connecting);
      } catch (error) {
        if (isFinal(error) || this.#closed || performance.now() + pauseMs > deadlineMs) throw error;
        await this.#reconnect(connecting, error);
      }
      await pause(pauseMs);
    }
  }

  #connected(): Promise<Cluster> {
    this.#cluster ??= this.#connect();
    return this.#cluster;
  }

  async #connect(): Promise<Cluster> {
    const { kafka, config, topic, limits } = this.#options;
    const cluster = new ClusterClass({
      ...config,
      logger: kafka.logger(),
      socketFactory: socketFactory(),
      connectionTimeout: limits.connectTimeoutMs,
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      isolationLevel: READ_UNCOMMITTED,
    });
    await cluster.connect();
    await cluster.addMultipleTargetTopics([topic]);
    return cluster;
  }

  /**
   * If the broker is not the leader, asks again who is. After any other error, makes new
   * connections.
   */
  async #reconnect(connecting: Promise<Cluster>, error: unknown): Promise<void> {
    const cluster = await connecting.catch(() => null);
    if (cluster !== null && (error as Error).name === 'KafkaJSProtocolError') {
      const refreshed = await cluster.refreshMetadata().then(
        () => true,
        () => false,
      );
      if (refreshed) return;
    }
    if (this.#cluster === connecting) this.#cluster = null;
    await cluster?.disconnect();
  }
}

/** What Kafka will never allow: a missing authorization, an unsupported version, a bad request. */
function isFinal(error: unknown): boolean {
  const { name, retriable } = error as { name?: string; retriable?: boolean };
  return name === 'KafkaJSProtocolError' && retriable === false;
}
