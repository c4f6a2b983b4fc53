import { describe, expect, it } from 'vitest';
import {
  type MediaUsage,
  readImageUsage,
  readSpeechUsage,
  readTranscriptUsage,
} from './media-usage.ts';
import { noQuantities } from './quantities.ts';

/** What is not zero of it, or why nothing is known. */
function said(read: MediaUsage): object | string {
  if (read.kind !== 'stated') return read.kind === 'unclear' ? read.doubt : read.kind;
  const nothing = noQuantities();
  const some = Object.entries(read.quantities).filter(
    ([name, value]) => value !== nothing[name as keyof typeof nothing],
  );
  return Object.fromEntries(some);
}

const total = { input_tokens: 50, output_tokens: 4_160, total_tokens: 4_210 };
const read = { inputTokens: 10, imageInputTokens: 40 };
const details = { text_tokens: 10, image_tokens: 40 };

describe('the usage of pictures', () => {
  // litellm#31142: tokens of the picture were billed as text, because nothing says that they are none.
  // litellm#21902: tokens of text that is stated next to them were billed as the picture's.
  it.each([
    ['all output is the picture’s', {}, { imageOutputTokens: 4_160 }],
    [
      'but for text that is told apart',
      { output_tokens_details: { text_tokens: 335, image_tokens: 3_825 } },
      { outputTokens: 335, imageOutputTokens: 3_825 },
    ],
  ] as [string, object, object][])('%s', (_, more, written) => {
    const usage = { ...total, input_tokens_details: details, ...more };
    expect(said(readImageUsage(usage))).toEqual({ ...read, ...written, requests: 1 });
  });

  it.each<[string, unknown, string]>([
    ['is not there', undefined, 'nothing'],
    ['is zeros', { input_tokens: 0, output_tokens: 0, total_tokens: 0 }, 'nothing'],
    ['does not tell its input apart', total, 'usage_contradictory'],
    [
      'has parts that are not all of it',
      { ...total, input_tokens_details: { text_tokens: 10 } },
      'usage_contradictory',
    ],
    ['has a total that is another', { ...total, total_tokens: 50 }, 'usage_contradictory'],
    ['has a count that nobody knows', { ...total, video_tokens: 3 }, 'usage_unread.video_tokens'],
    ['lacks a count', { input_tokens: 50 }, 'usage_incomplete'],
    ['has a count that is none', { ...total, output_tokens: -1 }, 'usage_invalid'],
    ['is no object', [1], 'usage_invalid'],
  ])('I8: that %s is no statement', (_, usage, why) => {
    expect(said(readImageUsage(usage))).toBe(why);
  });
});

describe('the usage of a transcript', () => {
  const tokens = { type: 'tokens', input_tokens: 34, output_tokens: 12, total_tokens: 46 };

  it.each<[string, object, object | string]>([
    [
      'tokens',
      { ...tokens, input_token_details: { text_tokens: 4, audio_tokens: 30 } },
      { inputTokens: 4, audioInputTokens: 30, outputTokens: 12, requests: 1 },
    ],
    ['seconds', { type: 'duration', seconds: 9 }, { audioSeconds: 9, requests: 1 }],
    ['I8: seconds that nobody bills', { type: 'duration', seconds: 8.47 }, 'usage_invalid'],
    ['I8: seconds and more', { type: 'duration', seconds: 8, calls: 3 }, 'usage_unread.calls'],
    ['I8: tokens of nobody knows what', tokens, 'usage_contradictory'],
  ])('%s', (_, usage, expected) => {
    expect(said(readTranscriptUsage(usage))).toEqual(expected);
  });
});

it('what speech is made of is text, and what is said is audio', () => {
  const usage = { input_tokens: 14, output_tokens: 101, total_tokens: 115 };
  expect(said(readSpeechUsage(usage))).toEqual({
    ...{ inputTokens: 14, audioOutputTokens: 101, requests: 1 },
  });
});
