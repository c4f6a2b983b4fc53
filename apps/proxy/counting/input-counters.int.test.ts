/** The thread that counts: real bodies, real vocabularies. */
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import { chatCompletions } from '../dialects/openai/chat-request.ts';
import { embeddings } from '../dialects/openai/embeddings-request.ts';
import { proxyLimits } from '../limits.ts';
import { InputCounters } from './input-counters.ts';

const { countTokens } = createRequire(import.meta.url)('gpt-tokenizer/cjs/encoding/o200k_base') as {
  countTokens: (text: string) => number;
};
let counters: InputCounters;
afterEach(() => counters.close());

function open(limits: Partial<typeof proxyLimits> = {}): InputCounters {
  counters = new InputCounters({ ...proxyLimits, ...limits });
  return counters;
}

function requestOf(endpoint: typeof embeddings, fields: object) {
  const body = Buffer.from(JSON.stringify({ model: 'm', ...fields }));
  const read = endpoint.read({ body }, 64);
  if (!read.ok) throw new Error(read.refusal.code);
  return endpoint.open(read.facts);
}

const WORDS = 'The quick brown fox does not jump. '.repeat(200);
const bytesOf = (text: string) => Buffer.byteLength(text);

describe('an input', () => {
  it('I3: counts its words as tokens, and all else that is sent at its bytes', async () => {
    const messages = [
      { role: 'system', content: WORDS },
      { role: 'user', content: [{ type: 'text', text: WORDS }] },
    ];
    const request = requestOf(chatCompletions, { messages });
    const saved = 2 * (bytesOf(WORDS) - countTokens(WORDS));
    expect(await open().count(request, 'o200k_base', 'c')).toBe(request.inputTokensMax - saved);
  });

  it('counts nothing of what a provider may join or write otherwise', async () => {
    const text = { type: 'text', text: WORDS };
    const request = requestOf(chatCompletions, {
      messages: [
        { role: 'user', content: [text, text] },
        { role: 'tool', tool_call_id: 't', content: WORDS },
        { role: 'assistant', content: null, tool_calls: [{ id: 't', arguments: WORDS }] },
      ],
      tools: [{ type: 'function', function: { name: 'f', description: WORDS } }],
    });
    expect(await open().count(request, 'o200k_base', 'c')).toBe(request.inputTokensMax);
  });

  it('of embeddings counts each text; ids of tokens stay at their bytes', async () => {
    const texts = requestOf(embeddings, { input: [WORDS, 'a'] });
    const saved = bytesOf(WORDS) - countTokens(WORDS);
    expect(await open().count(texts, 'o200k_base', 'c')).toBe(texts.inputTokensMax - saved);
    const ids = requestOf(embeddings, { input: [[1, 2], [3]] });
    expect(await counters.count(ids, 'cl100k_base', 'c')).toBe(ids.inputTokensMax);
  });
});

describe('an input is not counted', () => {
  it('if it is too large', async () => {
    const request = requestOf(embeddings, { input: WORDS });
    const count = await open({ countBodyBytesMax: 1_000 }).count(request, 'o200k_base', 'c');
    expect(count).toBe(request.inputTokensMax);
  });

  it('if that takes too long: the thread ends, and the next one gets another', async () => {
    const request = requestOf(embeddings, { input: WORDS });
    const late = open({ countTimeoutMs: 1 });
    expect(await late.count(request, 'o200k_base', 'c')).toBe(request.inputTokensMax);
    await late.close();
    expect(await open().count(request, 'o200k_base', 'c')).toBeLessThan(request.inputTokensMax);
  });

  it('if its turn does not come in time', async () => {
    const request = requestOf(embeddings, { input: WORDS });
    open({ countQueueMs: 1 });
    const [first, second] = await Promise.all([
      counters.count(request, 'o200k_base', 'a'),
      counters.count(request, 'o200k_base', 'b'),
    ]);
    expect([first < request.inputTokensMax, second]).toEqual([true, request.inputTokensMax]);
  });

  it('after the end', async () => {
    const request = requestOf(embeddings, { input: WORDS });
    await open().close();
    expect(await counters.count(request, 'o200k_base', 'c')).toBe(request.inputTokensMax);
  });
});
