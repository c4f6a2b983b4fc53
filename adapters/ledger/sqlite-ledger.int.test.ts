/** What a crowded embedded ledger does first. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AppendResult, Ledger, Urgency } from './ledger.ts';
import { openSqliteLedger } from './sqlite-ledger.ts';

/** More than go in one group. */
const CROWD = 400;
const BACKGROUND = { background: true };

let folder: string;
let ledger: Ledger;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-ledger-'));
  ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
});
afterEach(async () => {
  await ledger.close();
  rmSync(folder, { recursive: true, force: true });
});

/** To so many streams at once. @returns the ledger's positions */
function appendTo(streams: string, count: number, urgency?: Urgency): Promise<number[]> {
  const event = () => ({ id: randomUUID(), type: 'T', data: {} });
  const appends = Array.from({ length: count }, async (_, index) => {
    const stream = `${streams}-${index}`;
    const result: AppendResult = await ledger.append(stream, 'no_stream', [event()], urgency);
    return result.ok ? Number(result.position) : 0;
  });
  return Promise.all(appends);
}

describe('what nobody waits for', () => {
  it('comes behind what somebody waits for, although it was asked before', async () => {
    const idle = appendTo('idle', 20, BACKGROUND);
    expect(await appendTo('waited', 3)).toEqual([1, 2, 3]);
    expect((await idle).toSorted((a, b) => a - b).at(-1)).toBe(23);
  });

  it('goes on in a crowd that never ends', async () => {
    const idle = appendTo('idle', 2, BACKGROUND);
    const waited = await appendTo('waited', CROWD);
    expect(Math.max(...(await idle))).toBeLessThan(Math.max(...waited));
  });

  it('is done before the ledger is closed', async () => {
    const idle = appendTo('idle', 20, BACKGROUND);
    const closed = ledger.close();
    expect(await idle).not.toContain(0);
    await closed;
    ledger = await openSqliteLedger({ path: join(folder, 'ledger.sqlite') });
    expect(await ledger.read('idle-19', BACKGROUND)).toHaveLength(1);
  });
});
