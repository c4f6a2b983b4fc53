/**
 * Takes 75 s, because a broker keeps commits for at least a minute. So it is not a contract test.
 */
import { openKafkaLog } from '@tollgate/adapters/log/kafka-log.ts';
import { describe, expect, it } from 'vitest';
import { startKafka } from '../engines/kafka.ts';
import { kafkaUnavailable } from '../engines/kafka-jars.ts';

/** The broker's retention of commits, plus the interval at which it checks. */
const BEYOND_RETENTION_MS = 75_000;

const unavailable = kafkaUnavailable();
if (unavailable !== null)
  console.error(`NOT TESTED: commits that outlive retention. ${unavailable}`);

describe.skipIf(unavailable !== null)('the commits of the log on Kafka', () => {
  it('outlive the retention of the broker, although their group has no members', async () => {
    const engine = await startKafka({
      properties: {
        'offsets.retention.minutes': '1',
        'offsets.retention.check.interval.ms': '1000',
      },
    });
    const brokers = engine.bootstrap;
    const topic = { topic: 'usage', ordinal: 0, partitions: 2, replicationFactor: 1 };
    const log = await openKafkaLog({ brokers, ...topic, clientId: 'commits' });
    const commit = { partition: 1, offset: 3n, metadata: '{"epoch":"1"}' };
    await log.commit('projector', [commit]);
    await new Promise((resolve) => setTimeout(resolve, BEYOND_RETENTION_MS));
    const committed = await log.committed('projector');
    await log.close();
    await engine.stop();
    expect(committed).toEqual([commit]);
  });
});
