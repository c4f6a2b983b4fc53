import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PayloadFile } from './payload-file.ts';

const NOW_MS = 1_000_000;

let folder: string;
let file: PayloadFile;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-payload-file-'));
  const limits = { retentionMs: 1_000, bytesMax: 1_000_000 };
  file = new PayloadFile(join(folder, 'payloads.sqlite'), limits);
});
afterEach(() => {
  file.db.close();
  rmSync(folder, { recursive: true, force: true });
});

const payload = (callId: string, timeMs: number) => ({
  ...{ callId, keyId: 'k', customerId: 'cus_a', teamId: null, timeMs, endpoint: 'e', model: 'm' },
  httpStatus: 200,
  request: { text: 'asked', note: null },
  answer: { text: 'said', note: null },
});
const rows = () => file.db.prepare('SELECT call_id FROM payload ORDER BY place').all();

describe('the file of payloads', () => {
  it('takes nothing of a customer that was purged, of calls before that', () => {
    file.purge('cus_a', NOW_MS);
    file.putAll([payload('late', NOW_MS), payload('new', NOW_MS + 1)], NOW_MS + 2);
    expect(rows()).toEqual([{ call_id: 'new' }]);
  });

  it('keeps nothing beyond its time', () => {
    file.putAll([payload('old', NOW_MS - 1_000), payload('new', NOW_MS)], NOW_MS);
    expect(rows()).toEqual([{ call_id: 'new' }]);
  });
});
