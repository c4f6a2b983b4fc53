/** Google's official SDK judges the dialect; the bill is compared with what the SDK received. */
import { ApiError, type GenerateContentConfig, GoogleGenAI, Type } from '@google/genai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BillLine } from '../bill/bill-line.ts';
import { billOf, eventually, type Fixture, startFixture } from '../testing/simulator-fixture.ts';

let fixture: Fixture;
beforeAll(async () => {
  fixture = await startFixture();
});
afterAll(() => fixture.remove());

type Contents = { role: string; parts: object[] }[];
const asked: Contents = [{ role: 'user', parts: [{ text: 'How much is the fish?' }] }];
type Chunk = Awaited<ReturnType<GoogleGenAI['models']['generateContent']>>;

let calls = 0;
function sdk(headers: Record<string, string> = {}): GoogleGenAI {
  const { url: baseUrl } = fixture.simulator;
  return new GoogleGenAI({ apiKey: 'any-key', httpOptions: { baseUrl, headers } });
}

type Knobs = Readonly<Record<string, string>>;

/** One call, streamed or not: its chunks, and its line of the bill. */
async function call(
  streams: boolean,
  config: GenerateContentConfig,
  labels: Knobs = {},
  contents: Contents = asked,
) {
  calls += 1;
  const id = `gemini-${calls}`;
  const client = sdk({ 'x-client-request-id': id });
  // The SDK has no labels for this API; what it has for members that it does not know is this.
  const httpOptions = { extraBody: { labels } };
  const params = { model: 'sim-gemini', contents, config: { ...config, httpOptions } };
  const chunks: Chunk[] = streams
    ? await Array.fromAsync(await client.models.generateContentStream(params))
    : [await client.models.generateContent(params)];
  // Of the first candidate; the SDK's own `text` warns where there is anything else.
  const parts = chunks.flatMap(({ candidates }) => candidates?.[0]?.content?.parts ?? []);
  const text = parts.map((part) => part.text ?? '').join('');
  const line = (await billOf(fixture.simulator, id)) as BillLine;
  return { chunks, last: chunks.at(-1), text, line };
}

describe.each([false, true])(
  'the simulator, used through @google/genai (stream: %s)',
  (streams) => {
    it('answers content whose last usage is the bill: thoughts and tools next to the rest', async () => {
      const { last, line } = await call(
        streams,
        { thinkingConfig: { includeThoughts: true }, candidateCount: 2 },
        {
          ...{ sim_input_tokens: '60', sim_cached_tokens: '10', sim_tool_input_tokens: '4' },
          ...{ sim_reasoning_tokens: '5', sim_output_tokens: '7' },
        },
      );
      expect(last?.candidates?.[0]?.finishReason).toBe('STOP');
      expect(last?.usageMetadata).toMatchObject({
        ...{ promptTokenCount: 60, cachedContentTokenCount: 10, toolUsePromptTokenCount: 4 },
        ...{ candidatesTokenCount: 14, thoughtsTokenCount: 10, totalTokenCount: 88 },
      });
      // 54 × 1.25 + 10 × 0.125 + 24 × 10 = 308.75 millionths.
      expect(line).toMatchObject({
        ...{ input_tokens: 54, cache_read_tokens: 10, output_tokens: 14, reasoning_tokens: 10 },
        ...{ cost: '0.000308750000', outcome: 'complete', model: 'sim-gemini' },
      });
    });

    it('calls a declared function, and ends when its response comes', async () => {
      const properties = { city: { type: Type.STRING }, days: { type: Type.INTEGER } };
      const parameters = { type: Type.OBJECT, properties, required: ['city', 'days'] };
      const tools = [{ functionDeclarations: [{ name: 'get_weather', parameters }] }];
      const first = await call(streams, { tools });
      const made = first.last?.functionCalls?.[0];
      expect(made).toMatchObject({ name: 'get_weather', args: { city: expect.any(String) } });
      const response = { name: 'get_weather', response: { weather: 'rain' } };
      const answered = [
        ...asked,
        { role: 'model', parts: [{ functionCall: made as object }] },
        { role: 'user', parts: [{ functionResponse: response }] },
      ];
      const second = await call(streams, { tools }, {}, answered);
      expect(second.text).toContain('rain');
      expect(second.last?.functionCalls).toBeUndefined();
    });

    it('searches where the request offers it, and fills the schema of an answer', async () => {
      const searched = await call(streams, { tools: [{ googleSearch: {} }] });
      const { groundingMetadata } = searched.last?.candidates?.[0] ?? {};
      expect(groundingMetadata?.webSearchQueries).toHaveLength(1);
      expect(searched.line).toMatchObject({ searches: 1 });
      const responseSchema = {
        type: Type.OBJECT,
        properties: { ok: { type: Type.BOOLEAN } },
        required: ['ok'],
      };
      const filled = await call(streams, { responseMimeType: 'application/json', responseSchema });
      expect(JSON.parse(filled.text)).toHaveProperty('ok');
    });

    it('answers a blocked prompt without candidates, and charges the prompt', async () => {
      const labels = { sim_prompt_blocked: '1', sim_input_tokens: '9' };
      const { last, line } = await call(streams, {}, labels);
      expect(last?.candidates).toBeUndefined();
      expect(last?.promptFeedback?.blockReason).toBe('PROHIBITED_CONTENT');
      expect(last?.usageMetadata).toMatchObject({ promptTokenCount: 9, totalTokenCount: 9 });
      expect(line).toMatchObject({ input_tokens: 9, output_tokens: 0, outcome: 'complete' });
    });

    it('serves a cheaper tier where the request asks for it', async () => {
      const config = { serviceTier: 'flex' } as unknown as GenerateContentConfig;
      const { last, line } = await call(streams, config, {
        ...{ sim_input_tokens: '10', sim_output_tokens: '1', sim_reasoning_tokens: '0' },
      });
      expect(last?.usageMetadata).toHaveProperty('serviceTier', 'flex');
      expect(line).toMatchObject({ service_tier: 'flex', cost: '0.000011250000' });
    });

    it.each([
      ['before its answer', 'status_503', []],
      ['midway', 'error_after:4', [4]],
    ])('fails %s, and charges what was generated', async (_, fault, paid) => {
      const before = (await fixture.simulator.bill()).length;
      const knobs = { sim_fault: fault, sim_output_tokens: '12', sim_reasoning_tokens: '0' };
      await expect(call(streams, {}, knobs)).rejects.toThrow();
      const lines = (await fixture.simulator.bill()).slice(before);
      expect(lines.map(({ output_tokens }) => output_tokens)).toEqual(paid);
    });
  },
);

