/** What calls of keys that opted in say, from the call to the file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PayloadSettings } from '@tollgate/adapters/config/payload-settings.ts';
import type { PayloadStore } from '@tollgate/adapters/payloads/payloads.ts';
import { openPayloads } from '@tollgate/adapters/payloads/sqlite-payloads.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { type CallHouse, useCallHouses } from '../testing/call-house.ts';
import { answering, CHUNK, chat, DONE, post, startStream, USAGE, until } from '../testing/calls.ts';
import { PayloadLog } from './payload-log.ts';

const DAY_MS = 86_400_000;
const ANSWER = '{"choices":[{"message":{"content":"write to alice@example.com"}}]}';
const OPTED_IN = { key: { payloadLog: true } };

const open = useCallHouses();
let folder: string;
let logs: PayloadLog[];
let store: PayloadStore | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tollgate-payloads-'));
  logs = [];
});
afterEach(async () => {
  await Promise.all(logs.map((log) => log.close()));
  await store?.close();
  store = undefined;
  rmSync(folder, { recursive: true, force: true });
});

const settings = (more: Partial<PayloadSettings> = {}): PayloadSettings => ({
  path: join(folder, 'payloads.sqlite'),
  limits: { retentionMs: 30 * DAY_MS, bytesMax: 1_000_000 },
  patterns: [String.raw`\w+@[\w.]+`],
  ...more,
});

function log(
  more: Partial<PayloadSettings> = {},
  limits: Partial<typeof proxyLimits> = {},
): [PayloadLog, object[]] {
  const said: object[] = [];
  const bounds = { ...proxyLimits, payloadGatherMs: 5, ...limits };
  const made = new PayloadLog(settings(more), bounds, { warn: (fields) => void said.push(fields) });
  logs.push(made);
  return [made, said];
}

function reader(more: Partial<PayloadSettings> = {}): PayloadStore {
  store = openPayloads({
    ...settings(more),
    onError: (error) => {
      throw error;
    },
  });
  return store;
}

const all = (from: PayloadStore, customerId: string | null = null) =>
  from.list({ customerId, keyId: null, after: null, limit: 100 });

async function call(house: CallHouse, body = chat()): Promise<string> {
  const response = await post(house, body);
  await response.text().catch(() => '');
  return response.headers.get('x-tollgate-call-id') ?? '';
}

/** Every file of the store, as bytes. */
const onDisk = () =>
  readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('');

describe('the payload log', () => {
  it('has what a call of a key that opted in said, and the answer, redacted', async () => {
    const [payloads] = log();
    const house = await open({ providers: [answering(200, ANSWER)], payloads, ...OPTED_IN });
    const messages = [{ role: 'user', content: 'who is bob@example.com?' }];
    const id = await call(house, chat({ messages }));
    await payloads.close();
    const kept = await reader().get(id);
    expect(kept).toMatchObject({
      ...{ callId: id, keyId: 'key_1', customerId: 'cus_1', model: 'm', httpStatus: 200 },
      answer: { text: '{"choices":[{"message":{"content":"write to [redacted]"}}]}', note: null },
    });
    expect(JSON.parse(kept?.request.text ?? '').messages[0].content).toBe('who is [redacted]?');
    expect([payloads.stored, payloads.dropped]).toEqual([1, 0]);
    expect(onDisk()).not.toContain('example.com');
  });

  it('has nothing of a key that did not opt in', async () => {
    const [payloads] = log();
    const house = await open({ providers: [answering(200, ANSWER)], payloads });
    await call(house);
    await payloads.close();
    expect([payloads.stored, payloads.dropped, readdirSync(folder)]).toEqual([0, 0, []]);
  });

  it('has a stream as it left, and one that broke off as far as it came', async () => {
    const [payloads] = log();
    const whole = await open({
      providers: [(_request, response) => void startStream(response).end(CHUNK + USAGE + DONE)],
      ...{ payloads, ...OPTED_IN },
    });
    const streamed = await call(whole, chat({ stream: true }));
    await whole.idle();
    await whole.close();
    const cut = await open({
      providers: [
        (_request, response) => {
          startStream(response).write(CHUNK);
          setTimeout(() => response.destroy(), 20);
        },
      ],
      ...{ payloads, ...OPTED_IN },
    });
    const broken = await call(cut, chat({ stream: true }));
    await cut.idle();
    await payloads.close();
    const from = reader();
    expect((await from.get(streamed))?.answer.text).toBe(CHUNK + DONE);
    expect((await from.get(broken))?.answer.text).toBe(CHUNK);
  });

  // litellm#39385: redaction was left out where a request failed, and the prompt was stored.
  it('redacts a call that failed like any other', async () => {
    const [payloads] = log();
    const refused = '{"error":{"message":"no such user: alice@example.com"}}';
    const house = await open({ providers: [answering(400, refused)], payloads, ...OPTED_IN });
    const id = await call(house, chat({ user: 'bob@example.com' }));
    await payloads.close();
    const kept = await reader().get(id);
    expect([kept?.httpStatus, onDisk().includes('example.com')]).toEqual([400, false]);
    expect(kept?.answer.text).toContain('no such user: [redacted]');
  });

  it('has no body that is too large to be read, and says so', async () => {
    const [payloads] = log({}, { payloadBodyBytesMax: 200 });
    const large = JSON.stringify({ choices: [], padding: 'x'.repeat(300) });
    const house = await open({ providers: [answering(200, large)], payloads, ...OPTED_IN });
    const id = await call(house, chat());
    await payloads.close();
    const kept = await reader().get(id);
    expect(kept?.answer).toEqual({ text: null, note: 'too_large' });
    expect(kept?.request.text).toContain('"model":"m"');
  });
});

