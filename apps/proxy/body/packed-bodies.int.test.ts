/** Compressed requests: what they unpack to is what is bounded, held and read. */
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { afterEach, describe, expect, it } from 'vitest';
import { codeOf, type GateHouse, openGateHouse, sendRaw, statusOf } from '../testing/gate-house.ts';

const MIB = 1024 * 1024;
let house: GateHouse;
afterEach(() => house.close());

/** Read whole, and nobody serves its model. */
const BODY = Buffer.from(JSON.stringify({ model: 'm', input: 'hi' }));
/** As well as it can would take a minute. */
const brotli = (bytes: Buffer) =>
  brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } });
const wrapped = (bytes: number) => Buffer.concat([Buffer.alloc(bytes, ' '), BODY]);

async function answered(encoding: string, body: Buffer) {
  const [secret] = house.secrets;
  const answer = await sendRaw(house, { secret, encoding, body });
  return { status: statusOf(answer), code: codeOf(answer), answer };
}

// agentgateway#2402, new-api#4913, mlflow#24573: clients compress above a size, and small probes work.
describe('a compressed request', () => {
  it.each([
    ['gzip', gzipSync],
    ['x-gzip', gzipSync],
    ['GZIP', gzipSync],
    ['gzip, identity', gzipSync],
    ['deflate', deflateSync],
    ['br', brotli],
    ['zstd', zstdCompressSync],
  ] as const)('in %s is read as what it unpacks to, small or large', async (encoding, pack) => {
    house = await openGateHouse();
    for (const body of [BODY, wrapped(MIB)]) {
      expect((await answered(encoding, pack(body))).code).toBe('model_not_found');
    }
    expect(house.events.map(({ model_requested }) => model_requested)).toEqual(['m', 'm']);
  });

  it.each(['compress', 'gzip, br', 'aws-chunked', 'gzip;q=1'])(
    'in %s is refused before it is read, with what would be taken',
    async (encoding) => {
      house = await openGateHouse();
      const { status, code, answer } = await answered(encoding, Buffer.alloc(15 * MIB));
      expect([status, code]).toEqual([415, 'unsupported_encoding']);
      expect(answer.toLowerCase()).toContain('accept-encoding: gzip, deflate, br, zstd');
      expect([(house.bytesRead()[0] as number) < 8 * MIB, house.handler.inFlight]).toEqual([
        true,
        0,
      ]);
    },
  );

  it.each([
    ['gzip', BODY],
    ['gzip', gzipSync(BODY).subarray(0, -4)],
    ['br', gzipSync(BODY)],
    ['zstd', Buffer.concat([zstdCompressSync(BODY).subarray(0, 9), randomBytes(20)])],
  ])('in %s that cannot be unpacked is refused: %#', async (encoding, body) => {
    house = await openGateHouse();
    expect((await answered(encoding, body)).code).toBe('invalid_encoding');
    expect([house.refused, house.handler.inFlight]).toEqual([['invalid_encoding'], 0]);
  });
});

// mlflow#24784: 6 kB of zstd unpacked to 200 MB.
describe('a small body that unpacks to a large one', () => {
  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotli],
    ['zstd', zstdCompressSync],
  ] as const)('in %s is bounded by what it unpacks to', async (encoding, pack) => {
    house = await openGateHouse();
    expect((await answered(encoding, pack(wrapped(3 * MIB)))).code).toBe('model_not_found');
    const bomb = pack(Buffer.alloc(40 * MIB, ' '));
    const before = process.memoryUsage().rss;
    expect((await answered(encoding, bomb)).code).toBe('request_too_large');
    expect(process.memoryUsage().rss - before).toBeLessThan(80 * MIB);
    expect([house.handler.inFlight, house.refused.at(-1)]).toEqual([0, 'request_too_large']);
  });

  it('counts as what it unpacks to among the bytes that a key may have in memory', async () => {
    house = await openGateHouse({ bodyBytesPerKeyMax: 2 * MIB });
    expect((await answered('gzip', gzipSync(wrapped(3 * MIB)))).code).toBe('overloaded');
    expect((await answered('gzip', gzipSync(wrapped(MIB)))).code).toBe('model_not_found');
  });

  it('is looked at as it unpacks: too many values are refused on the way', async () => {
    house = await openGateHouse();
    const many = Buffer.from(`{"model":"m","input":[${'0,'.repeat(4 * MIB)}0]}`);
    expect((await answered('gzip', gzipSync(many))).code).toBe('json_too_large');
  });
});

it('a client that leaves while its body is unpacked leaves nothing behind', async () => {
  house = await openGateHouse();
  const [secret] = house.secrets;
  // Text that packs badly and opens no level: bytes at random are refused now and then.
  const text = JSON.stringify({ model: 'm', input: randomBytes(MIB).toString('base64') });
  const body = gzipSync(text);
  const socket = connect(house.port, '127.0.0.1');
  const head = [
    ...['POST /v1/embeddings HTTP/1.1', 'host: x', 'content-type: application/json'],
    ...['content-encoding: gzip', `content-length: ${body.length}`],
    `authorization: Bearer ${secret}`,
  ];
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  socket.write(body.subarray(0, MIB / 2));
  while (house.handler.inFlight === 0) await sleep(5);
  socket.destroy();
  while (house.handler.inFlight > 0) await sleep(5);
  expect([house.refused, house.events]).toEqual([[], []]);
});
