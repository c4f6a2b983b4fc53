/** Answers that are read on without a client: how far, and what is recorded and charged then. */
import { describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, type Client } from '../testing/call-stage.ts';
import { CHUNK, chat, DONE, STREAM_HOLD, USAGE } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const SSE = { 'content-type': 'text/event-stream' };
const GIVEN_UP = 'its client has gone, and it went on for too long';
const LIMITS = { drainMsMax: 60_000, drainTokensMax: 100 };

let stage: CallStage;
let client: Client;
const pass = (ms = 0) => vi.advanceTimersByTimeAsync(ms);
const last = () => stage.last();
const says = (content: string) =>
  last().answer.onData(
    Buffer.from(`data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`),
  );

/** A stream whose client leaves when it has begun. */
async function drains(): Promise<void> {
  stage = await CallStage.open(books(), { limits: LIMITS });
  client = stage.call(chat({ stream: true }));
  await pass();
  last().answer.onHeaders(200, SSE);
  says('word '.repeat(400));
  await pass();
  client.connection.destroy();
  await pass();
}

/** Nothing more comes: its connection was ended as we asked. */
async function ended(): Promise<void> {
  last().answer.onFailure({ kind: 'aborted', unsent: false, cause: new Error('aborted') });
  await pass();
}

const UNKNOWN = { status: 'client_closed', http_status: 200, usage_source: 'none', cost: null };

describe('I3: an answer whose client has left', () => {
  it('is given up after its time, and is charged the hold, not what was seen of it', async () => {
    await drains();
    await pass(59_999);
    expect(last().controls).toEqual(['resume']);
    await pass(2);
    expect(last().controls).toEqual(['resume', GIVEN_UP]);
    await ended();
    expect([stage.events(), stage.held(), stage.handler.inFlight]).toMatchObject([
      [{ ...UNKNOWN, error_type: 'drain_bound.seconds' }],
      { held: 0n, spent: STREAM_HOLD },
      0,
    ]);
  });

  /** @param pieces the last of them is one too many */
  async function goesOn(pieces: string[]): Promise<void> {
    await drains();
    for (const piece of pieces.slice(0, -1)) says(piece);
    expect(last().controls).toEqual(['resume']);
    const end = pieces.at(-1) ?? '';
    says(end);
    says(end);
    expect(last().controls).toEqual(['resume', GIVEN_UP]);
    await ended();
    expect([stage.events(), stage.held()]).toMatchObject([
      [{ ...UNKNOWN, error_type: 'drain_bound.tokens' }],
      { held: 0n, spent: STREAM_HOLD },
    ]);
  }

  it('is given up when too much more is generated, a token at a time', () =>
    goesOn(Array.from({ length: 101 }, () => 'a')));

  it('is given up when too much more is generated, many tokens at a time', () =>
    goesOn(['word '.repeat(40), 'word '.repeat(41)]));

  it('and that ends in time is charged what the provider states; nothing waits for it', async () => {
    await drains();
    const timers = vi.getTimerCount();
    await pass(59_000);
    last().answer.onData(Buffer.from(CHUNK + USAGE + DONE));
    last().answer.onEnd();
    await pass(2_000);
    expect([last().controls, stage.events(), stage.held()]).toMatchObject([
      ['resume'],
      [{ status: 'client_closed', error_type: null, usage_source: 'provider' }],
      { held: 0n, spent: 42n },
    ]);
    expect(vi.getTimerCount()).toBeLessThan(timers);
  });

  it('is charged what was stated for good before the bound was reached', async () => {
    await drains();
    last().answer.onData(Buffer.from(CHUNK + USAGE));
    await pass(60_001);
    await ended();
    expect([stage.events(), stage.held()]).toMatchObject([
      [{ status: 'client_closed', error_type: 'drain_bound.seconds', usage_source: 'provider' }],
      { held: 0n, spent: 42n },
    ]);
  });

  it('has a bound that a whole attempt leaves room for', () => {
    expect(proxyLimits.drainMsMax).toBeLessThan(proxyLimits.attemptTimeoutMs);
    expect(proxyLimits.drainTokensMax).toBeGreaterThan(4_096);
  });
});