describe('a failure of the payload log', () => {
  it('is none of the call: a store that cannot be opened costs payloads, which are counted', async () => {
    const path = join(folder, 'no-folder', 'payloads.sqlite');
    const [payloads, said] = log({ path });
    const house = await open({ providers: [answering(200, ANSWER)], payloads, ...OPTED_IN });
    expect((await post(house)).status).toBe(200);
    expect((await post(house)).status).toBe(200);
    await until(() => payloads.dropped === 2);
    expect(payloads.stored).toBe(0);
    expect(said).toMatchObject([{ code: 'store' }]);
  });

  it('is counted where the file is broken', async () => {
    writeFileSync(join(folder, 'payloads.sqlite'), 'this is no database'.repeat(1_000));
    const [payloads] = log();
    const house = await open({ providers: [answering(200, ANSWER)], payloads, ...OPTED_IN });
    expect((await post(house)).status).toBe(200);
    await until(() => payloads.dropped === 1);
  });

  it('a pattern that takes forever ends its thread, and no call', async () => {
    const [payloads] = log({ patterns: ['(a+)+b'] }, { payloadWriteTimeoutMs: 300 });
    const house = await open({ providers: [answering(200, ANSWER)], payloads, ...OPTED_IN });
    const messages = [{ role: 'user', content: 'a'.repeat(60) }];
    expect((await post(house, chat({ messages }))).status).toBe(200);
    await until(() => payloads.dropped === 1);
    // On a busy machine its successor may take longer to start than it is given.
    for (let calls = 2; payloads.stored === 0; calls++) {
      await call(house);
      await until(() => payloads.stored + payloads.dropped === calls);
    }
  });

  it('what has no room in memory is dropped and counted', async () => {
    const [payloads] = log({}, { payloadBytesMax: 100 });
    const house = await open({ providers: [answering(200, ANSWER)], payloads, ...OPTED_IN });
    expect((await post(house)).status).toBe(200);
    await house.idle();
    expect([payloads.dropped, payloads.take(100)]).toEqual([1, true]);
    payloads.giveBack(100);
  });
});

describe('what is stored', () => {
  const raw = (callId: string, customerId: string, timeMs = Date.now()) => ({
    ...{ callId, keyId: 'key_1', customerId, teamId: null, timeMs, endpoint: 'chat.completions' },
    ...{ model: 'm', httpStatus: 200, request: null },
    answer: new Uint8Array(Buffer.from(`the word of ${customerId}`)),
  });
  const add = async (...each: ReturnType<typeof raw>[]) => {
    const [payloads] = log();
    for (const payload of each) if (payloads.take(payload.answer.length)) payloads.add(payload);
    await payloads.close();
  };

  it('I10: of a customer is deleted when it is asked for, from the disk too, and of no other', async () => {
    await add(raw('a1', 'cus_a'), raw('b1', 'cus_b'), raw('a2', 'cus_a'));
    const from = reader();
    expect((await all(from, 'cus_a'))?.map(({ callId }) => callId)).toEqual(['a2', 'a1']);
    expect(await from.purge('cus_a', Date.now())).toBe(2);
    expect((await all(from))?.map(({ callId }) => callId)).toEqual(['b1']);
    expect([onDisk().includes('word of cus_a'), onDisk().includes('word of cus_b')]).toEqual([
      ...[false, true],
    ]);
  });

  it('of a customer does not come back with what was on its way', async () => {
    const before = Date.now();
    const from = reader();
    await from.purge('cus_a', before);
    await add(raw('late', 'cus_a', before), raw('new', 'cus_a', before + 1));
    expect((await all(from))?.map(({ callId }) => callId)).toEqual(['new']);
  });

  it('is gone after its time: not shown at once, and deleted with the next that comes', async () => {
    await add(raw('old', 'cus_a', Date.now() - 31 * DAY_MS + 500));
    await add(raw('older', 'cus_b', Date.now() - 40 * DAY_MS), raw('new', 'cus_c'));
    const from = reader();
    expect((await all(from))?.map(({ callId }) => callId)).toEqual(['new']);
    expect(await from.get('old')).toBeNull();
    expect(onDisk()).not.toContain('word of cus_b');
  });

  it('is bounded: the oldest goes first', async () => {
    const limits = { retentionMs: 30 * DAY_MS, bytesMax: 20_000 };
    const [payloads] = log({ limits });
    for (let i = 0; i < 400; i++) {
      const payload = raw(`c${String(i).padStart(3, '0')}`, 'cus_a');
      if (payloads.take(payload.answer.length)) payloads.add(payload);
    }
    await payloads.close();
    const found = (
      await reader({ limits }).list({
        ...{ customerId: null, keyId: null, after: null, limit: 1_000 },
      })
    )?.map(({ callId }) => callId);
    expect(found?.[0]).toBe('c399');
    expect(found?.length).toBeGreaterThan(50);
    expect(found?.length).toBeLessThan(300);
  });

  it('is listed page by page', async () => {
    await add(raw('c1', 'cus_a'), raw('c2', 'cus_b'), raw('c3', 'cus_a'));
    const from = reader();
    const page = (after: string | null) =>
      from.list({ customerId: null, keyId: 'key_1', after, limit: 2 });
    expect((await page(null))?.map(({ callId }) => callId)).toEqual(['c3', 'c2']);
    expect((await page('c2'))?.map(({ callId }) => callId)).toEqual(['c1']);
    expect(await page('nothing')).toBeNull();
  });
});
