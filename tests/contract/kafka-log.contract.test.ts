/** The Log port's contract on a real Kafka broker, and what only the Kafka log promises. */
import { spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type KafkaLogOptions,
  openKafkaLog,
  openKafkaLogSoon,
} from '@tollgate/adapters/log/kafka-log.ts';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type KafkaEngine, startKafka } from '../engines/kafka.ts';
import { kafkaUnavailable } from '../engines/kafka-jars.ts';
import { logContract } from './log.ts';

/** Includes the first fetch of the jars. */
const START_TIMEOUT_MS = 360_000;
/** A broker that is killed and started again: half of it is a virtual machine that starts on shared cores. */
const BROKER_AGAIN_MS = 90_000;
const PAGE = { partition: 0, offset: 0n, maxRecords: 10, maxBytes: 1e6 };

const unavailable = kafkaUnavailable();
if (unavailable !== null) console.error(`NOT TESTED: the log on Kafka. ${unavailable}`);

describe.skipIf(unavailable !== null)('the log on Kafka', () => {
  let engine: KafkaEngine;
  let secured: Secured;
  beforeAll(async () => {
    secured = secureListener();
    engine = await startKafka({ properties: secured.properties });
  }, START_TIMEOUT_MS);
  afterAll(async () => {
    await engine?.stop();
    secured?.remove();
  }, START_TIMEOUT_MS);

  const optionsOf = (topic: string): KafkaLogOptions => ({
    brokers: engine.bootstrap,
    topic,
    ordinal: 0,
    partitions: 4,
    replicationFactor: 1,
    clientId: 'contract',
  });
  const fresh = (): KafkaLogOptions => optionsOf(`usage-${randomUUID()}`);
  const raw = () => new Kafka({ brokers: engine.bootstrap, logLevel: logLevel.NOTHING });
  const createRaw = async (topic: string, settings: Record<string, string>) => {
    const admin = raw().admin();
    const configEntries = Object.entries(settings).map(([name, value]) => ({ name, value }));
    await admin.createTopics({
      topics: [{ topic, numPartitions: 4, configEntries }],
      waitForLeaders: false,
    });
    await admin.disconnect();
  };

  logContract('Kafka', {
    async fresh() {
      const options = fresh();
      const reopen = () => openKafkaLog(options);
      const log = await reopen();
      return { log, reopen, dispose: () => log.close() };
    },
  });

  it('leaves no connection behind, however many partitions are read at once', async () => {
    const sockets = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    const before = sockets();
    const log = await openKafkaLog(fresh());
    const partitions = Array.from({ length: log.partitions }, (_, partition) => partition);
    await Promise.all(partitions.map((partition) => log.read({ ...PAGE, partition })));
    await log.close();
    // An ended socket is gone once the broker has closed it too.
    await expect.poll(sockets, { timeout: 5_000 }).toBeLessThanOrEqual(before);
  });

  it(
    'is opened later where a proxy starts without a broker, and takes what is appended then',
    async () => {
      const options = fresh();
      await engine.kill(0);
      const log = await openKafkaLogSoon(options);
      const record = { partition: 3, value: Buffer.from('kept meanwhile') };
      const away = await log.append([record]).then(String, (error: Error) => error.name);
      await engine.restart(0);
      const offsets = await log.append([record]);
      const page = await log.read({ ...PAGE, partition: 3 });
      await log.close();
      expect({ away, offsets, partitions: log.partitions }).toEqual({
        ...{
          away: 'KafkaJSNumberOfRetriesExceeded',
          offsets: [0n],
          partitions: options.partitions,
        },
      });
      expect(page.map(({ value }) => Buffer.from(value).toString())).toEqual(['kept meanwhile']);
    },
    BROKER_AGAIN_MS,
  );

  it('refuses at once to start late on a topic whose settings would lose records', async () => {
    const options = fresh();
    await createRaw(options.topic, { 'cleanup.policy': 'compact' });
    await expect(openKafkaLogSoon(options)).rejects.toThrow('must be delete');
  });

  it('refuses a topic whose settings would lose records, and says how to fix each', async () => {
    const options = fresh();
    await createRaw(options.topic, { 'cleanup.policy': 'compact', 'retention.ms': '604800000' });
    const refusal = await openKafkaLog(options).catch((error: Error) => error.message);
    expect(refusal).toContain(`topic ${options.topic}`);
    expect(refusal).toContain('cleanup.policy is compact and must be delete');
    expect(refusal).toContain('retention.ms is 604800000 and must be -1');
    expect(refusal).toContain('message.timestamp.type is CreateTime and must be LogAppendTime');
    expect(refusal).toMatch(
      /kafka-configs\.sh .*--add-config cleanup\.policy=delete,retention\.ms=-1/,
    );
  });

  it('refuses another number of partitions or fewer replicas than configured', async () => {
    const options = fresh();
    await (await openKafkaLog(options)).close();
    await expect(openKafkaLog({ ...options, partitions: 8 })).rejects.toThrow('has 4 partitions');
    await expect(openKafkaLog({ ...options, replicationFactor: 3 })).rejects.toThrow(
      'has 1 replicas, not 3',
    );
  });

  it('says why a topic cannot be made', async () => {
    const options = { ...fresh(), replicationFactor: 3 };
    await expect(openKafkaLog(options)).rejects.toThrow(/could not be made.*[Rr]eplication/);
  });

  it('is made by any number of processes at once', async () => {
    const options = fresh();
    const logs = await Promise.all(Array.from({ length: 4 }, () => openKafkaLog(options)));
    await Promise.all(logs.map((log) => log.append([{ partition: 0, value: Buffer.from('a') }])));
    expect((await logs[0]?.ends())?.[0]).toBe(4n);
    await Promise.all(logs.map((log) => log.close()));
  });

  it('refuses to count offsets in a topic to which somebody writes transactions', async () => {
    const options = fresh();
    const log = await openKafkaLog(options);
    const producer = raw().producer({
      transactionalId: randomUUID(),
      maxInFlightRequests: 1,
      createPartitioner: () => () => 0,
    });
    await producer.connect();
    const transaction = await producer.transaction();
    await transaction.send({ topic: options.topic, messages: [{ value: 'x' }] });
    await transaction.commit();
    await producer.disconnect();
    await expect(log.read(PAGE)).rejects.toThrow('offset 0 was written in a transaction');
    await log.close();
  });

  it('refuses to continue where records were deleted', async () => {
    const options = fresh();
    const log = await openKafkaLog(options);
    const value = Buffer.from('a');
    await log.append([
      { partition: 0, value },
      { partition: 0, value },
    ]);
    const admin = raw().admin();
    await admin.connect();
    await admin.fetchTopicOffsets(options.topic);
    const partitions = [{ partition: 0, offset: '1' }];
    await admin.deleteTopicRecords({ topic: options.topic, partitions });
    await admin.disconnect();
    await expect(log.read(PAGE)).rejects.toThrow('records below offset 1 are gone');
    await log.close();
    await expect(openKafkaLog(options)).rejects.toThrow('records below offset 1 are gone');
  });

  it('refuses values, queues and metadata that Kafka would not take, and continues', async () => {
    const log = await openKafkaLog({ ...fresh(), limits: { queueRecordsMax: 10 } });
    const append = (count: number, bytes: number) =>
      log.append(
        Array.from({ length: count }, () => ({ partition: 0, value: Buffer.alloc(bytes) })),
      );
    await expect(append(1, 1_000_000)).rejects.toThrow('is over');
    const [first, second] = await Promise.allSettled([append(8, 1), append(8, 1)]);
    expect([first.status, second.status]).toEqual(['fulfilled', 'rejected']);
    const commit = { partition: 0, offset: 1n, metadata: 'x'.repeat(4_097) };
    await expect(log.commit('g', [commit])).rejects.toThrow('4097 bytes');
    expect(await append(1, 900_000)).toEqual([8n]);
    await log.close();
    await expect(append(1, 1)).rejects.toThrow('closed');
  });

  it('works through TLS with a password, and not with a wrong one', async () => {
    const brokers = engine.proxied.map((port) => `127.0.0.1:${port}`);
    const ssl = { ca: [secured.certificate] };
    const open = (password: string) => {
      const sasl = { mechanism: 'plain' as const, username: 'tollgate', password };
      return openKafkaLog({ ...fresh(), brokers, ssl, sasl });
    };
    const log = await open(secured.password);
    expect(await log.append([{ partition: 1, value: Buffer.from('a') }])).toEqual([0n]);
    expect(await log.read({ ...PAGE, partition: 1 })).toHaveLength(1);
    await log.close();
    await expect(open('wrong')).rejects.toThrow(/[Aa]uthentication/);
  });
});

