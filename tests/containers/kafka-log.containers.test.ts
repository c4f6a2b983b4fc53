/**
 * The Log port's contract on Kafka in a container: the image that TOLLGATE_KAFKA_IMAGE names (`npm
 * run test:containers` builds one from Kafka's jars), else the official one of docker-compose.yml.
 */
import { randomUUID } from 'node:crypto';
import { openKafkaLog } from '@tollgate/adapters/log/kafka-log.ts';
import { type StartedTestContainer, Wait } from 'testcontainers';
import { afterAll, beforeAll, describe } from 'vitest';
import { logContract } from '../contract/log.ts';
import { freePorts } from '../engines/free-ports.ts';
import { imageUnavailable, LoopbackContainer, officialImage } from './container-images.ts';

const CLIENTS_PORT = 9092;
const START_TIMEOUT_MS = 120_000;

const image = process.env['TOLLGATE_KAFKA_IMAGE'] ?? officialImage('kafka');
const unavailable = await imageUnavailable(image);
if (unavailable !== null) {
  console.error(`NOT TESTED: the log on Kafka in a container: ${unavailable}`);
}

describe.skipIf(unavailable !== null)('the log on Kafka in a container', () => {
  let container: StartedTestContainer;
  let brokers: string[];
  beforeAll(async () => {
    const [port = 0] = await freePorts(1);
    brokers = [`127.0.0.1:${port}`];
    container = await new LoopbackContainer(image)
      .withLoopbackPort(CLIENTS_PORT, port)
      .withEnvironment(settings(port))
      // Waits for the port, not for a line of the log, which depends on the image's logging.
      .withWaitStrategy(Wait.forListeningPorts())
      .withStartupTimeout(START_TIMEOUT_MS)
      .start();
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await container?.stop();
  }, START_TIMEOUT_MS);

  logContract('Kafka in a container', {
    async fresh() {
      const options = {
        brokers,
        topic: `usage-${randomUUID()}`,
        ordinal: 0,
        partitions: 4,
        replicationFactor: 1,
        clientId: 'contract',
      };
      const reopen = () => openKafkaLog(options);
      const log = await reopen();
      return { log, reopen, dispose: () => log.close() };
    },
  });
});

/** Clients use the published port; the broker reaches itself through another port. */
function settings(port: number): Record<string, string> {
  return {
    CLUSTER_ID: 'VG9sbGdhdGVLYWZrYVRlcw',
    KAFKA_NODE_ID: '1',
    KAFKA_PROCESS_ROLES: 'broker,controller',
    KAFKA_LISTENERS: `CLIENTS://:${CLIENTS_PORT},INTERNAL://:9094,CONTROLLER://:9093`,
    KAFKA_ADVERTISED_LISTENERS: `CLIENTS://127.0.0.1:${port},INTERNAL://localhost:9094`,
    KAFKA_LISTENER_SECURITY_PROTOCOL_MAP:
      'CLIENTS:PLAINTEXT,INTERNAL:PLAINTEXT,CONTROLLER:PLAINTEXT',
    KAFKA_INTER_BROKER_LISTENER_NAME: 'INTERNAL',
    KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
    KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
    KAFKA_LOG_DIRS: '/var/lib/kafka/data',
    KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
    KAFKA_OFFSETS_TOPIC_NUM_PARTITIONS: '8',
    KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
    KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
    KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
  };
}
