/**
 * The head of an answer that is sent in one piece, made as one text. Node joins a head name by name, looks
 * each up and checks each again; with all that we state of a call, that is a tenth of what the whole call
 * costs (`npm run bench -- budgets`).
 *
 * `_header` is where every version of Node since 0.2 keeps the text of a head. It is not documented: so it is
 * tried once, on a response of no connection, and only where it does what it should is it used. The runtime
 * is pinned, and `whole-head.int.test.ts` compares what leaves either way byte by byte. Whatever is not the
 * plain case (HTTP/1.0, a connection that is to be closed, an answer without a body) is Node's.
 */
import { IncomingMessage, type OutgoingHttpHeader, ServerResponse, STATUS_CODES } from 'node:http';
import { Socket } from 'node:net';
import type { HeaderFields } from './headers.ts';

/** What is read and set of Node's response. */
type Inner = ServerResponse & {
  _header: string | null;
  _headerSent: boolean;
  _keepAliveTimeout: number;
  _maxRequestsPerSocket: number | null;
  _removedConnection: boolean;
  _expect_continue: boolean;
};

/** Answers that have no body, and no length of one (RFC 9110 §8.6). */
const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

/** Writes the head; the body must follow as one text of `bytes` bytes. */
export function writeWholeHead(
  response: ServerResponse,
  status: number,
  fields: HeaderFields,
  bytes: number,
): void {
  if (!BODILESS.has(status)) fields.push('content-length', String(bytes));
  if (!isPlain(response, status)) {
    response.writeHead(status, fields as OutgoingHttpHeader[]);
    return;
  }
  // Joined, and not put together piece by piece: what is written to a socket must be one piece.
  const lines = [statusLine(status)];
  for (let at = 0; at < fields.length; at += 2) {
    const value = fields[at + 1] as string | string[];
    if (typeof value === 'string') lines.push(`${fields[at]}: ${value}`);
    else for (const one of value) lines.push(`${fields[at]}: ${one}`);
  }
  response.statusCode = status;
  const inner = response as Inner;
  lines.push(lastLines(inner._keepAliveTimeout));
  inner._header = lines.join('\r\n');
  inner._headerSent = false;
}

/** Whether Node would add what `lastLines` has, and nothing else. */
function isPlain(response: ServerResponse, status: number): boolean {
  if (!isKnown || status < 200 || BODILESS.has(status)) return false;
  const inner = response as Inner;
  const { req } = response;
  return (
    response.shouldKeepAlive === true &&
    req?.httpVersionMinor === 1 &&
    req.method === 'POST' &&
    !inner._expect_continue &&
    !inner._removedConnection &&
    !inner._maxRequestsPerSocket &&
    inner._keepAliveTimeout > 0 &&
    response.sendDate
  );
}

const statusLines = new Map<number, string>();

function statusLine(status: number): string {
  const known = statusLines.get(status);
  if (known !== undefined) return known;
  const line = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'unknown'}`;
  // As many as there are statuses.
  statusLines.set(status, line);
  return line;
}

const last = { second: Number.NaN, keepAliveMs: 0, lines: '' };

/** As Node writes them; the date is that of the second. */
function lastLines(keepAliveMs: number): string {
  const nowMs = Date.now();
  const second = Math.floor(nowMs / 1_000);
  if (second !== last.second || keepAliveMs !== last.keepAliveMs) {
    const date = new Date(nowMs).toUTCString();
    const seconds = Math.floor(keepAliveMs / 1_000);
    last.second = second;
    last.keepAliveMs = keepAliveMs;
    last.lines = `Date: ${date}\r\nConnection: keep-alive\r\nKeep-Alive: timeout=${seconds}\r\n\r\n`;
  }
  return last.lines;
}

/** This runtime keeps the text of a head where we set it, and what we ask of a response is there. */
const isKnown = ownHeadWorks();

function ownHeadWorks(): boolean {
  const request = new IncomingMessage(new Socket());
  const response = new ServerResponse(request) as Inner;
  if (response._header !== null || response.headersSent) return false;
  for (const name of [
    '_headerSent',
    '_removedConnection',
    'sendDate',
    'shouldKeepAlive',
  ] as const) {
    if (typeof response[name] !== 'boolean') return false;
  }
  if (typeof response._keepAliveTimeout !== 'number') return false;
  response.writeHead(200, ['content-length', '0']);
  const made: unknown = response._header;
  return typeof made === 'string' && made.startsWith('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n');
}