describe('the simulator as Gemini', () => {
  const post = (verb: string, body: object, query = '') =>
    fetch(`${fixture.simulator.url}/v1beta/models/sim-gemini:${verb}?key=any-key${query}`, {
      method: 'POST',
      body: JSON.stringify(body),
    });
  const few = { contents: asked, labels: { sim_output_tokens: '12', sim_reasoning_tokens: '4' } };

  it('streams the same answer as an array, with a running total in each member', async () => {
    const text = await (await post('streamGenerateContent', few)).text();
    const members = JSON.parse(text) as Chunk[];
    const counts = members.map(({ usageMetadata }) => usageMetadata?.candidatesTokenCount);
    expect(counts).toEqual([4, 8, 12, 12]);
    const events = await (await post('streamGenerateContent', few, '&alt=sse')).text();
    const chunks = events.split('\r\n\r\n').filter((event) => event !== '');
    expect(chunks.map((chunk) => JSON.parse(chunk.slice('data: '.length)).usageMetadata)).toEqual(
      members.map(({ usageMetadata }) => usageMetadata),
    );
  });

  it('ends an array with its error, where it fails midway', async () => {
    const labels = { ...few.labels, sim_fault: 'error_after:8' };
    const text = await (await post('streamGenerateContent', { ...few, labels })).text();
    expect(JSON.parse(text)).toMatchObject([{}, { error: { code: 503, status: 'UNAVAILABLE' } }]);
  });

  it('charges a client that hangs up for what was generated by then', async () => {
    const hangUp = new AbortController();
    const labels = { sim_output_tokens: '2000', sim_chunk_tokens: '1', sim_token_pace_ms: '5' };
    const client = sdk({ 'x-client-request-id': 'gemini-abort' });
    const httpOptions = { extraBody: { labels: { ...labels, sim_reasoning_tokens: '0' } } };
    const config = { abortSignal: hangUp.signal, httpOptions };
    const params = { model: 'sim-gemini', contents: asked, config };
    const read = async () => {
      for await (const _ of await client.models.generateContentStream(params)) hangUp.abort();
    };
    await expect(read()).rejects.toThrow(/abort/i);
    const line = await eventually(() => billOf(fixture.simulator, 'gemini-abort'));
    expect(line.outcome).toBe('client_aborted');
    expect(line.output_tokens).toBeLessThan(2_000);
  });

  it('embeds texts, one or many, and bills the input', async () => {
    const before = (await fixture.simulator.bill()).length;
    const contents = ['one fish', 'two fish'];
    const config = { outputDimensionality: 8 };
    const { embeddings } = await sdk().models.embedContent({
      model: 'sim-embed',
      contents,
      config,
    });
    expect(embeddings?.map(({ values }) => values?.length)).toEqual([8, 8]);
    const one = await fetch(`${fixture.simulator.url}/v1beta/models/sim-embed:embedContent`, {
      method: 'POST',
      headers: { 'x-goog-api-key': 'any-key' },
      body: JSON.stringify({ content: { parts: [{ text: 'one fish' }] }, outputDimensionality: 8 }),
    });
    expect(await one.json()).toMatchObject({
      embedding: { values: embeddings?.[0]?.values },
      usageMetadata: { promptTokenCount: 2 },
    });
    const lines = (await fixture.simulator.bill()).slice(before);
    expect(lines.map(({ input_tokens }) => input_tokens)).toEqual([5, 2]);
  });

  it('counts tokens and lists models free of charge, and bills no refusal', async () => {
    const before = (await fixture.simulator.bill()).length;
    const client = sdk();
    const counted = await client.models.countTokens({ model: 'sim-gemini', contents: asked });
    expect(counted.totalTokens).toBe(6);
    const names = await Array.fromAsync(await client.models.list(), ({ name }) => name);
    expect(names).toContain('models/sim-gemini');
    expect(await client.models.get({ model: 'sim-gemini' })).toMatchObject({ thinking: true });
    const missing = client.models.generateContent({ model: 'none', contents: asked });
    await expect(missing).rejects.toThrow(ApiError);
    await expect(missing).rejects.toThrow(/NOT_FOUND/);
    const anonymous = await fetch(`${fixture.simulator.url}/v1beta/models`);
    expect([anonymous.status, await anonymous.json()]).toMatchObject([
      403,
      { error: { code: 403, status: 'PERMISSION_DENIED' } },
    ]);
    expect(await fixture.simulator.bill()).toHaveLength(before);
  });
});
