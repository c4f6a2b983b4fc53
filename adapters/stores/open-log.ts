/** The log that the configuration names: Kafka, or the embedded one in the data folder. */
import { readFileSync } from 'node:fs';
import type { KafkaEngineConfig } from '@tollgate/schemas/config/engines-config.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import { dataFolder, EMBEDDED_PARTITIONS } from '../config/data-folder.ts';
import { resolveSecret } from '../config/load-config.ts';
import type { KafkaLogOptions } from '../log/kafka-log.ts';
import type { Log } from '../log/log.ts';
import type { Ownership } from '../log/ownership.ts';
import { openSqliteLog } from '../log/sqlite-log.ts';

export type LogOptions = {
  config: Pick<TollgateConfig, 'engines'>;
  data: string;
  /** Which process it is, for the server's own logs. */
  clientId: string;
  logger: { warn(fields: object, message: string): void };
  /**
   * An unreachable server is no error: for processes that have other work to do until it is back.
   */
  mayBeAway?: boolean;
};

/** The first log of an installation; a migration would add others. */
const ORDINAL = 0;

/** @throws Error if it cannot be opened, saying what to do */
export async function openLog(options: LogOptions, topic: 'usage' | 'dead_letter'): Promise<Log> {
  const kafka = options.config.engines.log?.kafka;
  if (kafka === undefined) {
    const path = dataFolder(options.data).log;
    return openSqliteLog({ path, topic, ordinal: ORDINAL, partitions: EMBEDDED_PARTITIONS });
  }
  // Loaded only where it is used: otherwise every proxy's garbage collector would carry the
  // client's heap.
  const { openKafkaLog, openKafkaLogSoon } = await import('../log/kafka-log.ts');
  const open = options.mayBeAway ? openKafkaLogSoon : openKafkaLog;
  return open({
    ...connection(options, kafka),
    topic: `${kafka.topic_prefix}.${topic}`,
    ordinal: ORDINAL,
    replicationFactor: kafka.replication_factor,
  });
}

/** What is wrong with the topics; none where the log is embedded. @throws Error if no broker answers */
export async function logFaults(options: LogOptions): Promise<string[]> {
  const kafka = options.config.engines.log?.kafka;
  if (kafka === undefined) return [];
  const { kafkaTopicFault } = await import('../log/kafka-log.ts');
  const faults = ['usage', 'dead_letter'].map((topic) =>
    kafkaTopicFault({
      ...connection(options, kafka),
      topic: `${kafka.topic_prefix}.${topic}`,
      ordinal: ORDINAL,
      replicationFactor: kafka.replication_factor,
    }),
  );
  return (await Promise.all(faults)).filter((fault) => fault !== null);
}

/** How projectors share the log; undefined where only one process can have the log's warehouse. */
export async function openOwnership(options: LogOptions): Promise<Ownership | undefined> {
  const kafka = options.config.engines.log?.kafka;
  if (kafka === undefined) return undefined;
  const topic = `${kafka.topic_prefix}.usage`;
  const { openKafkaOwnership } = await import('../log/kafka-ownership.ts');
  return openKafkaOwnership({ ...connection(options, kafka), topic, group: 'projectors' });
}

function connection({ clientId, logger }: LogOptions, kafka: KafkaEngineConfig) {
  const { brokers, partitions, ssl, sasl } = kafka;
  return {
    brokers,
    partitions,
    clientId,
    logger,
    ...(ssl === undefined ? {} : { ssl: tls(ssl) }),
    ...(sasl === undefined ? {} : { sasl: login(sasl) }),
  };
}

function tls(ssl: NonNullable<KafkaEngineConfig['ssl']>) {
  return typeof ssl === 'boolean' ? ssl : { ca: [readFileSync(ssl.ca.file, 'utf8')] };
}

function login(sasl: NonNullable<KafkaEngineConfig['sasl']>): NonNullable<KafkaLogOptions['sasl']> {
  const { mechanism, username } = sasl;
  return {
    mechanism,
    username,
    password: resolveSecret(sasl.password, process.env),
  } as NonNullable<KafkaLogOptions['sasl']>;
}
