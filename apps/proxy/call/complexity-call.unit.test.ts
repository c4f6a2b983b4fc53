/** Calls whose route chooses by how hard they are, or says what it would have chosen. */
import { describe, expect, it, vi } from 'vitest';
import { useMemoryBooks } from '../testing/book-house.ts';
import { CallStage, priced, type StageOptions } from '../testing/call-stage.ts';
import { chat, usage } from '../testing/calls.ts';

const books = useMemoryBooks(Date.UTC(2026, 5, 1, 12));
const EASY = 'What is the capital of Peru?';
const HARD = 'Prove that every finite integral domain is a field, and justify each step.';
/** The second is the cheap one. */
const costlyFirst = [{ price: priced(9) }, { price: priced(1) }];

let stage: CallStage;

async function sent(content: string, options: StageOptions): Promise<unknown[]> {
  stage = await CallStage.open(books(), { deployments: costlyFirst, ...options });
  stage.call(chat({ messages: [{ role: 'user', content }] }));
  await vi.advanceTimersByTimeAsync(0);
  stage.last().answer.onHeaders(200, { 'content-type': 'application/json' });
  stage.last().answer.onData(Buffer.from(JSON.stringify({ id: 'x', usage })));
  stage.last().answer.onEnd();
  await vi.advanceTimersByTimeAsync(0);
  return stage.settled.map((settled) => (settled as unknown[])[0]);
}

describe('by complexity', () => {
  it('an easy request goes to the cheapest candidate, a hard one to the most expensive', async () => {
    const routed = { strategy: 'complexity' } as const;
    expect([await sent(EASY, { routed }), await sent(HARD, { routed })]).toEqual([['p2'], ['p1']]);
  });

  it('the operator says from which score on a request is hard', async () => {
    const strategy = 'complexity';
    const all = { strategy, complexity: { threshold: 0 } } as const;
    const none = { strategy, complexity: { threshold: 1 } } as const;
    expect([await sent(EASY, { routed: all }), await sent(HARD, { routed: none })]).toEqual([
      ['p1'],
      ['p2'],
    ]);
  });

  it('a candidate that cannot do the job is not tried, however the request scores', async () => {
    const routed = (provider: string) => ({
      strategy: 'complexity' as const,
      candidates: ['p1', 'p2'].map((name) => ({
        ...{ model: 'm', provider: name },
        context_window: name === provider ? 20 : 1_000_000,
      })),
    });
    expect(await sent(EASY, { routed: routed('p2') })).toEqual(['p1']);
    expect(await sent(HARD, { routed: routed('p1') })).toEqual(['p2']);
  });
});

describe('in shadow mode', () => {
  it('calls go as before, and it is known where they would have gone', async () => {
    const routed = { strategy: 'fixed', complexity: { shadow: true } } as const;
    expect(await sent(EASY, { routed })).toEqual(['p1']);
    const [plan] = stage.routed;
    expect([plan?.shadow?.provider.name, plan?.complexity?.isHard]).toEqual(['p2', false]);
    expect(await sent(HARD, { routed })).toEqual(['p1']);
    expect(stage.routed[0]?.shadow?.provider.name).toBe('p1');
  });

  it('a route that does not ask reads nothing of a request for it', async () => {
    expect(await sent(HARD, { routed: { strategy: 'cheapest' } })).toEqual(['p2']);
    expect(stage.routed).toEqual([]);
  });
});
