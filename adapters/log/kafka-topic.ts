/**
 * The topic of a log. We make it with settings that keep every record forever, and check the
 * settings at every start, because somebody may have changed them since. With a wrong setting
 * nothing starts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin } from 'kafkajs';
import type { KafkaLimits } from './kafka-limits.ts';

export type TopicOptions = {
  topic: string;
  partitions: number;
  replicationFactor: number;
  limits: KafkaLimits;
};

type Setting = { name: string; value: string; holds: (found: string) => boolean };

/** Room for a batch's header and its records' lengths, above the values of a send. */
const BATCH_OVERHEAD_FACTOR = 2;

/** @throws Error that names the topic, what is wrong with it and how to fix it */
export async function openTopic(admin: Admin, options: TopicOptions): Promise<void> {
  const { topic } = options;
  const settings = settingsOf(options);
  const topics = await admin.listTopics();
  if (!topics.includes(topic)) {
    await makeTopic(admin, options, settings);
  }
  await checkShape(admin, options);
  await checkSettings(admin, topic, settings);
}

/** What is wrong with the topic; null: nothing. Makes and changes nothing. */
export async function topicFault(admin: Admin, options: TopicOptions): Promise<string | null> {
  const { topic } = options;
  if (!(await admin.listTopics()).includes(topic)) {
    return `topic ${topic} is not there: the next start makes it`;
  }
  try {
    await checkShape(admin, options);
    await checkSettings(admin, topic, settingsOf(options));
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** Another process may make it at the same time; kafkajs does not call that an error. */
async function makeTopic(
  admin: Admin,
  { topic, partitions, replicationFactor }: TopicOptions,
  settings: readonly Setting[],
): Promise<void> {
  const configEntries = settings.map(({ name, value }) => ({ name, value }));
  try {
    await admin.createTopics({
      topics: [{ topic, numPartitions: partitions, replicationFactor, configEntries }],
      waitForLeaders: false,
    });
  } catch (error) {
    const all = error instanceof kafkajs.KafkaJSAggregateError ? error.errors : [error as Error];
    const reasons = all
      .map((reason) => (reason instanceof Error ? reason.message : reason))
      .join('; ');
    throw new Error(`topic ${topic} could not be made: ${reasons}`, { cause: error });
  }
}

function settingsOf({ replicationFactor, limits }: TopicOptions): Setting[] {
  const exactly = (name: string, value: string): Setting => ({
    name,
    value,
    holds: (found) => found === value,
  });
  const atLeast = (name: string, value: number): Setting => ({
    name,
    value: String(value),
    holds: (found) => Number(found) >= value,
  });
  return [
    exactly('cleanup.policy', 'delete'),
    exactly('retention.ms', '-1'),
    exactly('retention.bytes', '-1'),
    exactly('message.timestamp.type', 'LogAppendTime'),
    exactly('compression.type', 'producer'),
    exactly('unclean.leader.election.enable', 'false'),
    // One replica may be unreachable; with two replicas in all, one is left.
    atLeast('min.insync.replicas', Math.max(1, replicationFactor - 1)),
    atLeast('max.message.bytes', limits.sendBytesMax * BATCH_OVERHEAD_FACTOR),
  ];
}

async function checkShape(admin: Admin, options: TopicOptions): Promise<void> {
  const { topic, partitions, replicationFactor } = options;
  const found = await readyPartitions(admin, options);
  if (found.length !== partitions) {
    throw new Error(
      `topic ${topic} has ${found.length} partitions, not ${partitions}: that is fixed, because a ` +
        'customer’s place follows from it. More partitions are a new log and a migration',
    );
  }
  const fewest = Math.min(...found.map(({ replicas }) => replicas.length));
  if (fewest < replicationFactor) {
    throw new Error(
      `topic ${topic} has ${fewest} replicas, not ${replicationFactor}: add them with ` +
        `kafka-reassign-partitions.sh, or configure what it has`,
    );
  }
}

/**
 * A new topic has leaders after a moment; until then the brokers may even say that the topic does
 * not exist.
 */
async function readyPartitions(admin: Admin, { topic, limits }: TopicOptions) {
  const deadlineMs = performance.now() + limits.topicReadyTimeoutMs;
  for (;;) {
    let last: unknown;
    try {
      const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
      const partitions = topics[0]?.partitions ?? [];
      if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return partitions;
    } catch (error) {
      last = error;
    }
    if (performance.now() > deadlineMs) {
      throw new Error(`topic ${topic} has partitions without a leader`, { cause: last });
    }
    await sleep(limits.topicReadyPollMs);
  }
}

async function checkSettings(
  admin: Admin,
  topic: string,
  settings: readonly Setting[],
): Promise<void> {
  const configNames = settings.map(({ name }) => name);
  const { resources } = await admin.describeConfigs({
    resources: [{ type: kafkajs.ConfigResourceTypes.TOPIC, name: topic, configNames }],
    includeSynonyms: false,
  });
  const found = new Map(
    resources.flatMap((r) => r.configEntries.map((e) => [e.configName, e.configValue] as const)),
  );
  const wrong = settings.filter(({ name, holds }) => !holds(found.get(name) ?? ''));
  if (wrong.length === 0) return;
  const complaints = wrong.map(({ name, value }) => {
    return `${name} is ${found.get(name) ?? 'not told'} and must be ${value}`;
  });
  const config = wrong.map(({ name, value }) => `${name}=${value}`).join(',');
  throw new Error(
    `topic ${topic}: ${complaints.join('; ')}. Fix it with kafka-configs.sh --alter ` +
      `--entity-type topics --entity-name ${topic} --add-config ${config}`,
  );
}
