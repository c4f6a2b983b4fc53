/** What a request of the Messages API asks for, what it may cost, and how it goes to its provider. */
import { describe, expect, it } from 'vitest';
import { proxyLimits } from '../../limits.ts';
import type { CallRequest, RequestFacts } from '../dialect.ts';
import { messages } from './messages-request.ts';

const base = { model: 'claude-x', max_tokens: 64, messages: [{ role: 'user', content: 'hi' }] };

function read(fields: object, text?: string) {
  const body = Buffer.from(text ?? JSON.stringify({ ...base, ...fields }));
  return messages.read({ body }, proxyLimits.requestDepthMax);
}

function factsOf(fields: object): RequestFacts {
  const found = read(fields);
  if (!found.ok) throw new Error(JSON.stringify(found.refusal));
  return found.facts;
}

const callOf = (fields: object, headers = {}): CallRequest =>
  messages.open(factsOf(fields), headers);

describe('a request', () => {
  it('is read for what routing, budgets and rates go by', () => {
    const body = Buffer.byteLength(JSON.stringify({ ...base, metadata: { user_id: 'u' } }));
    expect(callOf({ metadata: { user_id: 'u' } })).toMatchObject({
      ...{ dialect: 'anthropic', endpoint: 'messages', model: 'claude-x', stream: false },
      ...{ endUser: 'u', inputTokensMax: body + 128, outputTokensMax: 64, answerCount: 1 },
      ...{ unboundedBy: null, openParts: null, needs: [], otherModels: null, more: undefined },
    });
    expect(callOf({ stream: true, tools: [{ name: 't', input_schema: {} }] })).toMatchObject({
      ...{ stream: true, needs: ['tools'] },
    });
  });

  it.each<[string, object, string]>([
    ['no limit of its output', { max_tokens: undefined }, 'max_tokens'],
    ['a limit below zero', { max_tokens: -1 }, 'max_tokens'],
    ['no model', { model: undefined }, 'model'],
    ['messages that are none', { messages: 'hi' }, 'messages'],
    [
      'a block without a type',
      { messages: [{ role: 'user', content: [{}] }] },
      'messages.0.content',
    ],
  ])('with %s is refused, with the field at fault', (_, fields, param) => {
    expect(read(fields)).toMatchObject({ ok: false, refusal: { code: 'invalid_request', param } });
  });

  it.each([
    `{"model":"a","max_tokens":1,"max_tokens":100000,"messages":[]}`,
    `{"model":"a","max_tokens":1,"Max_Tokens":100000,"messages":[]}`,
  ])('that states twice what is billed is refused: %s', (text) => {
    expect(read({}, text)).toMatchObject({ refusal: { code: 'ambiguous_json' } });
  });
});

const user = (...content: object[]) => ({ messages: [{ role: 'user', content }] });
const image = (source: object) => user({ type: 'image', source });
const search = { type: 'web_search_20250305', name: 'web_search', max_uses: 3 };

