/** What cannot be said in another dialect: refused by the client's own name for it, or left out by that name. */
import { describe, expect, it } from 'vitest';
import { anthropicSide } from './testing/anthropic-side.ts';
import { geminiSide } from './testing/gemini-side.ts';
import { openAiSide } from './testing/openai-side.ts';
import { askRaw, refusedField } from './testing/raw.ts';
import type { Side } from './testing/side.ts';

const [openAi, claude, gemini] = [openAiSide, anthropicSide, geminiSide];
const hi = { role: 'user', content: 'hi' };
const chat = { model: 'm', messages: [hi] };
const message = { model: 'm', max_tokens: 9, messages: [hi] };
const content = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
const tools = [{ type: 'function', function: { name: 'a', parameters: { type: 'object' } } }];
const asks = (parts: unknown) => ({ messages: [{ role: 'user', content: parts }] });
const generation = (fields: object) => ({ generationConfig: fields });
const answered = (last: object) => ({ messages: [hi, last] });

const chatRows: readonly [Side, object, string][] = [
  ...([claude, gemini] as const).flatMap((to): [Side, object, string][] => [
    [to, { n: 2 }, 'n'],
    [to, { logit_bias: { 5: 1 } }, 'logit_bias'],
    [to, { logprobs: true }, 'logprobs'],
    [to, { top_logprobs: 2 }, 'top_logprobs'],
    [to, { store: true }, 'store'],
    [to, { service_tier: 'priority' }, 'service_tier'],
    [to, { verbosity: 'low' }, 'verbosity'],
    [to, { web_search_options: { search_context_size: 'low' } }, 'web_search_options'],
    [to, { web_search_options: {} }, 'web_search_options'],
    [to, { prediction: { type: 'content', content: 'a' } }, 'prediction'],
    [to, { modalities: ['text', 'audio'] }, 'modalities'],
    [to, { functions: [{ name: 'a' }] }, 'functions'],
    [to, { what_comes_next: 1 }, 'what_comes_next'],
    [to, { tools: [{ type: 'custom', custom: { name: 'a' } }] }, 'tools.0.type'],
    [to, { tools, tool_choice: { type: 'allowed_tools' } }, 'tool_choice'],
    [to, { response_format: { type: 'grammar' } }, 'response_format'],
    [to, { reasoning_effort: 'utmost' }, 'reasoning_effort'],
    [to, asks([{ type: 'input_video' }]), 'messages.0.content.0.type'],
    [to, asks([{ type: 'file', file: { file_id: 'f' } }]), 'messages.0.content.0.file'],
    [to, { messages: [{ role: 'critic', content: 'x' }] }, 'messages.0.role'],
    [to, { messages: [{ ...hi, name: 'Ann' }] }, 'messages.0.name'],
    [to, asks([{ type: 'text', text: 'a', lang: 'de' }]), 'messages.0.content.0.lang'],
    [to, answered({ role: 'assistant', content: 'The' }), 'messages.1'],
    [
      to,
      answered({
        role: 'assistant',
        tool_calls: [{ id: 'c', type: 'function', function: { name: 'a', arguments: '[1]' } }],
      }),
      'messages.1.tool_calls.0.function.arguments',
    ],
  ]),
  [claude, { seed: 7 }, 'seed'],
  [claude, { frequency_penalty: 0.5 }, 'frequency_penalty'],
  [claude, { presence_penalty: 0.5 }, 'presence_penalty'],
  [claude, { temperature: 1.5 }, 'temperature'],
  [claude, { response_format: { type: 'json_object' } }, 'response_format'],
  [
    claude,
    asks([{ type: 'input_audio', input_audio: { data: 'AA==', format: 'wav' } }]),
    'messages.0.content.0',
  ],
  [gemini, { tools, parallel_tool_calls: false }, 'parallel_tool_calls'],
  [gemini, { stop: ['a', 'b', 'c', 'd', 'e', 'f'] }, 'stop'],
  [gemini, { messages: [hi, { role: 'system', content: 'x' }, hi] }, 'messages.1'],
  [gemini, { messages: [hi, { role: 'tool', tool_call_id: 'x', content: 'y' }] }, 'messages.1'],
  [
    gemini,
    asks([{ type: 'image_url', image_url: { url: 'https://a.test/a' } }]),
    'messages.0.content.0',
  ],
];

