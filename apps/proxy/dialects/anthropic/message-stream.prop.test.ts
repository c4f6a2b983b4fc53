/** Streams of the Messages API, in any chunks: what leaves when, and what they state. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../../limits.ts';
import { MessageStream } from './message-stream.ts';

const event = (type: string, fields: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const start = (usage: object) =>
  event('message_start', {
    message: {
      id: 'msg_1',
      type: 'message',
      role: 'assistant',
      model: 'claude-x',
      content: [],
      usage,
    },
  });
const opened = event('content_block_start', {
  index: 0,
  content_block: { type: 'text', text: '' },
});
const text = (words: string) =>
  event('content_block_delta', { index: 0, delta: { type: 'text_delta', text: words } });
const closed = event('content_block_stop', { index: 0 });
const delta = (usage: object | undefined, stop_reason: string | null = 'end_turn') =>
  event('message_delta', { delta: { stop_reason, stop_sequence: null }, usage });
const stop = event('message_stop');

const ASKED = { input_tokens: 27, cache_read_input_tokens: 300, cache_creation_input_tokens: 100 };
const BEGUN = { ...ASKED, output_tokens: 1 };
const begun = start(BEGUN) + opened;
const whole = begun + event('ping') + text('hé✓🎉') + closed + delta({ output_tokens: 47 }) + stop;

/** In the order of the answer: input, read, written, output; else why nobody knows. */
type Told = readonly number[] | string | null;

const fixtures: Record<string, [body: string, told: Told, fault?: string | null]> = {
  'a whole message': [whole, [27, 300, 100, 47]],
  // envoyproxy/ai-gateway#2236: both deltas repeat what was read.
  'two running totals': [
    begun +
      text('a') +
      delta({ ...ASKED, output_tokens: 23 }, null) +
      delta({ ...ASKED, output_tokens: 47 }) +
      stop,
    [27, 300, 100, 47],
  ],
  // envoyproxy/ai-gateway#2290
  'usage in the delta alone': [
    start({ input_tokens: 0, output_tokens: 0 }) +
      text('a') +
      delta({ ...ASKED, output_tokens: 5 }) +
      stop,
    [27, 300, 100, 5],
  ],
  // caidaoli/ccLoad#133
  'zeros at the end': [
    begun +
      text('a') +
      delta({ output_tokens: 47 }) +
      event('message_stop', { usage: { input_tokens: 0, output_tokens: 0 } }),
    [27, 300, 100, 47],
  ],
  'broken before its totals': [begun + text('a'), 'usage_not_final'],
  'totals without a reason to end': [
    begun + text('a') + delta({ output_tokens: 9 }, null),
    'usage_not_final',
  ],
  'text behind the totals': [begun + delta({ output_tokens: 9 }) + text('more'), 'usage_not_final'],
  // NotASithLord/peerd#23, vm0-ai/vm0#25133: the prompt was billed all the same.
  'an error midway': [
    begun + text('a') + event('error', { error: { type: 'overloaded_error', message: 'x' } }),
    'usage_not_final',
    'error',
  ],
  'an error at once': [
    event('error', { error: { type: 'overloaded_error', message: 'x' } }),
    null,
    'error',
  ],
  'a total nobody understands': [
    begun + delta({ output_tokens: 4, dream_tokens: 3 }) + stop,
    'usage_unread.dream_tokens',
  ],
  'without its last line end': [whole.trimEnd(), [27, 300, 100, 47]],
  'in CRLF': [whole.replaceAll('\n', '\r\n'), [27, 300, 100, 47]],
  'nothing at all': ['', null, 'nothing'],
};

function relay(chunks: readonly Buffer[]) {
  const stream = new MessageStream(proxyLimits, false);
  const early = chunks.flatMap((bytes) => stream.push(bytes));
  const q = stream.quantities();
  const told: Told =
    q === null
      ? stream.usageNote()
      : [q.inputTokens, q.cacheReadTokens, q.cacheWriteTokens, q.outputTokens];
  const [fault, progress] = [stream.fault(), stream.progress];
  const late = stream.end();
  const bytes = (parts: readonly Buffer[]) => Buffer.concat([...parts]).toString();
  return { early: bytes(early), late: bytes(late), told, fault, progress, stream };
}

describe.each(Object.entries(fixtures))('%s', (_, [body, told, fault = null]) => {
  it('I8, I11: in any chunks, passes byte for byte and states the same', () => {
    const sent = Buffer.from(body);
    fc.assert(
      fc.property(fc.array(fc.nat(sent.length), { maxLength: 12 }), (cuts) => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), sent.length];
        const chunks = at.slice(1).map((end, index) => sent.subarray(at[index], end));
        const seen = relay(chunks);
        expect(seen.early + seen.late).toBe(body);
        expect([seen.told, seen.fault]).toEqual([told, fault]);
      }),
      { numRuns: 60 },
    );
  });
});

describe('a message that ends', () => {
  it('I9: keeps its last event back, and all that follows', () => {
    const { early, late, progress } = relay([Buffer.from(`${whole}: more\n\n`)]);
    expect([whole.slice(0, early.length), late]).toEqual([early, `${stop}: more\n\n`]);
    expect(progress).toBe('done');
  });

  it('I8: states no total if it breaks off before it has one', () => {
    const { told, stream } = relay([Buffer.from(begun + text('a'))]);
    expect([told, stream.isUsageFinal()]).toEqual(['usage_not_final', false]);
  });

  it('names its model and itself, and has tokens from its first block on', () => {
    const { stream } = relay([Buffer.from(whole)]);
    expect([stream.model(), stream.id(), stream.hasToken]).toEqual(['claude-x', 'msg_1', true]);
    expect([stream.isUsageFinal(), stream.isWhole()]).toEqual([true, true]);
    const none = relay([Buffer.from(start(BEGUN))]).stream;
    expect([none.hasToken, none.isUsageFinal(), none.isWhole()]).toEqual([false, false, false]);
  });
});
