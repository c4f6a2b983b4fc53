/** The control endpoints under `/sim/`: knobs, bill and status. For tests; without a key. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { pipeline } from 'node:stream/promises';
import type { CallServices } from '../calls/call-handler.ts';
import { limits } from '../limits.ts';
import { parseObject, readBody } from './body.ts';
import { ApiError, invalid } from './openai-error.ts';

/** Writes one JSON answer. */
export function sendJson(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  });
  response.end(body);
}

/** Answers a path under `/sim/`; throws 404 or 405 in OpenAI's shape otherwise. */
export async function handleControl(
  services: CallServices,
  request: IncomingMessage,
  response: ServerResponse,
  url: URL,
): Promise<void> {
  const { bill, knobs, traffic } = services;
  if (url.pathname === '/sim/knobs') return handleKnobs(services, request, response);
  if (request.method !== 'GET') throw new ApiError(405, 'Only GET is allowed here.');
  const attempt = /^\/sim\/attempts\/([^/]+)$/.exec(url.pathname)?.[1];
  if (attempt !== undefined) {
    const id = decodeId(attempt);
    const lines = await bill.linesOf(id);
    if (lines.length === 0) throw new ApiError(404, 'No charge for this attempt.', 'not_charged');
    return sendJson(response, 200, JSON.stringify({ attempt_id: id, lines }));
  }
  switch (url.pathname) {
    case '/sim/bill':
      return sendBill(services, response, url.searchParams.get('from_seq') ?? '1');
    case '/sim/bill/summary':
      return sendJson(response, 200, JSON.stringify(bill.summary.view()));
    case '/sim/status':
      return sendJson(response, 200, JSON.stringify({ ...traffic.view(), knobs: knobs.view() }));
    default:
      throw new ApiError(404, `Unknown path: ${url.pathname}`, 'unknown_url');
  }
}

async function handleKnobs(
  { knobs }: CallServices,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (request.method === 'POST') {
    knobs.merge(parseObject(await readBody(request, limits.knobsBodyBytesMax)));
  } else if (request.method === 'DELETE') {
    knobs.reset();
  } else if (request.method !== 'GET') {
    throw new ApiError(405, 'Only GET, POST and DELETE are allowed here.');
  }
  sendJson(response, 200, JSON.stringify(knobs.view()));
}

async function sendBill(
  { bill }: CallServices,
  response: ServerResponse,
  fromSeq: string,
): Promise<void> {
  if (!/^[1-9]\d{0,14}$/.test(fromSeq)) {
    throw invalid('from_seq', "'from_seq' must be a whole number from 1.");
  }
  const lines = await bill.read(Number(fromSeq));
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  if (lines === undefined) response.end();
  else await pipeline(lines, response);
}

function decodeId(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (cause) {
    if (!(cause instanceof URIError)) throw cause;
    throw invalid('attempt_id', 'The attempt id is not well encoded.');
  }
}
