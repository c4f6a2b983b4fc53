import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openReplayKeys, REPLAY_MS, type ReplayKeys } from './replay-keys.ts';

const HOUR_MS = 3_600_000;
const START_MS = 500_000 * HOUR_MS;
let folder: string;
let nowMs: number;
const open: ReplayKeys[] = [];

function keys(at: string | null = join(folder, 'replay')): ReplayKeys {
  const opened = openReplayKeys(at, () => nowMs);
  open.push(opened);
  return opened;
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-replay-'));
  nowMs = START_MS + 10;
});
afterEach(() => {
  for (const one of open.splice(0)) one.close();
  rmSync(folder, { recursive: true, force: true });
});

describe('what a secret is derived from', () => {
  it('is the same for a repetition within the day, in every process, and for no other label', () => {
    const first = keys().derive(nowMs, 'a', 32);
    expect(first).toHaveLength(32);
    for (const later of [0, HOUR_MS, 23 * HOUR_MS]) {
      nowMs = START_MS + 10 + later;
      expect(keys().derive(START_MS + 10, 'a', 32)).toEqual(first);
      expect(keys().derive(START_MS + 10, 'b', 32)).not.toEqual(first);
    }
    nowMs = START_MS + HOUR_MS;
    expect(keys().derive(nowMs, 'a', 32)).not.toEqual(first);
  });

  it('I12: is gone after a day, from the disk too, and does not come back', () => {
    const running = keys();
    expect(running.derive(nowMs, 'a', 32)).not.toBeNull();
    const path = join(folder, 'replay');
    expect([readdirSync(path).length, statSync(path).mode & 0o777]).toEqual([1, 0o700]);
    nowMs = START_MS + REPLAY_MS;
    expect(running.derive(START_MS + 10, 'a', 32)).toBeNull();
    expect(readdirSync(path)).toEqual([]);
    expect(keys().derive(START_MS + 10, 'a', 32)).toBeNull();
    expect(readdirSync(path)).toEqual([]);
  });

  it('is made only in its own hour: a process without it cannot make another', () => {
    nowMs = START_MS + HOUR_MS;
    expect(keys().derive(START_MS + 10, 'a', 32)).toBeNull();
    expect(keys(null).derive(START_MS + 10, 'a', 32)).toBeNull();
  });

  it('ends with the process where nothing may be stored', () => {
    const [one, other] = [keys(null), keys(null)];
    expect(one.derive(nowMs, 'a', 32)).toEqual(one.derive(nowMs, 'a', 32));
    expect(other.derive(nowMs, 'a', 32)).not.toEqual(one.derive(nowMs, 'a', 32));
    nowMs = START_MS + REPLAY_MS;
    expect(one.derive(START_MS + 10, 'a', 32)).toBeNull();
  });

  it('can be read by its owner alone', () => {
    keys().derive(nowMs, 'a', 32);
    const [name] = readdirSync(join(folder, 'replay'));
    expect(statSync(join(folder, 'replay', String(name))).mode & 0o777).toBe(0o600);
  });
});
