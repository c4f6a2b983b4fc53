/**
 * The engines of a distributed installation, as far as they can run without Docker. Each is a
 * process of its own on loopback, so each can be killed and started again on its port and its data:
 * a real Kafka broker, a STAND-IN for EventStoreDB, and ClickHouse's engine behind an HTTP front.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { startClickhouseShim } from './clickhouse-shim.ts';
import { startEventStoreProcess } from './eventstore-process.ts';
import { startKafka } from './kafka.ts';

/** One engine under fault. */
export type Engine = {
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** Starts it on the same port and data; resolves when it is ready. */
  start(): Promise<void>;
  /** SIGSTOP and SIGCONT. */
  pause(): void;
  resume(): void;
  /** The folder with everything that it keeps. */
  folder: string;
};

export type Engines = {
  /** A `tollgate.yaml` that names them. */
  config: string;
  brokers: string[];
  broker: Engine;
  ledger: Engine;
  warehouse: Engine;
  /** Ends them and removes their data. */
  stop(): Promise<void>;
};

export type EnginesOptions = {
  /** Where `tollgate.yaml` and the connection's secret are written; made if missing. */
  folder: string;
  /** Of the log. */
  partitions: number;
  /** Projector processes that the file asks for. */
  projectors: number;
};

/** @throws Error if one of them does not start; the others are ended */
export async function startEngines(options: EnginesOptions): Promise<Engines> {
  const { folder, partitions, projectors } = options;
  mkdirSync(folder, { recursive: true });
  const undo: (() => Promise<void>)[] = [];
  const stop = async () => {
    await Promise.all(undo.splice(0).map((end) => end()));
  };
  try {
    const kafka = await startKafka();
    undo.push(() => kafka.stop());
    const eventStore = await startEventStoreProcess();
    undo.push(() => eventStore.dispose());
    const clickhouse = await startClickhouseShim();
    undo.push(() => clickhouse.dispose());
    const connection = join(folder, 'eventstore-connection');
    writeFileSync(connection, eventStore.connectionString, { mode: 0o600 });
    const config = join(folder, 'tollgate.yaml');
    const engines = {
      log: { kafka: { brokers: kafka.bootstrap, partitions, replication_factor: 1 } },
      ledger: { eventstoredb: { connection_string: { file: connection } } },
      warehouse: { clickhouse: { url: clickhouse.url } },
    };
    writeFileSync(config, stringify({ engines, projectors }));
    return {
      config,
      brokers: kafka.bootstrap,
      broker: { ...kafka, kill: () => kafka.kill(0), start: () => kafka.restart(0) },
      ledger: eventStore,
      warehouse: clickhouse,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
