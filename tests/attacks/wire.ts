/** Bytes as they are, on a connection of their own: no client library would send what attacks send. */
import { connect, type Socket } from 'node:net';

export type Exchange = {
  /** Of each answer that came, `404 unknown_path`; `closed` or `open` where none came. */
  outcome: string;
  text: string;
  /** Bytes that the other side took before it closed. */
  sentBytes: number;
};

/** Long enough for any answer on a busy machine, ms. */
const WAIT_MS = 20_000;

const ANSWER = /HTTP\/1\.1 (\d{3})/;

/** @param parts written one after another, each when the one before was taken */
export async function exchange(
  url: string,
  parts: Iterable<string | Buffer>,
  waitMs = WAIT_MS,
): Promise<Exchange> {
  const socket = await connected(url);
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1');
  });
  const closed = new Promise<'closed'>((resolve) => socket.once('close', () => resolve('closed')));
  const late = Promise.withResolvers<'open'>();
  const timer = setTimeout(() => late.resolve('open'), waitMs);
  void write(socket, parts);
  const end = await Promise.race([closed, late.promise]);
  clearTimeout(timer);
  const sentBytes = socket.bytesWritten;
  socket.destroy();
  return { outcome: outcomeOf(text) ?? end, text, sentBytes };
}

/** The first bytes that come, as text; '' if the connection ends before. */
export function firstBytes(socket: Socket): Promise<string> {
  return new Promise((resolve) => {
    socket
      .once('data', (bytes) => resolve(bytes.toString('latin1')))
      .once('close', () => resolve(''));
  });
}

/** Errors of the connection are the other side's answer, and never thrown. */
export async function connected(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  await new Promise((resolve) => socket.once('connect', resolve).once('close', resolve));
  return socket;
}

async function write(socket: Socket, parts: Iterable<string | Buffer>): Promise<void> {
  for (const part of parts) {
    if (socket.destroyed || !socket.writable) return;
    if (socket.write(part)) continue;
    await new Promise((resolve) => socket.once('drain', resolve).once('close', resolve));
  }
}

/** @returns null if no answer came */
export function outcomeOf(text: string): string | null {
  const answers = text.split(/(?=HTTP\/1\.1 \d{3})/).filter((part) => ANSWER.test(part));
  const said = answers.map((part) => {
    const status = ANSWER.exec(part)?.[1];
    const code = /"code":\s*"(\w+)"/.exec(part)?.[1];
    return code === undefined ? String(status) : `${status} ${code}`;
  });
  return said.length === 0 ? null : said.join(' + ');
}

/** A request of these lines, on a connection that ends with it. */
export function head(...lines: string[]): string {
  return `${[...lines, 'connection: close'].join('\r\n')}\r\n\r\n`;
}

/** As clients write it. */
export function post(path: string, secret: string | null, body: string | Buffer): Buffer {
  const text = head(
    `POST ${path} HTTP/1.1`,
    'host: 127.0.0.1',
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...(secret === null ? [] : [`authorization: Bearer ${secret}`]),
  );
  return Buffer.concat([Buffer.from(text), Buffer.from(body)]);
}

/** So many bytes of it, in parts that a server may stop to take. */
export function* flood(length: number, unit = 'x'): Generator<Buffer> {
  const part = Buffer.alloc(65_536, unit);
  for (let left = length; left > 0; left -= part.length) {
    yield left >= part.length ? part : part.subarray(0, left);
  }
}
