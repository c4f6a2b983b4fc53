import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GeminiAsked, GeminiUsage } from './gemini-usage.ts';

const plain: GeminiAsked = { generates: true, sendsAudio: false, wantsAudio: false };

function reading(usages: readonly unknown[], asked: Partial<GeminiAsked> = {}): GeminiUsage {
  const usage = new GeminiUsage({ ...plain, ...asked });
  for (const each of usages) usage.read(each);
  return usage;
}

/** Input, of pictures, of audio, cache read; output, reasoning, of audio, of pictures; or why there are none. */
function told(
  usages: unknown,
  asked: Partial<GeminiAsked> = {},
): readonly number[] | string | null {
  const usage = reading(Array.isArray(usages) ? usages : [usages], asked);
  const q = usage.quantities;
  if (q === null) return usage.doubt;
  return [
    ...[q.inputTokens, q.imageInputTokens, q.audioInputTokens, q.cacheReadTokens],
    ...[q.outputTokens, q.reasoningTokens, q.audioOutputTokens, q.imageOutputTokens],
  ];
}
const kinds = (counts: Record<string, number>) =>
  Object.entries(counts).map(([modality, tokenCount]) => ({ modality, tokenCount }));

describe('usage of Gemini becomes disjoint buckets', () => {
  // Wei-Shaw/sub2api#554, NousResearch/hermes-agent#103205, meistrari/aicost#10
  it.each([
    [
      'thoughts next to the candidates',
      {
        ...{ promptTokenCount: 5, candidatesTokenCount: 44, thoughtsTokenCount: 186 },
        totalTokenCount: 235,
      },
      [5, 0, 0, 0, 44, 186, 0, 0],
    ],
    [
      'thoughts within them, by the total',
      {
        ...{ promptTokenCount: 5, candidatesTokenCount: 230, thoughtsTokenCount: 186 },
        totalTokenCount: 235,
      },
      [5, 0, 0, 0, 44, 186, 0, 0],
    ],
    [
      'a cache within the prompt, and what tools added next to it',
      {
        ...{
          promptTokenCount: 22729,
          cachedContentTokenCount: 17323,
          toolUsePromptTokenCount: 240,
        },
        ...{ candidatesTokenCount: 366, thoughtsTokenCount: 91, totalTokenCount: 23426 },
      },
      [22729 - 17323 + 240, 0, 0, 17323, 366, 91, 0, 0],
    ],
    [
      'a prompt that was blocked',
      { promptTokenCount: 31, totalTokenCount: 31 },
      [31, 0, 0, 0, 0, 0, 0, 0],
    ],
    [
      'thoughts alone',
      { promptTokenCount: 9, thoughtsTokenCount: 20, totalTokenCount: 29 },
      [9, 0, 0, 0, 0, 20, 0, 0],
    ],
    [
      'pictures and sounds, read and made',
      {
        ...{ promptTokenCount: 600, candidatesTokenCount: 1310, totalTokenCount: 1910 },
        promptTokensDetails: kinds({ TEXT: 42, IMAGE: 258, AUDIO: 300 }),
        candidatesTokensDetails: kinds({ IMAGE: 1290, TEXT: 20 }),
      },
      [42, 258, 300, 0, 20, 0, 0, 1290],
    ],
    [
      'a picture that was in the cache in part',
      {
        ...{ promptTokenCount: 600, cachedContentTokenCount: 400, totalTokenCount: 600 },
        promptTokensDetails: kinds({ TEXT: 342, IMAGE: 258 }),
        cacheTokensDetails: kinds({ TEXT: 300, IMAGE: 100 }),
      },
      [42, 158, 0, 400, 0, 0, 0, 0],
    ],
    [
      'a video, which costs the same as text',
      {
        ...{ promptTokenCount: 500, candidatesTokenCount: 1, totalTokenCount: 501 },
        promptTokensDetails: kinds({ TEXT: 10, VIDEO: 490 }),
      },
      [500, 0, 0, 0, 1, 0, 0, 0],
    ],
  ])('%s', (_, usage, expected) => {
    expect(told(usage)).toEqual(expected);
  });

  it('of what has no output, the prompt is all', () => {
    expect(told({ promptTokenCount: 8 }, { generates: false })).toEqual([8, 0, 0, 0, 0, 0, 0, 0]);
    expect(told({ promptTokenCount: 8, totalTokenCount: 9 }, { generates: false })).toBe(
      'usage_contradictory',
    );
  });

  // ding113/claude-code-hub#691, sierra-research/tau2-bench#454
  it('running totals are not added up, and zeros or less behind them replace nothing', () => {
    const first = { promptTokenCount: 5, totalTokenCount: 5 };
    const last = { promptTokenCount: 5, candidatesTokenCount: 44, totalTokenCount: 49 };
    const empty = { promptTokenCount: 0, candidatesTokenCount: 0, totalTokenCount: 0 };
    for (const usages of [
      [first, last],
      [last, last],
      [last, empty],
      [last, first, {}],
    ]) {
      expect(told(usages)).toEqual([5, 0, 0, 0, 44, 0, 0, 0]);
    }
  });

  it('I8: Σ buckets = the provider’s total', () => {
    const count = fc.nat(5_000);
    const usages = fc.record({
      ...{ text: count, image: count, audio: count, cachedText: count, toolUse: count },
      ...{ out: count, thoughts: count, drawn: count, spoken: count, within: fc.boolean() },
    });
    fc.assert(
      fc.property(usages, ({ within, ...of }) => {
        const prompt = of.text + of.cachedText + of.image + of.audio;
        const shown = of.out + of.drawn + of.spoken;
        const total = prompt + of.toolUse + shown + of.thoughts;
        const known = reading([
          {
            promptTokenCount: prompt,
            cachedContentTokenCount: of.cachedText,
            toolUsePromptTokenCount: of.toolUse,
            candidatesTokenCount: within ? shown + of.thoughts : shown,
            thoughtsTokenCount: of.thoughts,
            totalTokenCount: total,
            promptTokensDetails: kinds({
              ...{ TEXT: of.text + of.cachedText, IMAGE: of.image, AUDIO: of.audio },
            }),
            cacheTokensDetails: kinds({ TEXT: of.cachedText }),
            candidatesTokensDetails: kinds({ TEXT: of.out, IMAGE: of.drawn, AUDIO: of.spoken }),
          },
        ]).quantities;
        const { requests: _, ...tokens } = known ?? { requests: 0 };
        expect(Object.values(tokens).reduce((sum, each) => sum + each, 0)).toBe(total);
        expect(known).toMatchObject({
          reasoningTokens: of.thoughts,
          cacheReadTokens: of.cachedText,
        });
      }),
      { numRuns: 200 },
    );
  });
});