const picture = {
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: 'AA==' },
};
const call = { role: 'assistant', content: [{ type: 'tool_use', id: 't', name: 'a', input: {} }] };
const resultOf = (said: unknown) => ({
  messages: [
    hi,
    call,
    { role: 'user', content: [{ type: 'tool_result', tool_use_id: 't', content: said }] },
  ],
});
const messageRows: readonly [Side, object, string][] = [
  ...([openAi, gemini] as const).flatMap((to): [Side, object, string][] => [
    [to, { container: 'c' }, 'container'],
    [to, { mcp_servers: [{ type: 'url', url: 'https://a.test' }] }, 'mcp_servers'],
    [to, { speed: 'fast' }, 'speed'],
    [to, { inference_geo: 'eu' }, 'inference_geo'],
    [to, { context_management: { edits: [{ type: 'compact_1' }] } }, 'context_management'],
    [to, { what_comes_next: 1 }, 'what_comes_next'],
    [to, { tools: [{ type: 'web_search_20260209', name: 'web_search' }] }, 'tools.0.type'],
    [
      to,
      { tools: [{ name: 'a', input_schema: {}, defer_loading: true }] },
      'tools.0.defer_loading',
    ],
    [to, { thinking: { type: 'between_tools' } }, 'thinking.type'],
    [to, asks([{ type: 'container_upload', file_id: 'f' }]), 'messages.0.content.0.type'],
    [
      to,
      asks([{ type: 'image', source: { type: 'file', file_id: 'f' } }]),
      'messages.0.content.0.source',
    ],
    [
      to,
      asks([{ type: 'document', source: picture.source, citations: { enabled: true } }]),
      'messages.0.content.0.citations',
    ],
    [to, resultOf([picture]), 'messages.2.content.0.content.0'],
    [to, resultOf([{ type: 'search_result' }]), 'messages.2.content.0.content.0.type'],
    [to, answered({ role: 'assistant', content: 'The' }), 'messages.1'],
  ]),
  [openAi, { top_k: 5 }, 'top_k'],
  [openAi, { stop_sequences: ['a', 'b', 'c', 'd', 'e'] }, 'stop_sequences'],
  [gemini, { messages: [hi, { role: 'system', content: 'x' }, hi] }, 'messages.1'],
];

const contentRows: readonly [Side, object, string][] = [
  ...([openAi, claude] as const).flatMap((to): [Side, object, string][] => [
    [to, { cachedContent: 'cachedContents/a' }, 'cachedContent'],
    [to, { serviceTier: 'PRIORITY' }, 'serviceTier'],
    [to, { tools: [{ googleSearch: {} }], ...content }, 'tools.0.googleSearch'],
    [to, { tools: [{ codeExecution: { a: 1 } }] }, 'tools.0.codeExecution'],
    [to, generation({ candidateCount: 2 }), 'generationConfig.candidateCount'],
    [to, generation({ responseModalities: ['IMAGE'] }), 'generationConfig.responseModalities'],
    [to, generation({ speechConfig: { a: 1 } }), 'generationConfig.speechConfig'],
    [to, generation({ what_comes_next: 1 }), 'generationConfig.what_comes_next'],
    [
      to,
      { contents: [{ parts: [{ fileData: { fileUri: 'gs://a/b', mimeType: 'image/png' } }] }] },
      'contents.0.parts.0.fileData',
    ],
    [
      to,
      { contents: [{ parts: [{ executableCode: { code: '1' } }] }] },
      'contents.0.parts.0.executableCode',
    ],
    [
      to,
      {
        tools: [{ functionDeclarations: [{ name: 'a' }] }],
        toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['a', 'b'] } },
      },
      'toolConfig.functionCallingConfig.allowedFunctionNames',
    ],
    [
      to,
      { contents: [...content.contents, { role: 'model', parts: [{ text: 'a' }] }] },
      'contents.1',
    ],
  ]),
  [openAi, generation({ topK: 5 }), 'generationConfig.topK'],
  [claude, generation({ seed: 5 }), 'generationConfig.seed'],
  [
    claude,
    generation({ responseMimeType: 'application/json' }),
    'generationConfig.responseMimeType',
  ],
];

const rows = [
  ...chatRows.map(([to, fields, field]) => [openAi, to, { ...chat, ...fields }, field] as const),
  ...messageRows.map(
    ([to, fields, field]) => [claude, to, { ...message, ...fields }, field] as const,
  ),
  ...contentRows.map(
    ([to, fields, field]) => [gemini, to, { ...content, ...fields }, field] as const,
  ),
].map(
  ([from, to, body, field]) =>
    [`${from.codec.dialect} to ${to.codec.dialect}: ${field}`, from, to, body, field] as const,
);

describe('is refused by its name, and nothing is sent', () => {
  it.each(rows)('%s', async (_, from, to, body, field) => {
    const { status, text, wire } = await askRaw(from, to, body);
    expect([status, refusedField(text), wire.sent]).toEqual([400, field, []]);
    expect(text.toLowerCase()).toContain('not_translatable');
  });
});

