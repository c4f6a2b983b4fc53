/** Google's own SDK. */
import { type GenerateContentConfig, GoogleGenAI } from '@google/genai';
import {
  type Client,
  DOWN_ONCE,
  type Gate,
  PIXEL,
  QUESTION,
  SLOW,
  sure,
  tellsErrors,
  WEATHER,
} from '../client.ts';

const sdk = ({ url, secret }: Gate, apiKey = secret) =>
  new GoogleGenAI({ apiKey, httpOptions: { baseUrl: `${url}/gemini` } });
const asked = (config: GenerateContentConfig = {}) => ({
  ...{ model: 'gemini-2.5-flash', contents: QUESTION, config },
});
const contentOf = (gate: Gate, secret?: string) =>
  sdk(gate, secret).models.generateContent(asked());

export const genAi: Client = {
  ...{ name: '`@google/genai`', package: '@google/genai' },
  uses: {
    async chat(gate) {
      const { text, usageMetadata } = await contentOf(gate);
      sure('a text with usage', (text ?? '') !== '' && usageMetadata !== undefined);
    },
    async streaming(gate) {
      const stream = await sdk(gate).models.generateContentStream(asked());
      const chunks = await Array.fromAsync(stream);
      sure('a text in parts', chunks.map(({ text }) => text ?? '').join('') !== '');
    },
    async tools(gate) {
      const declaration = { name: 'get_weather', parametersJsonSchema: WEATHER };
      const tools = [{ functionDeclarations: [declaration] }];
      const user = { role: 'user', parts: [{ text: 'get weather' }] };
      const { models } = sdk(gate);
      const first = await models.generateContent({ ...asked({ tools }), contents: [user] });
      const call = first.functionCalls?.[0];
      if (call === undefined) throw new Error('no call');
      const functionResponse = { name: 'get_weather', response: { result: '21 degrees' } };
      const contents = [
        ...[user, { role: 'model', parts: [{ functionCall: call }] }],
        { role: 'user', parts: [{ functionResponse }] },
      ];
      const { text } = await models.generateContent({ ...asked({ tools }), contents });
      sure('an answer after its tool', text?.includes('21 degrees'));
    },
    async 'structured output'(gate) {
      const config = { responseMimeType: 'application/json', responseJsonSchema: WEATHER };
      const { text } = await sdk(gate).models.generateContent(asked(config));
      sure('an object', 'city' in JSON.parse(text ?? 'null'));
    },
    async 'images in'(gate) {
      const parts = [{ inlineData: { mimeType: 'image/png', data: PIXEL } }];
      const contents = [{ role: 'user', parts }];
      await sdk(gate).models.generateContent({ ...asked(), contents });
    },
    async embeddings(gate) {
      const contents = ['one', 'two'];
      const { embeddings } = await sdk(gate).models.embedContent({ model: 'sim-embed', contents });
      sure('two vectors', embeddings?.length === 2);
    },
    errors: (gate) => tellsErrors((secret) => contentOf(gate, secret), gate),
    abort: (gate) =>
      gate.steered(SLOW, async () => {
        const leave = new AbortController();
        const config = { abortSignal: leave.signal };
        const stream = await sdk(gate).models.generateContentStream(asked(config));
        for await (const _ of stream) break;
        leave.abort();
      }),
    // It retries if it is told to.
    retries: (gate) =>
      gate.steered(DOWN_ONCE, async () => {
        const httpOptions = { baseUrl: `${gate.url}/gemini`, retryOptions: { attempts: 3 } };
        const told = new GoogleGenAI({ apiKey: gate.secret, httpOptions });
        await told.models.generateContent(asked());
      }),
    'defaults under a budget': async (gate) => void (await contentOf(gate, gate.budgeted)),
  },
};