const stated = { promptTokenCount: 10, candidatesTokenCount: 5, totalTokenCount: 15 };

describe('I8: what is not understood is unknown', () => {
  it.each([
    ['nothing', {}, null],
    ['no usage', undefined, null],
    ['no prompt', { candidatesTokenCount: 5 }, 'usage_incomplete'],
    ['no candidates and no total', { promptTokenCount: 5 }, 'usage_incomplete'],
    ['another total', { ...stated, totalTokenCount: 99 }, 'usage_contradictory'],
    ['a total below the prompt', { ...stated, totalTokenCount: 9 }, 'usage_contradictory'],
    ['more cached than read', { ...stated, cachedContentTokenCount: 11 }, 'usage_contradictory'],
    ['a text', { ...stated, thoughtsTokenCount: '3' }, 'usage_invalid'],
    ['a fraction', { ...stated, candidatesTokenCount: 4.5 }, 'usage_invalid'],
    ['a list', [[stated]], 'usage_invalid'],
    ['a count of another name', { ...stated, mapQueryCount: 2 }, 'usage_unread.mapQueryCount'],
    [
      'a kind of another name',
      { ...stated, candidatesTokensDetails: kinds({ SMELL: 5 }) },
      'usage_unread.candidatesTokensDetails',
    ],
    [
      'sounds from a cache, which cost more than text from it',
      {
        ...{ ...stated, cachedContentTokenCount: 4 },
        ...{ promptTokensDetails: kinds({ AUDIO: 8 }), cacheTokensDetails: kinds({ AUDIO: 4 }) },
      },
      'usage_unread.cacheTokensDetails',
    ],
    [
      'sounds, and a cache of nobody knows what',
      { ...stated, cachedContentTokenCount: 4, promptTokensDetails: kinds({ AUDIO: 8 }) },
      'usage_incomplete',
    ],
    [
      'more pictures than candidates',
      { ...stated, candidatesTokensDetails: kinds({ IMAGE: 6 }) },
      'usage_contradictory',
    ],
  ])('%s', (_, usage, why) => {
    expect(told(usage)).toBe(why);
  });

  it('sounds that were sent, or asked for, and are in no details', () => {
    expect([told(stated, { sendsAudio: true }), told(stated, { wantsAudio: true })]).toEqual([
      ...['usage_incomplete', 'usage_incomplete'],
    ]);
    expect(told({ ...stated, unknown: 0, other: null, none: [] })).toHaveLength(8);
  });

  it('a tier that is not the usual one is told', () => {
    const tier = (fields: object) => reading([{ ...stated, ...fields }]).serviceTier;
    expect([
      ...[tier({}), tier({ trafficType: 'ON_DEMAND' }), tier({ serviceTier: 'STANDARD' })],
      ...[tier({ trafficType: 'ON_DEMAND_PRIORITY' }), tier({ serviceTier: 'flex' })],
      tier({ trafficType: 'PROVISIONED_THROUGHPUT' }),
    ]).toEqual([null, null, null, 'priority', 'flex', 'provisioned_throughput']);
  });
});
