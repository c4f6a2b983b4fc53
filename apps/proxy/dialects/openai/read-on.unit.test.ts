/** What is expensive about the end of an answer is done where a turn of the event loop is counted. */
import { gzipSync } from 'node:zlib';
import { afterEach, expect, it, vi } from 'vitest';
import { proxyLimits } from '../../limits.ts';
import { openAnswer } from '../shared/open-answer.ts';
import { JsonAnswer } from './json-answer.ts';
import { StreamAnswer } from './stream-answer.ts';

afterEach(() => vi.restoreAllMocks());

const asked = {
  generates: true,
  stripsUsageChunk: false,
  hasInput: () => true,
  mayRepeat: null,
  unshownTokensMax: () => null,
};
const usage = { prompt_tokens: 30, completion_tokens: 12 };
const choices = [{ text: 'Hello', finish_reason: 'stop' }];
const JSON_TEXT = JSON.stringify({ id: 'c', choices, usage });
const EVENTS = 'text/event-stream';

it.each([
  ['JSON', 'application/json', Buffer.from(JSON_TEXT), {}],
  ['a stream without an end', EVENTS, Buffer.from(`data: ${JSON_TEXT}`), {}],
  ['packed JSON', 'application/json', gzipSync(JSON_TEXT), { 'content-encoding': 'gzip' }],
  ['a packed stream', EVENTS, gzipSync(`data: ${JSON_TEXT}`), { 'content-encoding': 'gzip' }],
])('%s is parsed before it is settled', (_, type, body, more) => {
  const headers = { 'content-type': type, ...more };
  const readers = {
    stream: () => new StreamAnswer(proxyLimits, asked),
    whole: () => new JsonAnswer(proxyLimits, asked),
  };
  const answer = openAnswer(headers, proxyLimits, readers, body);
  answer.push(body);
  const parse = vi.spyOn(JSON, 'parse');
  while (answer.readOn());
  expect(parse).toHaveBeenCalledOnce();
  expect(answer.quantities()).toMatchObject({ inputTokens: 30, outputTokens: 12 });
  expect([answer.outputText(), answer.fault()]).toEqual(['Hello', null]);
  expect(parse).toHaveBeenCalledOnce();
});
