/**
 * How an answer may end at the provider, and what comes of it: what the client gets, when, and what
 * is billed. The table below is made by whole calls over sockets.
 *
 * `[DONE]` ends a stream and the last brace ends JSON, whatever the connection does: openai-node#2317
 * (servers keep it open), openai-python#3566 (peers send comments without an end), openai-python#3440 and
 * #3442 (the last HTTP chunk is missing).
 */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { type CallHouse, useCallHouses } from '@tollgate/proxy/testing/call-house.ts';
import { CHUNK, chat, DONE, STREAM_HOLD, USAGE, usage } from '@tollgate/proxy/testing/calls.ts';
import { expect, it } from 'vitest';

const KINDS = ['SSE', 'JSON'] as const;
const SAYS = ['its end', 'nothing'] as const;
const ENDS = ['last chunk', 'none', 'reset', 'hang', 'trickle'] as const;
const CLIENTS = ['stays', 'leaves'] as const;

type Row = {
  kind: (typeof KINDS)[number];
  says: (typeof SAYS)[number];
  end: (typeof ENDS)[number];
  client: (typeof CLIENTS)[number];
};

const rows: Row[] = KINDS.flatMap((kind) =>
  SAYS.flatMap((says) =>
    CLIENTS.flatMap((client) => ENDS.map((end): Row => ({ kind, says, end, client }))),
  ),
);

/** Far enough apart to be told apart on a busy machine. */
const LINGER_MS = 2_000;
const TIMEOUT_MS = 6_000;

const openHouse = useCallHouses();

/** What the provider of a row sends first, and then. */
function parts({ kind, says }: Row): [string, string] {
  if (kind === 'SSE') return [CHUNK, says === 'its end' ? USAGE + DONE : USAGE];
  const body = JSON.stringify({ id: 'a', usage, choices: [{ message: { content: 'four five' } }] });
  return [body.slice(0, 9), says === 'its end' ? body.slice(9) : body.slice(9, -1)];
}

const httpChunk = (data: string) => `${Buffer.byteLength(data).toString(16)}\r\n${data}\r\n`;

class Provider {
  readonly sockets: Socket[] = [];
  readonly begun: (() => void)[] = [];
  readonly goOn: Promise<void>[] = [];

  async answer(request: IncomingMessage): Promise<void> {
    const index = Number((JSON.parse(await text(request)) as { user: string }).user);
    const row = rows[index] as Row;
    const { socket } = request;
    this.sockets.push(socket);
    socket.on('error', () => undefined);
    const type = row.kind === 'SSE' ? 'text/event-stream' : 'application/json';
    const [first, then] = parts(row);
    const head = `HTTP/1.1 200 OK\r\ncontent-type: ${type}\r\ntransfer-encoding: chunked\r\n\r\n`;
    socket.write(head + httpChunk(first));
    this.begun[index]?.();
    await this.goOn[index];
    socket.write(httpChunk(then), () => this.#end(row, socket));
  }

  #end({ end, kind }: Row, socket: Socket): void {
    if (end === 'last chunk') socket.write('0\r\n\r\n');
    if (end === 'none') socket.end();
    // What was sent must be read first: a reset throws it away.
    if (end === 'reset') setTimeout(() => socket.resetAndDestroy(), 100);
    if (end !== 'trickle') return;
    const more = setInterval(
      () => socket.write(httpChunk(kind === 'SSE' ? ': alive\n\n' : ' ')),
      100,
    );
    socket.once('close', () => clearInterval(more));
  }
}

/** What the client of a row gets. */
async function got(house: CallHouse, row: Row, provider: Provider): Promise<string> {
  const index = rows.indexOf(row);
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  provider.begun[index] = begun.resolve;
  provider.goOn[index] = goOn.promise;
  const leave = new AbortController();
  const response = fetch(`${house.url}/v1/chat/completions`, {
    ...{ method: 'POST', signal: leave.signal, headers: { 'content-type': 'application/json' } },
    body: chat({ user: String(index), ...(row.kind === 'SSE' ? { stream: true } : {}) }),
  });
  const answer = response.then(async (given) => {
    const expected = parts(row).join('').replace(USAGE, '');
    const body = await given.text();
    if (given.status !== 200) return String(given.status);
    // Blank space behind JSON is no part of it.
    return body.trimEnd() === expected.trimEnd() ? 'whole' : `other bytes: ${body}`;
  });
  await begun.promise;
  if (row.client === 'leaves') {
    leave.abort();
    await answer.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  goOn.resolve();
  return answer.catch(() => (row.client === 'leaves' ? '-' : 'cut'));
}

function when(latencyMs: number | null): string {
  if (latencyMs === null) return 'never';
  if (latencyMs < LINGER_MS) return 'at once';
  return latencyMs < TIMEOUT_MS ? 'after the linger' : 'after the time-out';
}

async function table(): Promise<string[][]> {
  const provider = new Provider();
  const house = await openHouse({
    budgets: [{ limit: STREAM_HOLD * BigInt(100 * rows.length) }],
    providers: [(request) => void provider.answer(request)],
    limits: { upstreamLingerMs: LINGER_MS, attemptTimeoutMs: TIMEOUT_MS + 500 },
    upstreamTimeoutMs: TIMEOUT_MS,
    upstreamConnections: rows.length,
  });
  const answers = await Promise.all(rows.map((row) => got(house, row, provider)));
  await house.idle();
  const events = house.events();
  const made = rows.map((row, index) => {
    const event = events.find(({ end_user }) => end_user === String(index));
    const hold = house.writes.find(
      (write) => write.op === 'finished' && write.attemptId === event?.id,
    );
    const charge = hold?.op === 'finished' ? hold.charges[0]?.amount : undefined;
    const billed = charge === 42n ? '42' : 'the hold';
    const cells = [row.kind, row.says, row.client, row.end, answers[index] as string];
    return [...cells, when(event?.latency_ms ?? null), String(event?.status), billed];
  });
  // Every socket but those of a clean end is given up.
  const kept = rows.filter(({ end }) => end === 'last chunk').length;
  const open = provider.sockets.filter((socket) => !socket.destroyed);
  if (open.length > kept)
    await Promise.all(open.slice(kept).map((socket) => once(socket, 'close')));
  return made;
}

function print(lines: readonly string[][]): string {
  const head = ['kind', 'says', 'client', 'connection', 'client gets', 'when', 'status', 'billed'];
  const all = [head, ...lines];
  const widths = head.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0)));
  return all
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join(' | ')
        .trim(),
    )
    .join('\n');
}

