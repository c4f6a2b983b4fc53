/** Calls with parts that nothing in them bounds, at a provider for which the operator gives bounds. */
import type { OpenBounds } from '@tollgate/domain/pricing/open-bounds.ts';
import { describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { OwnedObjects } from '../stored/owned-objects.ts';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage } from '../testing/call-stage.ts';
import { chat } from '../testing/calls.ts';
import { MemoryObjects } from '../testing/memory-objects.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const BOUNDS: OpenBounds = {
  tokensPer: { image: 300, audio: null, video: null, file: null },
  tokensStored: 5_000,
  searches: { perCall: 2, picoUsdEach: 700n, tokensEach: 100 },
};
const inputOf = (body: string) => body.length + 128;
const picture = (url: string) =>
  chat({ messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url } }] }] });

/** What became of a call whose provider states so many tokens of input, and 5 of output. */
async function callOf(body: string, prompt_tokens: number, unit: 'usd' | 'tokens' = 'usd') {
  const limit = unit === 'usd' ? 16_000n : 16_000n * 10n ** 12n;
  const store = new MemoryObjects();
  store.objects.set('resp_1', { owner: 'cus_1', provider: 'p1' });
  const stage = await CallStage.open(books(), {
    budgets: [{ unit, limit }],
    deployments: [{ bounds: BOUNDS }],
    owned: new OwnedObjects({
      store,
      limits: proxyLimits,
      onError: (error) => expect.fail(String(error)),
    }),
  });
  const client = stage.call(body);
  await vi.advanceTimersByTimeAsync(50);
  const [post] = stage.posts;
  if (post === undefined) return { status: client.refusal.status, stage };
  const { held } = stage.held();
  const usage = { prompt_tokens, completion_tokens: 5 };
  post.answer.onHeaders(200, { 'content-type': 'application/json' });
  post.answer.onData(Buffer.from(JSON.stringify({ id: 'a', usage })));
  post.answer.onEnd();
  await vi.advanceTimersByTimeAsync(50);
  const [event] = stage.events();
  const [settled] = stage.settled as [string, string | null, { amount: bigint }[]][];
  return {
    stage,
    held,
    spent: stage.held().spent,
    event: [event?.status, event?.cost, event?.usage_source, event?.error_type],
    overruns: settled?.[2].map(({ amount }) => amount),
  };
}

describe('I3: what the request does not bound', () => {
  it('is held at the operator’s bound', async () => {
    const body = picture('https://x/y.png');
    const call = await callOf(body, 100);
    expect([call.held, call.spent]).toEqual([BigInt(inputOf(body) + 300 + 10), 105n]);
  });

  // litellm#32865: 633,912 tokens were reserved for a picture of a thousand.
  it('is held without the bytes of the picture itself', async () => {
    const url = `data:image/png;base64,${'A'.repeat(12_000)}`;
    const body = picture(url);
    const { held } = await callOf(body, 100);
    expect(held).toBe(BigInt(inputOf(body) - url.length + 300 + 10));
  });

  it('is an overrun where the provider bills more, counted at once', async () => {
    const body = picture('https://x/y.png');
    const { held = 0n, spent, overruns } = await callOf(body, 9_000);
    expect([spent, overruns]).toEqual([9_005n, [9_005n - held]]);
  });

  it('is held of a stored conversation', async () => {
    const body = chat({ previous_response_id: 'resp_1' });
    expect((await callOf(body, 5_000)).held).toBe(BigInt(inputOf(body) + 5_000 + 10));
  });

  it('is refused where the operator gives no bound for it', async () => {
    const content = [{ type: 'input_audio', input_audio: { data: 'AAAA', format: 'wav' } }];
    const { status, stage } = await callOf(chat({ messages: [{ role: 'user', content }] }), 1);
    expect([status, stage.refused]).toEqual([400, ['unbounded_request']]);
  });
});

describe('a call that may search', () => {
  const body = chat({ web_search_options: {} });
  const held = BigInt(inputOf(body) + 200 + 10) + 1_400n;

  // BlockRunAI/blockrun-mcp#54: a flat fee of each call was in no reserve.
  it('I3: holds the fees of its searches and what they add to its input', async () => {
    expect((await callOf(body, 100)).held).toBe(held);
  });

  it('I8: has no known cost, since no answer states a fee; its budget is charged the hold', async () => {
    const { event, spent } = await callOf(body, 100);
    expect([event, spent]).toEqual([['ok', null, 'provider', 'fee_unstated'], held]);
  });

  it('is charged what is stated of it by a budget of tokens', async () => {
    const { spent } = await callOf(body, 100, 'tokens');
    expect(spent).toBe(105n * 10n ** 12n);
  });
});
