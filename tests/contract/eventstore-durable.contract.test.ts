/** The stand-in for EventStoreDB as a process of its own: what it acknowledged survives SIGKILL. */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { openEventStoreLedger } from '@tollgate/adapters/ledger/eventstore-ledger.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const MAIN = fileURLToPath(new URL('../engines/eventstore-stand-in-main.ts', import.meta.url));

describe('the stand-in for EventStoreDB', () => {
  let folder: string;
  let child: ChildProcess | null = null;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tollgate-stand-in-'));
  });
  afterEach(() => {
    child?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  const start = async (port: string): Promise<string> => {
    const args = [MAIN, '--port', port, '--data', join(folder, 'data')];
    const started = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    child = started;
    for await (const line of createInterface({ input: started.stdout })) {
      return (JSON.parse(line) as { connectionString: string }).connectionString;
    }
    throw new Error('the stand-in did not start');
  };
  const kill = async (): Promise<void> => {
    const exited = new Promise((resolve) => child?.once('exit', resolve));
    child?.kill('SIGKILL');
    await exited;
  };

  it('keeps every acknowledged append through a SIGKILL in the middle of others', async () => {
    const connectionString = await start('0');
    const ledger = await openEventStoreLedger({ connectionString });
    const events = Array.from({ length: 200 }, (_, i) => ({
      id: randomUUID(),
      type: 'A',
      data: { i },
    }));
    const appends = events.map((event, i) => ledger.append(`a-${i}`, 'no_stream', [event]));
    await Promise.race(appends.slice(50));
    await kill();
    // The last line, which the kill cut off.
    appendFileSync(join(folder, 'data'), '{"stream":"a-0","crea');
    await start(/:(\d+)\?/.exec(connectionString)?.[1] ?? '');
    const results = await Promise.all(appends);
    const again = await Promise.all(
      events.map((event, i) => ledger.append(`a-${i}`, 'no_stream', [event])),
    );
    const stored = await Promise.all(events.map((_, i) => ledger.read(`a-${i}`)));
    await ledger.close();
    expect(again).toEqual(results);
    expect(stored.map((found) => found.map(({ id }) => id))).toEqual(events.map(({ id }) => [id]));
  });
});