it('the end of an answer: what the client gets, when, and what is billed', async () => {
  expect(print(await table())).toMatchInlineSnapshot(`
    "kind | says    | client | connection | client gets | when               | status         | billed
    SSE  | its end | stays  | last chunk | whole       | at once            | ok             | 42
    SSE  | its end | stays  | none       | whole       | at once            | ok             | 42
    SSE  | its end | stays  | reset      | whole       | at once            | ok             | 42
    SSE  | its end | stays  | hang       | whole       | at once            | ok             | 42
    SSE  | its end | stays  | trickle    | whole       | at once            | ok             | 42
    SSE  | its end | leaves | last chunk | -           | at once            | client_closed  | 42
    SSE  | its end | leaves | none       | -           | at once            | client_closed  | 42
    SSE  | its end | leaves | reset      | -           | at once            | client_closed  | 42
    SSE  | its end | leaves | hang       | -           | at once            | client_closed  | 42
    SSE  | its end | leaves | trickle    | -           | at once            | client_closed  | 42
    SSE  | nothing | stays  | last chunk | whole       | at once            | ok             | 42
    SSE  | nothing | stays  | none       | cut         | at once            | upstream_error | 42
    SSE  | nothing | stays  | reset      | cut         | at once            | upstream_error | 42
    SSE  | nothing | stays  | hang       | cut         | after the time-out | timeout        | 42
    SSE  | nothing | stays  | trickle    | cut         | after the time-out | timeout        | 42
    SSE  | nothing | leaves | last chunk | -           | at once            | client_closed  | 42
    SSE  | nothing | leaves | none       | -           | at once            | client_closed  | 42
    SSE  | nothing | leaves | reset      | -           | at once            | client_closed  | 42
    SSE  | nothing | leaves | hang       | -           | after the time-out | timeout        | 42
    SSE  | nothing | leaves | trickle    | -           | after the time-out | timeout        | 42
    JSON | its end | stays  | last chunk | whole       | at once            | ok             | 42
    JSON | its end | stays  | none       | whole       | at once            | ok             | 42
    JSON | its end | stays  | reset      | whole       | at once            | ok             | 42
    JSON | its end | stays  | hang       | whole       | after the linger   | ok             | 42
    JSON | its end | stays  | trickle    | whole       | after the linger   | ok             | 42
    JSON | its end | leaves | last chunk | -           | at once            | client_closed  | 42
    JSON | its end | leaves | none       | -           | at once            | client_closed  | 42
    JSON | its end | leaves | reset      | -           | at once            | client_closed  | 42
    JSON | its end | leaves | hang       | -           | after the linger   | client_closed  | 42
    JSON | its end | leaves | trickle    | -           | after the linger   | client_closed  | 42
    JSON | nothing | stays  | last chunk | whole       | at once            | ok             | the hold
    JSON | nothing | stays  | none       | 502         | at once            | upstream_error | the hold
    JSON | nothing | stays  | reset      | 502         | at once            | upstream_error | the hold
    JSON | nothing | stays  | hang       | 504         | after the time-out | timeout        | the hold
    JSON | nothing | stays  | trickle    | 504         | after the time-out | timeout        | the hold
    JSON | nothing | leaves | last chunk | -           | at once            | client_closed  | the hold
    JSON | nothing | leaves | none       | -           | at once            | client_closed  | the hold
    JSON | nothing | leaves | reset      | -           | at once            | client_closed  | the hold
    JSON | nothing | leaves | hang       | -           | after the time-out | timeout        | the hold
    JSON | nothing | leaves | trickle    | -           | after the time-out | timeout        | the hold"
  `);
}, 60_000);
