/** What answers of the Responses API come to, whole and in a stream, and what of them leaves when. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../../../limits.ts';
import type { Answer } from '../../dialect.ts';
import { responses } from './responses-request.ts';

const usage = {
  ...{ input_tokens: 1200, input_tokens_details: { cached_tokens: 1000 } },
  ...{ output_tokens: 1024, output_tokens_details: { reasoning_tokens: 980 } },
  total_tokens: 2224,
};
const response = (fields: object = {}) => ({
  ...{ id: 'resp_1', object: 'response', model: 'm-2026', status: 'completed' },
  ...{ output: [], usage, ...fields },
});
const message = {
  type: 'message',
  role: 'assistant',
  content: [{ type: 'output_text', text: 'a' }],
};

const event = (type: string, fields: object = {}) =>
  `event: ${type}\ndata: ${JSON.stringify({ type, ...fields })}\n\n`;
const created = event('response.created', {
  response: response({ status: 'in_progress', usage: null }),
});
const delta = event('response.output_text.delta', { delta: 'a' });
const ended = (type: string, fields: object = {}) =>
  event(`response.${type}`, { response: response({ status: type, ...fields }) });

function open(type: string): Answer {
  const read = responses.read({ body: Buffer.from('{"model":"m","input":"hi"}') }, 9);
  if (!read.ok) throw new Error(read.refusal.code);
  return responses.open(read.facts).answer({ 'content-type': type }, proxyLimits);
}

function answerOf(type: string, text: string): Answer {
  const answer = open(type);
  answer.push(Buffer.from(text));
  return answer;
}
const whole = (fields: object) => answerOf('application/json', JSON.stringify(fields));
const stream = (...events: string[]) => answerOf('text/event-stream', events.join(''));

/** Input, cached, output, reasoning, searches; what is said of it; how it ended. */
function told(answer: Answer) {
  const used = answer.quantities();
  const { inputTokens, cacheReadTokens, outputTokens, reasoningTokens, searches } = used ?? {};
  return {
    used:
      used === null
        ? null
        : [inputTokens, cacheReadTokens, outputTokens, reasoningTokens, searches],
    ...{ isFinal: answer.isUsageFinal(), fault: answer.fault(), unpricedBy: answer.unpricedBy?.() },
  };
}
const STATED = { used: [200, 1000, 44, 980, 0], isFinal: true, fault: null, unpricedBy: null };

describe('I8: what an answer of the Responses API used', () => {
  // envoyproxy/ai-gateway#2184, litellm#34351: only `response.completed` was read.
  it.each([
    ['whole', () => whole(response()), STATED],
    [
      'whole, of a response that a limit cut',
      () => whole(response({ status: 'incomplete' })),
      STATED,
    ],
    [
      'whole, of one that failed',
      () => whole(response({ status: 'failed' })),
      { ...STATED, fault: 'error' },
    ],
    ['completed', () => stream(created, delta, ended('completed')), STATED],
    ['that is incomplete', () => stream(created, delta, ended('incomplete')), STATED],
    ['failed', () => stream(created, ended('failed')), { ...STATED, fault: 'error' }],
    [
      'failed, and says nothing of usage',
      () => stream(created, ended('failed', { usage: null })),
      { used: null, isFinal: true, fault: 'error', unpricedBy: null },
    ],
    [
      'broken off before its end',
      () => stream(created, delta),
      { used: null, isFinal: false, fault: 'error', unpricedBy: null },
    ],
    [
      'an error in its place',
      () => stream(created, event('error', { code: 'server_error', message: 'x' })),
      { used: null, isFinal: false, fault: 'error', unpricedBy: null },
    ],
    [
      'without an empty line at its end',
      () => stream(created, ended('completed').trimEnd()),
      STATED,
    ],
    [
      'with a usage on the way, which is no total',
      () =>
        stream(
          event('response.in_progress', {
            response: response({ usage: { ...usage, output_tokens: 1 } }),
          }),
          ended('completed'),
        ),
      STATED,
    ],
  ] as [string, () => Answer, object][])('%s', (_, answer, expected) => {
    expect(told(answer())).toEqual(expected);
  });

  it('Σ buckets = the provider’s total, whatever is in it', () => {
    const count = fc.integer({ min: 0, max: 1_000_000 });
    fc.assert(
      fc.property(count, count, count, count, (fresh, cached, text, thoughts) => {
        fc.pre(fresh + cached > 0 && text + thoughts > 0);
        const stated = {
          ...{ input_tokens: fresh + cached, input_tokens_details: { cached_tokens: cached } },
          ...{ output_tokens: text + thoughts },
          output_tokens_details: { reasoning_tokens: thoughts },
          total_tokens: fresh + cached + text + thoughts,
        };
        const used = stream(ended('completed', { usage: stated })).quantities();
        const { inputTokens, cacheReadTokens, outputTokens, reasoningTokens } = used ?? {};
        expect([inputTokens, cacheReadTokens, outputTokens, reasoningTokens]).toEqual([
          ...[fresh, cached, text, thoughts],
        ]);
      }),
    );
  });

  it('is of the tier that served it, which may be another than was asked for', () => {
    const asked = event('response.created', { response: { service_tier: 'auto' } });
    expect(stream(asked, ended('completed', { service_tier: 'flex' })).serviceTier?.()).toBe(
      'flex',
    );
    expect(whole(response({ service_tier: 'priority' })).serviceTier?.()).toBe('priority');
  });

  it('is found in an answer that is too large to be parsed; searches then are those that are stated', () => {
    const text = 'x'.repeat(proxyLimits.parsedAnswerBytesMax);
    const large = { output: [{ ...message, content: [{ type: 'output_text', text }] }] };
    const searched = { tool_usage: { web_search: { num_requests: 2 } } };
    expect(told(whole(response({ ...large, ...searched })))).toMatchObject({
      ...{ used: [200, 1000, 44, 980, 2], unpricedBy: null },
    });
    expect(told(whole(response(large)))).toMatchObject({ unpricedBy: 'fee_unstated' });
  });
});

