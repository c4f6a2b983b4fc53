/** What a provider wants back with the next request, and gets through clients of another dialect. */
import OpenAI from 'openai';
import { describe, expect, it } from 'vitest';
import { wire } from './testing/in-process.ts';
import {
  block,
  chat,
  chunks,
  claude,
  content,
  delta,
  done,
  events,
  gemini,
  hi,
  message,
  messageOf,
  openAi,
  sentTo,
  start,
  stopped,
  streamed,
  toolChunk,
  total,
} from './testing/provider-bytes.ts';
import { askRaw, EVENTS, eventsIn, JSON_TYPE } from './testing/raw.ts';

describe('what was thought', () => {
  const thought = { type: 'thinking', thinking: '', signature: '' };
  const body = events(
    start,
    ...block(
      0,
      thought,
      { type: 'thinking_delta', thinking: 'Hm.' },
      { type: 'signature_delta', signature: 'c2ln' },
    ),
    ...block(1, { type: 'redacted_thinking', data: 'aGlk' }),
    ...block(2, { type: 'tool_use', id: 'toolu_1', name: 'read', input: {} }),
    ...stopped('tool_use'),
  );
  const expected = [
    { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
    { type: 'redacted_thinking', data: 'aGlk' },
    { type: 'tool_use', id: 'toolu_1', name: 'read', input: {} },
  ];
  const result = { role: 'tool', tool_call_id: 'toolu_1', content: 'ok' };

  // opencode#3077, langgenius/dify#41092: the proof of a thought was lost, and the next request was refused.
  it('comes back to its provider with its proof, if the client hands its messages back as they were', async () => {
    const stream = wire(openAi, claude, { type: EVENTS, body });
    const client = new OpenAI({
      apiKey: 'k',
      baseURL: 'http://gate.test/v1',
      maxRetries: 0,
      fetch: stream.fetch,
    });
    const streamed = client.chat.completions.stream(chat as never);
    const answer = (await streamed.finalChatCompletion()).choices[0]?.message;
    const { wire: next } = await askRaw(openAi, claude, {
      ...chat,
      messages: [hi, answer, result],
    });
    const sent = sentTo<{ messages: { content: unknown }[] }>(next);
    expect(sent.messages[1]?.content).toEqual(expected);
    expect(next.request().translation?.leftOut).toEqual([]);
  });

  it('comes back to Anthropic through a client of Gemini', async () => {
    const { text } = await askRaw(gemini, claude, streamed(gemini), { type: EVENTS, body });
    const told = eventsIn(text) as { candidates: { content: { parts: object[] } }[] }[];
    const parts = told.flatMap(({ candidates }) => candidates[0]?.content.parts ?? []);
    const found = { functionResponse: { id: 'toolu_1', name: 'read', response: { output: 'ok' } } };
    const next = await askRaw(gemini, claude, {
      generationConfig: { maxOutputTokens: 9 },
      contents: [...content.contents, { role: 'model', parts }, { role: 'user', parts: [found] }],
    });
    const sent = sentTo<{ messages: { content: unknown }[] }>(next.wire);
    expect(sent.messages[1]?.content).toEqual(expected);
  });

  // Antigravity-Manager#139, antigravity2api-nodejs#86: a call came back to Gemini without its signature.
  it('comes back to Gemini with the call that it led to, through each client', async () => {
    const part = { functionCall: { name: 'read', args: { a: 1 } }, thoughtSignature: 'Z2Vt' };
    const answer = {
      candidates: [{ content: { role: 'model', parts: [part] }, finishReason: 'STOP', index: 0 }],
      ...{ usageMetadata: { promptTokenCount: 9, candidatesTokenCount: 5, totalTokenCount: 14 } },
      responseId: 'r-1',
    };
    const given = { type: JSON_TYPE, body: JSON.stringify(answer) };
    const first = JSON.parse((await askRaw(openAi, gemini, chat, given)).text).choices[0].message;
    const id = first.tool_calls[0].id;
    const back = { ...result, tool_call_id: id };
    const ofChat = await askRaw(openAi, gemini, { ...chat, messages: [hi, first, back] });
    const second = JSON.parse((await askRaw(claude, gemini, message, given)).text);
    const results = [{ type: 'tool_result', tool_use_id: id, content: 'ok' }];
    const ofMessages = await askRaw(claude, gemini, {
      ...message,
      messages: [
        hi,
        { role: 'assistant', content: second.content },
        { role: 'user', content: results },
      ],
    });
    for (const { wire: next } of [ofChat, ofMessages]) {
      const { contents } = sentTo<{ contents: { parts: unknown[] }[] }>(next);
      expect(contents[1]?.parts).toMatchObject([
        { ...part, functionCall: { id, ...part.functionCall } },
      ]);
      expect(next.request().translation?.leftOut).toEqual([]);
    }
  });

  it('comes back to a server of OpenAI’s dialect as the text that it was', async () => {
    const body = chunks(
      delta({ reasoning_content: 'Hm.' }),
      toolChunk(0, { id: 'call_1' }, { name: 'read' }),
      delta({}, 'tool_calls'),
      total,
    );
    const answer = await messageOf(body + done);
    const results = [{ type: 'tool_result', tool_use_id: 'call_1', content: 'ok' }];
    const { wire: next } = await askRaw(claude, openAi, {
      ...message,
      messages: [
        hi,
        { role: 'assistant', content: answer.content },
        { role: 'user', content: results },
      ],
    });
    const sent = sentTo<{ messages: object[] }>(next);
    expect(sent.messages[1]).toMatchObject({
      reasoning_content: 'Hm.',
      tool_calls: [{ id: 'call_1' }],
    });
  });
});

describe('ids of calls that a dialect does not take', () => {
  it('get others in their place, the same each time that the conversation is sent', async () => {
    const id = 'functions.search:0';
    const call = { id, type: 'function', function: { name: 'read', arguments: '{}' } };
    const turns = [
      hi,
      { role: 'assistant', tool_calls: [call] },
      { role: 'tool', tool_call_id: id, content: 'ok' },
    ];
    const sent = async (messages: object[]) => {
      const { wire: next } = await askRaw(openAi, claude, { ...chat, messages });
      type Sent = { messages: { content: { id?: string; tool_use_id?: string }[] }[] };
      return sentTo<Sent>(next).messages;
    };
    const [first, later] = [
      await sent(turns),
      await sent([...turns, { role: 'assistant', content: 'a' }, hi]),
    ];
    const given = first[1]?.content[0]?.id;
    expect(given).toMatch(/^[a-zA-Z0-9_-]+$/);
    expect([first[2]?.content[0]?.tool_use_id, later[1]?.content[0]?.id]).toEqual([given, given]);
  });

  it('are made for functions of Gemini that have none, and differ from answer to answer', async () => {
    const idOf = async (responseId: string) => {
      const parts = [
        { functionCall: { name: 'a', args: {} } },
        { functionCall: { name: 'a', args: {} } },
      ];
      const answer = {
        candidates: [{ content: { role: 'model', parts }, finishReason: 'STOP' }],
        responseId,
      };
      const { text } = await askRaw(openAi, gemini, chat, {
        type: JSON_TYPE,
        body: JSON.stringify(answer),
      });
      return JSON.parse(text).choices[0].message.tool_calls.map((call: { id: string }) => call.id);
    };
    const ids = [...(await idOf('one')), ...(await idOf('two'))];
    expect(new Set(ids).size).toBe(4);
  });
});
