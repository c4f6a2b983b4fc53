/** The files in the data folder: one folder holds everything (docs/design.md, The shape). */
import { join } from 'node:path';

/** Partitions of the embedded log, fixed when it is made (ADR 0001). */
export const EMBEDDED_PARTITIONS = 16;

export function dataFolder(path: string) {
  return {
    ledger: join(path, 'ledger.sqlite'),
    log: join(path, 'log.sqlite'),
    warehouse: join(path, 'warehouse'),
    secrets: join(path, 'secrets.json'),
    journals: join(path, 'journal'),
    /** In no backup: what is deleted here must be gone. */
    replayKeys: join(path, 'replay'),
    /** Clients' `Idempotency-Key`s and what they were answered. In no backup. */
    clientKeys: join(path, 'client-keys.sqlite'),
    /** Whose the objects are that providers keep. In no backup either. */
    storedObjects: join(path, 'stored-objects.sqlite'),
    /** In no backup either. */
    payloads: join(path, 'payloads.sqlite'),
    /** Of answers: in no backup either. */
    cache: join(path, 'cache'),
    run: join(path, 'run'),
    rates: join(path, 'run', 'rates.json'),
    supervisorLock: join(path, 'supervisor.lock'),
    simulatorBill: join(path, 'simulator', 'bill.jsonl'),
  };
}

/**
 * The installation's secrets: the file that the configuration names, else one in the data folder.
 */
export function secretsPath(config: { secrets_file?: string | undefined }, data: string): string {
  return config.secrets_file ?? dataFolder(data).secrets;
}
