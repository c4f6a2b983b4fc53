/** Starts the STAND-IN for EventStoreDB as a process of its own, with a durable file. */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineProcess, startEngineProcess } from './engine-process.ts';

const MAIN = join(import.meta.dirname, 'eventstore-stand-in-main.ts');

export type EventStoreProcess = EngineProcess & { readonly connectionString: string };

export async function startEventStoreProcess(): Promise<EventStoreProcess> {
  const folder = mkdtempSync(join(tmpdir(), 'tollgate-eventstore-'));
  const args = ['--data', join(folder, 'events.jsonl')];
  const command = { main: MAIN, args, folder, addressMember: 'connectionString' };
  const engine = await startEngineProcess(command);
  return { ...engine, connectionString: engine.address };
}
