/** Bodies and strangers that would stop a proxy which reads first and asks later. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { codeOf, type GateHouse, openGateHouse, sendRaw, statusOf } from '../testing/gate-house.ts';

const MIB = 1024 * 1024;
let house: GateHouse;
afterEach(() => house.close());

const messages = '[{"role":"user","content":"hi"}]';
const many = (item: string, count: number) => `[${Array(count).fill(item).join(',')}]`;

describe('nothing is buffered for a stranger', () => {
  // litellm#10750, bifrost#2873: paths that were passed on were not counted.
  // Wei-Shaw/sub2api#5456: a path that counts tokens was passed on, unbilled.
  it.each([
    [
      'a path that nobody serves is answered and closed, with most of the body unread',
      { path: '/v1/nothing' },
      404,
      'unknown_endpoint',
    ],
    ['a method that its path does not take is, too', { method: 'PUT' }, 405, 'method_not_allowed'],
    ['so is a request without a key', {}, 401, 'missing_api_key'],
    ['and one with a bad key', { secret: 'tg_live_x' }, 401, 'malformed_api_key'],
  ])('%s', async (_, sent, status, code) => {
    house = await openGateHouse({ lingerMs: 200 });
    const answer = await sendRaw(house, { ...sent, body: Buffer.alloc(15 * MIB, 0x20) });
    expect([statusOf(answer), codeOf(answer)]).toEqual([status, code]);
    expect(answer.toLowerCase()).toContain('connection: close');
    expect(house.bytesRead()[0]).toBeLessThan(8 * MIB);
    expect([house.handler.inFlight, house.refused, house.events]).toEqual([0, [code], []]);
  });

  it('a small request of his is answered whole as well', async () => {
    house = await openGateHouse();
    expect(codeOf(await sendRaw(house, { body: '{}' }))).toBe('missing_api_key');
    expect(codeOf(await sendRaw(house, { path: '/', method: 'GET' }))).toBe('unknown_endpoint');
  });
});

describe('a body of a known key that has too much in it', () => {
  it.each([
    [
      'four million numbers are refused on the way, closed and recorded',
      `{"model":"x","input":${many('0.5', 4_000_000)}}`,
      'json_too_large',
    ],
    [
      'a million fields are, too',
      `{"model":"x",${'"a":1,'.repeat(1_000_000)}"b":1}`,
      'json_too_large',
    ],
    ['so are sixteen million brackets', '['.repeat(16_000_000), 'json_too_deep'],
    [
      'so are objects in objects, from the first bytes on',
      '{"a":'.repeat(3_000_000),
      'json_too_deep',
    ],
    ['and more bytes than a body may have', Buffer.alloc(17 * MIB, 0x20), 'request_too_large'],
  ])('%s', async (_, body, code) => {
    house = await openGateHouse();
    const [secret] = house.secrets;
    const answer = await sendRaw(house, { secret, body });
    expect([codeOf(answer), house.refused]).toEqual([code, [code]]);
    expect(house.bytesRead()[0]).toBeLessThan(Buffer.byteLength(body));
    expect(house.events).toMatchObject([
      { type: 'refusal', error_type: code, key_id: expect.stringMatching(/0$/) },
    ]);
    expect(house.handler.inFlight).toBe(0);
  });

  it.each([
    ['half a million bad elements', `{"model":"x","input":${many('0.5', 400_000)}}`],
    ['as many bad tools', `{"model":"x","messages":${messages},"tools":${many('1', 400_000)}}`],
    ['as many bad messages', `{"model":"x","messages":${many('{"role":1}', 200_000)}}`],
    [
      'as many parts',
      `{"model":"x","messages":[{"role":"user","content":${many('{}', 200_000)}}]}`,
    ],
  ])('%s: refused by the schema, off the event loop', async (_, body) => {
    house = await openGateHouse();
    const [secret] = house.secrets;
    const path = body.includes('"input"') ? '/v1/embeddings' : '/v1/chat/completions';
    const answer = await sendRaw(house, { secret, path, body });
    expect([statusOf(answer), codeOf(answer)]).toEqual([400, 'invalid_request']);
  });

  it('a large body without fault is read whole', async () => {
    house = await openGateHouse();
    const [secret] = house.secrets;
    const content = 'ü\\u0041'.repeat(1_500_000);
    const body = `{"model":"x","messages":[{"role":"user","content":"${content}"}]}`;
    const answer = await sendRaw(house, { secret, path: '/v1/chat/completions', body });
    expect(codeOf(answer)).toBe('model_not_found');
    expect(house.events).toMatchObject([{ model_requested: 'x', error_type: 'model_not_found' }]);
  });

  it('one that takes the reader too long is refused, and the next one is read', async () => {
    house = await openGateHouse({ bodyReadTimeoutMs: 1 });
    const [secret] = house.secrets;
    const body = `{"model":"x","input":${many('1', 100_000)}}`;
    expect(codeOf(await sendRaw(house, { secret, body }))).toBe('json_too_large');
    expect(codeOf(await sendRaw(house, { secret, body }))).toBe('json_too_large');
    expect(codeOf(await sendRaw(house, { secret, body: '{"model":"x","input":""}' }))).toBe(
      'model_not_found',
    );
  });

  it('one that takes the reader too much memory ends the reader and nothing else', async () => {
    house = await openGateHouse({ bodyReaderHeapMib: 24, requestValuesMax: 5_000_000 });
    const [secret] = house.secrets;
    const body = `{"model":"x","input":${many('[]', 4_000_000)}}`;
    expect(codeOf(await sendRaw(house, { secret, body }))).toBe('json_too_large');
    expect(codeOf(await sendRaw(house, { secret, body: '{"model":"x","input":""}' }))).toBe(
      'model_not_found',
    );
  });
});

describe('bodies on their way', () => {
  it('count as calls in flight, and are gone with their clients', async () => {
    house = await openGateHouse({ callsPerKeyMax: 1 });
    const [secret, other] = house.secrets;
    const waiting = sendRaw(house, { secret, length: 9, body: '{' });
    while (house.handler.inFlight === 0) await sleep(5);
    const full = await sendRaw(house, { secret, body: '{}' });
    expect([statusOf(full), codeOf(full)]).toEqual([429, 'too_many_calls']);
    expect(full.toLowerCase()).toContain('retry-after: 1');
    expect(codeOf(await sendRaw(house, { secret: other, body: '{' }))).toBe('invalid_json');
    await house.close();
    await waiting;
    while (house.handler.inFlight > 0) await sleep(5);
    expect(house.events.map(({ error_type: type }) => type)).toEqual([
      'too_many_calls',
      'invalid_json',
    ]);
  });

  it('hold no more bytes than a key, and the process, may; and give them back', async () => {
    house = await openGateHouse({ bodyBytesMax: 300_000, bodyBytesPerKeyMax: 200_000 });
    const [secret, other] = house.secrets;
    const part = { length: 1_000_000, body: ' '.repeat(150_000) };
    const first = sendRaw(house, { secret, ...part });
    while ((house.bytesRead()[0] ?? 0) < 150_000) await sleep(5);
    const second = await sendRaw(house, { secret, body: ' '.repeat(60_000) });
    expect([statusOf(second), codeOf(second)]).toEqual([503, 'overloaded']);
    expect(codeOf(await sendRaw(house, { secret: other, body: ' '.repeat(160_000) }))).toBe(
      'overloaded',
    );
    expect(codeOf(await sendRaw(house, { secret: other, body: ' '.repeat(140_000) }))).toBe(
      'invalid_json',
    );
    await house.close();
    await first;
    while (house.handler.inFlight > 0) await sleep(5);
  });
});