type Secured = {
  properties: Record<string, string>;
  certificate: string;
  password: string;
  remove(): void;
};

/** Makes the second listener SASL_SSL, with a certificate of its own made by the JDK's keytool. */
function secureListener(): Secured {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-keys-'));
  const store = join(folder, 'keys.p12');
  const password = randomUUID();
  const keytool = (...args: string[]) => {
    const access = ['-alias', 'broker', '-keystore', store, '-storepass', password];
    const done = spawnSync('keytool', [...args, ...access], { encoding: 'utf8' });
    if (done.status !== 0) throw new Error(`keytool: ${done.stdout} ${done.stderr}`);
  };
  const name = ['-dname', 'CN=broker', '-ext', 'san=ip:127.0.0.1', '-validity', '2'];
  keytool('-genkeypair', '-keyalg', 'EC', '-storetype', 'PKCS12', ...name);
  const certificate = join(folder, 'broker.pem');
  keytool('-exportcert', '-rfc', '-file', certificate);
  const login = 'org.apache.kafka.common.security.plain.PlainLoginModule required';
  return {
    properties: {
      'listener.security.protocol.map': 'DIRECT:PLAINTEXT,PROXIED:SASL_SSL,CONTROLLER:PLAINTEXT',
      'listener.name.proxied.sasl.enabled.mechanisms': 'PLAIN',
      'listener.name.proxied.plain.sasl.jaas.config': `${login} user_tollgate="${password}";`,
      'listener.name.proxied.ssl.keystore.type': 'PKCS12',
      'listener.name.proxied.ssl.keystore.location': store,
      'listener.name.proxied.ssl.keystore.password': password,
    },
    certificate: readFileSync(certificate, 'utf8'),
    password,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
