/** What Anthropic's usage objects say, and what is made of those that nobody understands (I8). */
import { describe, expect, it } from 'vitest';
import { AnthropicUsage } from './anthropic-usage.ts';

function reading(...usages: unknown[]): AnthropicUsage {
  const usage = new AnthropicUsage();
  for (const one of usages) usage.read(one);
  return usage;
}

/** input, cache read, write, write for an hour, output, searches; or why nobody knows. */
function told(usage: AnthropicUsage): readonly number[] | string | null {
  const q = usage.quantities;
  if (q === null) return usage.doubt;
  const written = [q.cacheWriteTokens, q.cacheWrite1hTokens];
  return [q.inputTokens, q.cacheReadTokens, ...written, q.outputTokens, q.searches];
}

const START = {
  ...{ input_tokens: 27, cache_creation_input_tokens: 100, cache_read_input_tokens: 300 },
  cache_creation: { ephemeral_5m_input_tokens: 100, ephemeral_1h_input_tokens: 0 },
  ...{ output_tokens: 1, service_tier: 'standard', inference_geo: 'not_available' },
};

describe('running totals', () => {
  // envoyproxy/ai-gateway#2236, tensorzero/tensorzero#5481: those of the end were added to those of the start.
  it('of a start and two deltas are the largest of each count, and no sum', () => {
    const again = { input_tokens: 27, cache_creation_input_tokens: 100, output_tokens: 23 };
    expect(told(reading(START, again, { ...again, output_tokens: 47 }))).toEqual([
      ...[27, 300, 100, 0, 47, 0],
    ]);
  });

  // caidaoli/ccLoad#133, envoyproxy/ai-gateway#2290
  it.each([
    [
      'only at the end',
      [
        { input_tokens: 0, output_tokens: 0 },
        { ...START, output_tokens: 5 },
      ],
    ],
    [
      'with zeros behind the end',
      [
        { ...START, output_tokens: 5 },
        { ...START, input_tokens: 0, cache_read_input_tokens: 0, output_tokens: 0 },
      ],
    ],
    [
      'with nulls behind the end',
      [
        { ...START, output_tokens: 5 },
        { input_tokens: null, output_tokens: null },
      ],
    ],
    ['with nothing behind the end', [{ ...START, output_tokens: 5 }, {}, null, 'none']],
  ])('%s are not lost', (_, usages) => {
    expect(told(reading(...usages))).toEqual([27, 300, 100, 0, 5, 0]);
  });

  it('are not known where one of them is missing', () => {
    expect(told(reading({ input_tokens: 4 }))).toBe('usage_incomplete');
    expect(told(reading({ output_tokens: 4 }))).toBe('usage_incomplete');
    expect([told(reading({})), reading({}).said]).toEqual([null, false]);
  });
});

describe('writes to a cache', () => {
  // earendil-works/pi#5738, BerriAI/litellm#31282: writes for an hour at the wrong rate, or at two.
  it('are apart by how long they live, each once', () => {
    const usage = {
      ...{ input_tokens: 10, cache_creation_input_tokens: 1_000_000, output_tokens: 2 },
      cache_creation: { ephemeral_5m_input_tokens: 600_000, ephemeral_1h_input_tokens: 400_000 },
    };
    expect(told(reading(usage))).toEqual([10, 0, 600_000, 400_000, 2, 0]);
  });

  it('that are not told apart are of five minutes, unless an hour was asked for', () => {
    const usage = { input_tokens: 10, cache_creation_input_tokens: 70, output_tokens: 2 };
    expect(told(reading(usage))).toEqual([10, 0, 70, 0, 2, 0]);
    const asked = new AnthropicUsage(true);
    asked.read(usage);
    expect(told(asked)).toBe('usage_incomplete');
  });

  it('whose parts are not their sum are not known', () => {
    const cache_creation = { ephemeral_5m_input_tokens: 1, ephemeral_1h_input_tokens: 2 };
    const usage = { input_tokens: 1, output_tokens: 1, cache_creation };
    expect(told(reading({ ...usage, cache_creation_input_tokens: 4 }))).toBe('usage_contradictory');
    expect(told(reading(usage))).toEqual([1, 0, 1, 2, 1, 0]);
  });
});

describe('several runs of the model', () => {
  const runs = [
    { type: 'compaction', input_tokens: 60_000, output_tokens: 1_200 },
    { type: 'message', input_tokens: 900, output_tokens: 320 },
  ];

  // maximhq/bifrost#6501, JeffOtano/roni#198: the counts at the top are those of the last run.
  it('of one model are added up', () => {
    const usage = { input_tokens: 900, output_tokens: 320, iterations: runs };
    expect(told(reading({ input_tokens: 900, output_tokens: 1 }, usage, usage))).toEqual([
      ...[60_900, 0, 0, 0, 1_520, 0],
    ]);
  });

  // BerriAI/litellm#39294: each run has the price of its own model.
  it('of another model are not known, nor those of a kind that nobody knows', () => {
    for (const more of [{ type: 'message', model: 'm' }, { type: 'dream' }]) {
      const run = { ...more, input_tokens: 1, output_tokens: 1 };
      const usage = { input_tokens: 1, output_tokens: 1, iterations: [...runs, run] };
      expect(told(reading(usage))).toBe('usage_unread.iterations');
    }
  });

  it('that have less than what is next to them are not known', () => {
    const usage = { input_tokens: 90_000, output_tokens: 1, iterations: runs };
    expect(told(reading(usage))).toBe('usage_contradictory');
  });
});

describe('what is billed apart', () => {
  // AnswerDotAI/fastllm#103
  it('has searches in it, and fetches, which cost nothing', () => {
    const server_tool_use = { web_search_requests: 2, web_fetch_requests: 1 };
    expect(told(reading({ ...START, server_tool_use }))).toEqual([27, 300, 100, 0, 1, 2]);
  });

  it.each([
    [
      'code that was run',
      { server_tool_use: { code_execution_requests: 1 } },
      'code_execution_requests',
    ],
    ['a place that costs more', { inference_geo: 'us' }, 'inference_geo'],
    ['a speed that costs more', { speed: 'fast' }, 'speed'],
    ['a count that nobody knows', { dream_tokens: 7 }, 'dream_tokens'],
    ['a part that nobody knows', { dreams: { deep: { tokens: 7 } } }, 'dreams'],
  ])('is not known of %s', (_, more, name) => {
    expect(told(reading({ ...START, ...more }))).toBe(`usage_unread.${name}`);
  });

  it('is known where what nobody knows is nothing', () => {
    const more = { dream_tokens: 0, note: 'x', server_tool_use: { code_execution_requests: 0 } };
    expect(told(reading({ ...START, ...more }))).toEqual([27, 300, 100, 0, 1, 0]);
  });

  it.each([-1, 1.5, '7', Number.NaN])('is not known where a count is %j', (input_tokens) => {
    expect(told(reading({ ...START, input_tokens }))).toBe('usage_invalid');
  });

  it('has its tier of service by name', () => {
    expect(reading({ ...START, service_tier: 'priority' }).serviceTier).toBe('priority');
  });

  it.each([
    ['has a tier that is no text', 'service_tier', { service_tier: { toString: null } }],
    ['has a count by a name that every object has', 'toString', { toString: 5 }],
    ['has writes by such a name', 'constructor', { cache_creation: { constructor: 3 } }],
  ])('%s', (_, name, more) => {
    expect(told(reading({ ...START, ...more }))).toBe(`usage_unread.${name}`);
  });
});