describe('says nothing, and is sent', () => {
  const silent: readonly [string, Side, Side, object][] = [
    [
      'defaults of a chat',
      openAi,
      claude,
      {
        ...chat,
        max_tokens: 9,
        n: 1,
        logprobs: false,
        store: false,
        stop: [],
        tools: [],
        frequency_penalty: 0,
        service_tier: 'auto',
        modalities: ['text'],
      },
    ],
    [
      'nulls of a chat',
      openAi,
      gemini,
      {
        ...chat,
        n: null,
        seed: null,
        stop: null,
        tools: null,
        response_format: null,
        logit_bias: {},
      },
    ],
    [
      'defaults of a message',
      claude,
      openAi,
      {
        ...message,
        tools: [],
        stop_sequences: [],
        service_tier: 'auto',
        mcp_servers: [],
        context_management: null,
      },
    ],
    [
      'defaults of a content',
      gemini,
      openAi,
      {
        ...content,
        tools: [],
        generationConfig: { candidateCount: 1, responseModalities: ['TEXT'] },
      },
    ],
  ];
  it.each(silent)('%s', async (_, from, to, body) => {
    const { status, wire } = await askRaw(from, to, body, {
      type: 'application/json',
      body: to.whole({
        says: [{ text: 'a' }],
        stop: 'end',
        usage: { input: 9, cacheRead: 0, cacheWrite: 0, output: 1, thinking: 0 },
      }),
    });
    expect([status, wire.sent.length]).toEqual([200, 1]);
    expect(wire.request().translation?.leftOut).toEqual([]);
  });
});

describe('what is sent', () => {
  // CLIProxyAPI#2758, openclaude#58: the limit of an agent was above what the other model can write.
  it('has no output limit above what the model can write, which its provider would refuse', async () => {
    const { wire } = await askRaw(claude, openAi, { ...message, max_tokens: 64_000 });
    expect(wire.sent[0]?.json).toMatchObject({ max_completion_tokens: 4_096 });
    expect(wire.request().outputTokensMax).toBe(4_096);
  });

  // litellm#6642, qwen-code PR#2320: lists of texts were refused by servers that take texts alone.
  it('has texts alone as one text where servers take no lists of them', async () => {
    const texts = ['one', 'two'].map((text) => ({ type: 'text', text }));
    const answer = [{ type: 'tool_result', tool_use_id: 't', content: texts }];
    const messages = [{ role: 'user', content: texts }, call, { role: 'user', content: answer }];
    const { wire } = await askRaw(claude, openAi, { ...message, system: texts, messages });
    const sent = wire.sent[0]?.json as { messages: { content: unknown }[] } | undefined;
    expect(sent?.messages.map(({ content }) => content)).toEqual([
      'one\n\ntwo',
      'one\n\ntwo',
      null,
      'one\n\ntwo',
    ]);
  });
});

describe('is left out by its name', () => {
  const signed = { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' };
  const ephemeral = { cache_control: { type: 'ephemeral' } };
  const hints: readonly [string, Side, Side, object][] = [
    ['cache_control', claude, openAi, { system: [{ type: 'text', text: 'a', ...ephemeral }] }],
    ['cache_control', claude, gemini, { tools: [{ name: 'a', input_schema: {}, ...ephemeral }] }],
    ['thinking', claude, openAi, { thinking: { type: 'enabled', budget_tokens: 2_000 } }],
    [
      'thinking',
      claude,
      gemini,
      { messages: [hi, { role: 'assistant', content: [signed, { type: 'text', text: 'a' }] }, hi] },
    ],
    [
      'is_error',
      claude,
      openAi,
      {
        messages: [
          hi,
          call,
          {
            role: 'user',
            content: [{ type: 'tool_result', tool_use_id: 't', is_error: true, content: 'no' }],
          },
        ],
      },
    ],
    [
      'context_management',
      claude,
      openAi,
      { context_management: { edits: [{ type: 'clear_thinking_20251015' }] } },
    ],
    ['metadata.user_id', claude, openAi, { metadata: { user_id: 'u'.repeat(65) } }],
    ['prompt_cache_key', openAi, claude, { prompt_cache_key: 'a', max_tokens: 9 }],
    ['metadata', openAi, gemini, { metadata: { a: 'b' } }],
    [
      'detail',
      openAi,
      claude,
      {
        max_tokens: 9,
        ...asks([
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==', detail: 'low' } },
        ]),
      },
    ],
    [
      'strict',
      openAi,
      gemini,
      { tools: [{ type: 'function', function: { name: 'a', strict: true } }] },
    ],
    ['safetySettings', gemini, openAi, { safetySettings: [{ category: 'a' }] }],
  ];
  it.each(hints)('%s', async (name, from, to, fields) => {
    const plain = from === openAi ? chat : from === claude ? message : content;
    const { wire } = await askRaw(from, to, { ...plain, ...fields });
    expect(wire.sent).toHaveLength(1);
    expect(wire.request().translation?.leftOut).toEqual([name]);
    // Not a trace of it is sent.
    expect(JSON.stringify(wire.sent[0]?.json)).not.toContain(name.split('.').at(-1));
  });
});