describe('I8: what tools of the provider’s used', () => {
  const call = (type: string) => ({ type, id: 'x', status: 'completed' });
  const searched = (num: number) => ({ tool_usage: { web_search: { num_requests: num } } });
  const items = [call('web_search_call'), call('web_search_call'), call('web_search_call')];

  // bifrost#7306: three items were billed, and two of them were reads of pages.
  it.each([
    [
      'searches as they are billed, not as they are shown',
      { output: items, ...searched(1) },
      { used: [200, 1000, 44, 980, 1] },
    ],
    ['searches that nobody states', { output: items }, { unpricedBy: 'fee_unstated' }],
    ['no searches', { output: [message], ...searched(0) }, { used: [200, 1000, 44, 980, 0] }],
    ['a run of code', { output: [call('code_interpreter_call')] }, { unpricedBy: 'fee_unstated' }],
    ['a search of files', { output: [call('file_search_call')] }, { unpricedBy: 'fee_unstated' }],
    [
      'a tool that nobody here knows',
      { tool_usage: { image_gen: { output_tokens: 9 } } },
      { unpricedBy: 'fee_unstated' },
    ],
    ['a tool that did nothing', { tool_usage: { image_gen: { output_tokens: 0 } } }, {}],
  ] as [string, object, object][])('%s', (_, fields, expected) => {
    const answers = [
      whole(response(fields)),
      stream(created, event('response.completed', { response: response(fields) })),
    ];
    for (const answer of answers) expect(told(answer)).toEqual({ ...STATED, ...expected });
  });
});

describe('I8: an estimate counts what was generated, or there is none', () => {
  const item = (fields: object) => event('response.output_item.added', { item: fields });
  it.each<[string, string[], string | null]>([
    ['text', [item(message), delta, delta], 'aa'],
    [
      'a call of a tool',
      [
        item({ type: 'function_call' }),
        event('response.function_call_arguments.delta', { delta: '{}' }),
      ],
      '{}',
    ],
    ['thoughts that nobody sees', [item({ type: 'reasoning' }), delta], null],
    [
      'a summary of thoughts',
      [event('response.reasoning_summary_text.delta', { delta: 'x' }), delta],
      null,
    ],
    ['what nobody could read', [`data: {"type":"response.output_text.delta",\n\n`, delta], null],
  ])('%s', (_, events, text) => {
    expect(stream(created, ...events).outputText()).toBe(text);
  });
});

const FIXTURES: Record<string, string> = {
  completed: created + delta + ended('completed'),
  incomplete: created + delta + ended('incomplete'),
  failed: created + ended('failed'),
  'an error': created + delta + event('error', { message: 'x' }),
  CRLF: (created + delta + ended('completed')).replaceAll('\n', '\r\n'),
  'multi-byte text':
    created + event('response.output_text.delta', { delta: 'hé✓🎉' }) + ended('completed'),
  '[DONE] all the same': `${created}${delta}${ended('completed')}data: [DONE]\n\n`,
  'broken off': created + delta,
  'an event that is no JSON': `${created}data: {"a"\n\n${ended('completed')}`,
  empty: '',
};

describe('a stream of the Responses API', () => {
  it.each(Object.keys(FIXTURES))(
    'I11: %s: leaves byte for byte, in any chunks, and is read the same',
    (name) => {
      const bytes = Buffer.from(FIXTURES[name] as string);
      const expected = told(answerOf('text/event-stream', bytes.toString()));
      fc.assert(
        fc.property(fc.array(fc.nat(bytes.length), { maxLength: 12 }), (cuts) => {
          const answer = open('text/event-stream');
          const edges = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
          const sent = edges.flatMap((at, index) =>
            answer.push(bytes.subarray(at, edges[index + 1] ?? at)),
          );
          const seen = told(answer);
          expect(Buffer.concat([...sent, ...answer.end()]).equals(bytes)).toBe(true);
          expect(seen).toEqual(expected);
        }),
        { numRuns: 60 },
      );
    },
  );
});

describe('I9: the event that ends a response waits by its type', () => {
  it.each(['response.completed', 'response.incomplete', 'response.failed'])('%s', (type) => {
    const answer = open('text/event-stream');
    const last = ended(type.replace('response.', ''));
    const sent = [created, delta, last].map((text) =>
      Buffer.concat(answer.push(Buffer.from(text))).toString(),
    );
    // The line with its name says nothing yet; what it says is in its data.
    expect(sent.join('')).not.toContain('"usage":{');
    expect(answer.progress).toBe('done');
    expect(sent.join('') + Buffer.concat(answer.end()).toString()).toBe(created + delta + last);
  });
});
