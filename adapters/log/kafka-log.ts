/**
 * The log on Kafka (docs/design.md, The shape): the same partitions and offsets as the embedded
 * one.
 *
 * - Append: idempotent producers, acknowledged by every replica in sync (`kafka-appender.ts`).
 *   Offsets are dense because no transactions are used; the reader asserts it. An append to several
 *   partitions is several batches: a rejected append may be stored in part, and is sent again as a
 *   whole.
 * - Read: by partition and offset, without a consumer group (`kafka-cluster.ts` says why).
 * - Commits: offsets with metadata of the consumer group `<topic>.<group>`, which has no members;
 *   kept for ten years instead of the broker's seven days, because a projector may be down for
 *   longer.
 * - `kafka-topic.ts` makes the topic's settings and checks them.
 */
import { Kafka, type KafkaConfig, logLevel } from 'kafkajs';
import { KafkaAppender } from './kafka-appender.ts';
import { KafkaCluster } from './kafka-cluster.ts';
import { useZstd } from './kafka-codec.ts';
import { connectOnce } from './kafka-connect-once.ts';
import { type KafkaLimits, kafkaLimits } from './kafka-limits.ts';
import { KafkaReader } from './kafka-reader.ts';
import { openTopic, topicFault } from './kafka-topic.ts';
import { lateLog } from './late-log.ts';
import type { Commit, Log } from './log.ts';

export type KafkaLogOptions = {
  /** host:port of one broker or more. */
  brokers: string[];
  topic: string;
  ordinal: number;
  partitions: number;
  replicationFactor: number;
  clientId: string;
  ssl?: NonNullable<KafkaConfig['ssl']>;
  sasl?: NonNullable<KafkaConfig['sasl']>;
  /** The log lines of kafkajs, including errors that it retries. */
  logger?: { warn(fields: object, message: string): void };
  limits?: Partial<KafkaLimits>;
};

/** @throws Error if no broker answers, or if the topic is wrong: it says how, and how to fix it */
export async function openKafkaLog(options: KafkaLogOptions): Promise<Log> {
  const { topic, ordinal, partitions, logger } = options;
  const limits = { ...kafkaLimits, ...options.limits };
  const config = kafkaConfig(options, limits);
  useZstd();
  connectOnce();
  const kafka = new Kafka(config);
  await prepareTopic(kafka, options, limits);
  const cluster = new KafkaCluster({ kafka, config, topic, partitions, limits });
  const reader = new KafkaReader({ cluster, topic, limits });
  const appender = new KafkaAppender({
    kafka,
    topic,
    partitions,
    limits,
    onWarning: (err, message) => logger?.warn({ err, topic }, message),
  });
  const close = async () => {
    await appender.close();
    await cluster.close();
  };
  try {
    await refuseIfCut(cluster, topic);
    await appender.open();
  } catch (error) {
    await close();
    throw error;
  }
  const groupId = (group: string) => `${topic}.${group}`;
  return {
    ordinal,
    partitions,
    append: (records) => appender.append(records),
    read: (page) => reader.read(page),
    ends: () => cluster.offsets('end'),
    async commit(group, commits) {
      for (const commit of commits) refuseLongMetadata(commit, limits);
      if (commits.length > 0) await cluster.commit(groupId(group), commits);
    },
    committed: (group) => cluster.committed(groupId(group)),
    close,
  };
}

/**
 * kafkajs' names for "nobody answers". Any other error would come from a broker that answers too.
 */
const NOBODY_ANSWERS = new Set([
  'KafkaJSBrokerNotFound',
  'KafkaJSConnectionClosedError',
  'KafkaJSConnectionError',
  'KafkaJSNumberOfRetriesExceeded',
  'KafkaJSRequestTimeoutError',
]);

/**
 * Like `openKafkaLog`, but if no broker answers, the log is opened later, by the first append. For
 * processes that have other work to do until then. The topic's settings are checked then, before
 * anything is appended.
 *
 * @throws Error as `openKafkaLog` does, if a broker answers
 */
export async function openKafkaLogSoon(options: KafkaLogOptions): Promise<Log> {
  try {
    return await openKafkaLog(options);
  } catch (err) {
    if (!NOBODY_ANSWERS.has((err as Error).name)) throw err;
    options.logger?.warn(
      { err, topic: options.topic },
      'the log is unreachable; it is opened later',
    );
    const { ordinal, partitions } = options;
    return lateLog({ ordinal, partitions }, () => openKafkaLog(options));
  }
}

/** How every client of ours talks to the brokers. */
export function kafkaConfig(
  options: Pick<KafkaLogOptions, 'brokers' | 'clientId' | 'ssl' | 'sasl' | 'logger'>,
  limits: KafkaLimits,
): KafkaConfig {
  const { brokers, clientId, ssl, sasl, logger } = options;
  return {
    brokers,
    clientId,
    ...(ssl === undefined ? {} : { ssl }),
    ...(sasl === undefined ? {} : { sasl }),
    connectionTimeout: limits.connectTimeoutMs,
    requestTimeout: limits.requestTimeoutMs,
    retry: {
      retries: limits.sendRetriesMax,
      initialRetryTime: limits.retryPauseMs.first,
      maxRetryTime: limits.retryPauseMs.max,
    },
    logLevel: logLevel.WARN,
    // kafkajs calls every lost connection an error; what it cannot repair is thrown to the caller.
    logCreator: () => (entry) => {
      const { message, timestamp: _, logger: __, ...fields } = entry.log;
      logger?.warn({ ...fields, namespace: entry.namespace }, `kafkajs: ${message}`);
    },
  };
}

/** What is wrong with the topic; null: nothing. @throws Error if no broker answers */
export async function kafkaTopicFault(options: KafkaLogOptions): Promise<string | null> {
  const { topic, partitions, replicationFactor } = options;
  const limits = { ...kafkaLimits, ...options.limits };
  connectOnce();
  const admin = new Kafka({ ...kafkaConfig(options, limits), retry: { retries: 1 } }).admin();
  await admin.connect();
  try {
    return await topicFault(admin, { topic, partitions, replicationFactor, limits });
  } finally {
    await admin.disconnect();
  }
}

async function prepareTopic(
  kafka: Kafka,
  { topic, partitions, replicationFactor }: KafkaLogOptions,
  limits: KafkaLimits,
): Promise<void> {
  const admin = kafka.admin();
  await admin.connect();
  try {
    await openTopic(admin, { topic, partitions, replicationFactor, limits });
  } finally {
    await admin.disconnect();
  }
}

/** A retention that was wrong for a while has deleted records, even if it is right again now. */
async function refuseIfCut(cluster: KafkaCluster, topic: string): Promise<void> {
  const firsts = await cluster.offsets('first');
  const partition = firsts.findIndex((first) => first !== 0n);
  if (partition >= 0) {
    throw new Error(
      `topic ${topic}, partition ${partition}: records below offset ${firsts[partition]} are gone. ` +
        'Restore the topic from a copy; nothing can be billed or proven without them',
    );
  }
}

function refuseLongMetadata({ metadata }: Commit, { metadataBytesMax }: KafkaLimits): void {
  const bytes = Buffer.byteLength(metadata);
  if (bytes > metadataBytesMax) {
    throw new Error(`commit metadata of ${bytes} bytes is over Kafka's ${metadataBytesMax}`);
  }
}
