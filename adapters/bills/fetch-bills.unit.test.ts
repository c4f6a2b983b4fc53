import { adminApi } from '@tollgate/simulator/exports/admin-api.ts';
import type { ChargedCall } from '@tollgate/simulator/exports/charged-call.ts';
import { expect, it } from 'vitest';
import { type FetchedFrom, type FetchOptions, fetchBills } from './fetch-bills.ts';
import { mergeBills } from './merge-bills.ts';
import { readBillText } from './read-bill.ts';

const price = { inputTokensMax: 1e9, inputUsd: '2', cachedInputUsd: '1', outputUsd: '10' };
const calls = Array.from({ length: 70 }, (_, day): ChargedCall => {
  const at = Date.parse('2026-09-01T12:00:00Z') + day * 86_400_000;
  return {
    ...{ id: `call-${day}`, startedAtMs: at, endedAtMs: at + 1_000, apiKeyId: 'key_1' },
    ...{ projectId: 'proj_1', model: 'm', price: { ...price, reasoningUsd: '10' } },
    usage: { inputTokens: 100 + day, cacheReadTokens: 10, outputTokens: 5, reasoningTokens: 0 },
  };
});
const DAYS = { firstDay: '2026-09-01', lastDay: '2026-11-09' };

function house(refusals: number) {
  const answer = adminApi({ adminKey: 'admin', calls, refusals });
  const waits: number[] = [];
  const asked: string[] = [];
  const send: typeof fetch = async (input, init = {}) => {
    const url = new URL(String(input));
    asked.push(url.pathname);
    const { status, headers, body } = answer(url, init.headers as Record<string, string>);
    return new Response(body, { status, headers });
  };
  const options: FetchOptions = {
    ...{ adminKey: 'admin', fetch: send },
    wait: async (ms) => waits.push(ms),
  };
  return { options, waits, asked };
}

it.each<[FetchedFrom]>([['openai'], ['anthropic']])(
  '%s: all pages of usage and costs are read, each once, as long as the provider asks to wait',
  async (from) => {
    const { options, waits, asked } = house(2);
    const files = await fetchBills(from, DAYS, options);
    const { totals, firstDay, lastDay } = mergeBills(
      files.map(({ content }) => readBillText(content)),
    );
    expect([firstDay, lastDay]).toEqual([DAYS.firstDay, DAYS.lastDay]);
    const input = totals.rows.reduce((sum, row) => sum + (row.quantities.input_tokens ?? 0), 0);
    expect(input).toBe(calls.reduce((sum, { usage }) => sum + usage.inputTokens, 0));
    expect(totals.roundingAtto).not.toBeNull();
    // Each page after two refusals; the provider asks for two seconds.
    expect([asked.length, waits.length]).toEqual([3 * files.length, 2 * files.length]);
    expect(new Set(waits)).toEqual(new Set([2_000]));
  },
);

it('a key that is no admin key, a provider that is busy for too long, and a cursor that goes in circles end it', async () => {
  const wrong = house(0);
  const denied = fetchBills('openai', DAYS, { ...wrong.options, adminKey: 'sk-other' });
  await expect(denied).rejects.toThrow(/answered 401: it takes an admin key/);
  expect(wrong.asked).toHaveLength(1);
  const busy = house(99);
  await expect(fetchBills('anthropic', DAYS, busy.options)).rejects.toThrow(/answered 429/);
  expect(busy.asked).toHaveLength(6);
  const page = JSON.stringify({ object: 'page', data: [], has_more: true, next_page: 'again' });
  const circles: FetchOptions = { adminKey: 'admin', fetch: async () => new Response(page) };
  await expect(fetchBills('openai', DAYS, circles)).rejects.toThrow(/there is more, and not where/);
});
