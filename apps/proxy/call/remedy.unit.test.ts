import { describe, expect, it } from 'vitest';
import { budgetRemedy, rateRemedy } from './remedy.ts';

const RESETS = '2026-06-02T00:00:00.000Z';
const ASK = 'ask your operator to raise the limit.';

// litellm#14144: which limit it was, and what to do, could not be told apart.
describe('what can be done about a budget', () => {
  it('is an output limit that fits, if one does', () => {
    expect(budgetRemedy(120, false, RESETS)).toEqual({
      ...{ action: 'lower_output_limit', output_limit: 120, retry_at: RESETS },
      text: `Set an output limit of at most 120 tokens, or ${ASK}`,
    });
    expect(budgetRemedy(120, true, RESETS)).not.toHaveProperty('retry_at');
  });

  it('is to wait, if the next window can pay for the call', () => {
    const text = `Wait until ${RESETS}, or ${ASK}`;
    expect(budgetRemedy(null, false, RESETS)).toEqual({ action: 'wait', text, retry_at: RESETS });
  });

  it('is never to wait for what no window can pay for, or for a window that does not end', () => {
    const less = { action: 'send_less', text: `Send less, or ${ASK}` };
    expect(budgetRemedy(null, true, RESETS)).toEqual(less);
    const text = 'Ask your operator to raise the limit.';
    expect(budgetRemedy(null, false, null)).toEqual({ action: 'ask_operator', text });
  });
});

it('what can be done about a rate limit is to wait, unless no window is enough', () => {
  expect([rateRemedy(false, RESETS), rateRemedy(false, null), rateRemedy(true, RESETS)]).toEqual([
    { action: 'wait', text: `Try again at ${RESETS}.`, retry_at: RESETS },
    { action: 'wait', text: 'Try again when a call has ended.' },
    { action: 'send_less', text: `Send less, set a smaller output limit, or ${ASK}` },
  ]);
});