describe('a bound', () => {
  it.each<[string, object, string]>([
    [
      'a picture',
      image({ type: 'base64', media_type: 'image/png', data: 'AAAA' }),
      'content block `image`',
    ],
    [
      'a picture elsewhere',
      image({ type: 'url', url: 'https://x.test/a' }),
      'content block `image`',
    ],
    [
      'a document',
      user({ type: 'document', source: { type: 'file', file_id: 'f' } }),
      'content block `document`',
    ],
    [
      'a picture in a result',
      user({ type: 'tool_result', tool_use_id: 't', content: [{ type: 'image', source: {} }] }),
      'content block `image`',
    ],
    [
      'a file for a container',
      user({ type: 'container_upload', file_id: 'f' }),
      'content block `container_upload`',
    ],
    ['a search', { tools: [search] }, 'tool `web_search_20250305`'],
    [
      'code that is run',
      { tools: [{ type: 'code_execution_20250825', name: 'c' }] },
      'tool `code_execution_20250825`',
    ],
    ['servers of tools', { mcp_servers: [{ url: 'https://x.test' }] }, '`mcp_servers`'],
    [
      'a compaction',
      { context_management: { edits: [{ type: 'compact_20260112' }] } },
      '`context_management`',
    ],
    ['other models', { fallbacks: [{ model: 'b' }] }, '`fallbacks`'],
    ['a faster speed', { speed: 'fast' }, '`speed`'],
    ['a place that costs more', { inference_geo: 'us' }, '`inference_geo`'],
    ['a member that nobody knows', { dream: { deep: true } }, '`dream`'],
    ['a tier that nobody knows', { service_tier: 'gold' }, '`service_tier`'],
    [
      'another life of what is cached',
      user({ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1d' } }),
      '`cache_control` with another `ttl` than 5m and 1h',
    ],
  ])('is missing of %s', (_, fields, part) => {
    expect(callOf(fields).unboundedBy).toBe(part);
  });

  it('of pictures, documents and searches may be the operator’s', () => {
    const png = { type: 'base64', media_type: 'image/png', data: 'AAAA' };
    const fields = {
      ...user(
        { type: 'image', source: png },
        { type: 'document', source: { type: 'url', url: 'u' } },
      ),
      tools: [search],
    };
    expect(callOf(fields).openParts).toEqual({
      media: {
        image: { count: 1, bytes: 4 },
        file: { count: 1, bytes: 0 },
        audio: { count: 0, bytes: 0 },
        video: { count: 0, bytes: 0 },
      },
      ...{ stored: false, searches: true },
    });
    expect(callOf({ ...fields, speed: 'fast' }).openParts).toBeNull();
  });

  it.each<[string, object]>([
    [
      'texts and results of tools',
      user({ type: 'text', text: 'a' }, { type: 'tool_result', tool_use_id: 't', content: 'b' }),
    ],
    [
      'a document of text',
      user({ type: 'document', source: { type: 'text', data: 'words', media_type: 'text/plain' } }),
    ],
    ['thinking', { thinking: { type: 'enabled', budget_tokens: 32 } }],
    [
      'tools that run at the client',
      {
        tools: [
          { type: 'bash_20250124', name: 'bash' },
          { type: 'custom', name: 't' },
        ],
      },
    ],
    ['what is asked for with nothing', { mcp_servers: [], container: null, fallbacks: [] }],
  ])('is there of %s', (_, fields) => {
    expect(callOf(fields).unboundedBy).toBeNull();
  });

  // earendil-works/pi#5738
  it.each<[string, object]>([
    ['its own', { cache_control: { type: 'ephemeral', ttl: '1h' } }],
    [
      'a block’s',
      user({ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } }),
    ],
    [
      'the system’s',
      { system: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral', ttl: '1h' } }] },
    ],
    ['a tool’s', { tools: [{ name: 't', cache_control: { type: 'ephemeral', ttl: '1h' } }] }],
  ])('covers writes for an hour that are %s', (_, fields) => {
    const { more, unboundedBy } = callOf(fields);
    expect([more, unboundedBy]).toEqual([{ cacheWrites1h: true }, null]);
    expect(callOf({ cache_control: { type: 'ephemeral' } }).more).toBeUndefined();
  });
});

describe('what goes to the provider', () => {
  it('I11: is what the client sent, under the headers that change what is asked', () => {
    const headers = {
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'b',
      'x-api-key': 'tg_x',
    };
    const call = callOf({ stream: true }, headers);
    const sent = call.upstream('claude-x', null);
    expect(sent).toEqual({
      path: '/messages',
      auth: 'x-api-key',
      body: call.body,
      headers: {
        ...{ 'anthropic-version': '2024-01-01', 'anthropic-beta': 'b' },
        accept: 'text/event-stream',
      },
    });
    expect(callOf({}).upstream('claude-x', null).headers).toEqual({
      ...{ 'anthropic-version': '2023-06-01', accept: 'application/json' },
    });
  });

  it('I3: has the name that the model has there, and never more output than was asked for', () => {
    const sent = (tokens: number) =>
      JSON.parse(callOf({}).upstream('there', { tokens, field: 'max_tokens' }).body.toString());
    expect(sent(9)).toEqual({ ...base, model: 'there', max_tokens: 9 });
    expect(sent(900)).toEqual({ ...base, model: 'there' });
  });
});
