/**
 * The servers that a round needs: one broker for the whole run, and for each contender a fresh
 * ClickHouse engine behind HTTP, so that no contender merges what another one wrote.
 */
import { startClickhouseShim } from '../../tests/engines/clickhouse-shim.ts';
import { startKafka } from '../../tests/engines/kafka.ts';
import { noteServers } from './stores.ts';

export type BenchServers = {
  /** Before anything of a round is opened in its folder. */
  enter(folder: string): void;
  /** Runs the work while a new warehouse serves, if the engines of this name have one on a server. */
  withWarehouse<T>(name: string, folder: string, work: () => Promise<T>): Promise<T>;
  stop(): Promise<void>;
};

const NONE: BenchServers = {
  enter: () => undefined,
  withWarehouse: (_name, _folder, work) => work(),
  stop: () => Promise.resolve(),
};

/** @throws Error if a server does not start */
export async function startServers(engineNames: readonly string[]): Promise<BenchServers> {
  if (!engineNames.some((name) => name.startsWith('kafka'))) return NONE;
  const kafka = await startKafka();
  const brokers = kafka.bootstrap;
  return {
    enter: (folder) => noteServers(folder, { brokers, warehouseUrl: null }),
    async withWarehouse(name, folder, work) {
      if (!name.endsWith('-http')) return work();
      const shim = await startClickhouseShim();
      try {
        noteServers(folder, { brokers, warehouseUrl: shim.url });
        return await work();
      } finally {
        await shim.dispose();
      }
    },
    stop: () => kafka.stop(),
  };
}
