/** Customers whose webhooks are slow, and what is left for the others; in simulated time. */
import type { Verdict, Verdicts } from '@tollgate/adapters/webhooks/verdicts.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { proxyLimits } from '../limits.ts';
import { guardrail } from '../testing/guard-house.ts';
import { Guardrails } from './guardrails.ts';

const TIMEOUT_MS = 2_000;
const SLOW = 'https://slow.example/hook';
const QUICK = 'https://quick.example/hook';

type Asked = Parameters<Verdicts['ask']>[0];

let asked: Asked[];
let answerAfterMs: (question: Asked) => number;
beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  answerAfterMs = ({ url }) => (url === SLOW ? Number.POSITIVE_INFINITY : 100);
});
afterEach(() => void vi.useRealTimers());

/** Like the real ones: an answer, or none in time. */
const verdicts: Verdicts = {
  async ask(question) {
    asked.push(question);
    const takesMs = answerAfterMs(question);
    const isLate = takesMs > question.timeoutMs;
    await new Promise((resolve) => setTimeout(resolve, isLate ? question.timeoutMs : takesMs));
    return isLate ? { kind: 'none', error: 'timeout' } : { kind: 'allow' };
  },
  close: async () => undefined,
};

function house(limits: Partial<typeof proxyLimits> = {}) {
  const opened = new Guardrails({
    guardrails: [],
    limits: { ...proxyLimits, ...limits },
    verdicts,
    onVerdict: () => undefined,
  });
  let questions = 0;
  const ask = (customerId: string, url: string): Promise<Verdict> => {
    const id = `${customerId} ${questions++}`;
    const webhook = { url, onRequest: true, timeoutMs: TIMEOUT_MS };
    const given = { guardrail: guardrail({ webhook }), stage: 'request' as const };
    return opened.ask({ ...given, id, customerId, body: () => '{}' });
  };
  const many = (count: number, customerId: string, url: string) =>
    Array.from({ length: count }, () => ask(customerId, url));
  return { opened, ask, many };
}

/** What was said of these questions so far. */
async function said(questions: readonly Promise<Verdict>[]): Promise<Record<string, number>> {
  const counts: Record<string, number> = {};
  const waits = Promise.resolve({ kind: 'none' as const, error: 'waiting' });
  for (const question of questions) {
    const verdict = await Promise.race([question, waits]);
    const word = verdict.kind === 'none' ? verdict.error : verdict.kind;
    counts[word] = (counts[word] ?? 0) + 1;
  }
  return counts;
}

describe('a customer whose webhook is slow', () => {
  it('leaves questions for others, however many it asks', async () => {
    const { many } = house();
    const slow = many(5_000, 'slow', SLOW);
    await vi.advanceTimersByTimeAsync(500);
    const others = Array.from({ length: 60 }, (_, i) => many(1, `other ${i}`, QUICK)).flat();
    await vi.advanceTimersByTimeAsync(100);
    expect(await said(others)).toEqual({ allow: 60 });
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(await said(slow)).toEqual({
      timeout: proxyLimits.guardrailConnectionsMax - 21,
      busy: 5_000 - (proxyLimits.guardrailConnectionsMax - 21),
    });
  });

  it('has all of its own when they were answered', async () => {
    const { many } = house({ guardrailQuestionsMax: 4 });
    for (let round = 0; round < 3; round++) {
      const questions = many(5, 'a', QUICK);
      await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
      expect(await said(questions)).toEqual({ allow: 3, busy: 2 });
    }
  });
});

describe('a webhook that many customers share', () => {
  it('answers the others at once while one asks more than it has sockets for', async () => {
    const { many } = house();
    const greedy = many(1_000, 'greedy', QUICK);
    const others = Array.from({ length: 20 }, (_, i) => many(1, `other ${i}`, QUICK)).flat();
    await vi.advanceTimersByTimeAsync(100);
    expect(await said(others)).toEqual({ allow: 20 });
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS);
    expect(await said(greedy)).toEqual({ allow: 1_000 });
  });

  it('is never asked more than it has sockets for, and who waited has so much less time', async () => {
    answerAfterMs = () => 1_500;
    const { many } = house({ guardrailConnectionsMax: 2 });
    const questions = many(3, 'a', QUICK);
    await vi.advanceTimersByTimeAsync(1_499);
    expect(asked.map(({ timeoutMs }) => timeoutMs)).toEqual([TIMEOUT_MS, TIMEOUT_MS]);
    await vi.advanceTimersByTimeAsync(1);
    expect(asked.map(({ timeoutMs }) => timeoutMs)).toEqual([TIMEOUT_MS, TIMEOUT_MS, 500]);
    await vi.advanceTimersByTimeAsync(500);
    expect(await said(questions)).toEqual({ allow: 2, timeout: 1 });
  });
});

describe('answers that wait for a verdict', () => {
  it('of one customer leave room for those of others, and all keep to the bound', () => {
    const { opened } = house({ judgedBytesMax: 1_000 });
    const takeAll = (customer: string) => {
      let bytes = 0;
      while (opened.takeRoom(customer, 10)) bytes += 10;
      return bytes;
    };
    expect(takeAll('slow')).toBe(750);
    expect(takeAll('other')).toBe(180);
    expect(opened.takeRoom('newcomer', 30)).toBe(true);
    expect(opened.takeRoom('slow', 10)).toBe(false);
    opened.giveRoomBack('slow', 750);
    expect(takeAll('newcomer')).toBe(580);
    for (const [customer, bytes] of [
      ['other', 180],
      ['newcomer', 610],
    ] as const) {
      opened.giveRoomBack(customer, bytes);
    }
    expect(takeAll('slow')).toBe(750);
  });
});
