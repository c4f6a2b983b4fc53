/** Vercel's AI SDK with the providers that it has for three APIs, each as it is unless told otherwise. */
import { createAnthropic } from '@ai-sdk/anthropic';
import { createGoogleGenerativeAI } from '@ai-sdk/google';
import { createOpenAI } from '@ai-sdk/openai';
import {
  type EmbeddingModel,
  embedMany,
  generateText,
  type LanguageModel,
  Output,
  stepCountIs,
  streamText,
  tool,
} from 'ai';
import { z } from 'zod';
import {
  type Client,
  DOWN_ONCE,
  type Gate,
  PIXEL,
  QUESTION,
  SLOW,
  sure,
  tellsErrors,
} from '../client.ts';

type ModelOf = (gate: Gate, secret?: string) => LanguageModel;
type Embedder = (gate: Gate) => EmbeddingModel;

const prompt = QUESTION;
const Trip = z.object({ city: z.string(), days: z.number() });

function aiSdk(name: string, packaged: string, modelOf: ModelOf, embedder?: Embedder): Client {
  const ask = (gate: Gate, secret?: string) =>
    generateText({ model: modelOf(gate, secret), prompt });
  return {
    ...{ name, package: packaged },
    uses: {
      async chat(gate) {
        const { text, usage } = await ask(gate);
        sure('a text with usage', text !== '' && (usage.outputTokens ?? 0) > 0);
      },
      async streaming(gate) {
        const { textStream } = streamText({ model: modelOf(gate), prompt });
        sure('a text in parts', (await Array.fromAsync(textStream)).join('') !== '');
      },
      async tools(gate) {
        const { text } = await generateText({
          ...{ model: modelOf(gate), prompt: 'get weather', stopWhen: stepCountIs(3) },
          tools: {
            get_weather: tool({
              ...{ description: 'The weather', execute: () => '21 degrees' },
              inputSchema: z.object({ city: z.string() }),
            }),
          },
        });
        sure('an answer after its tool', text.includes('21 degrees'));
      },
      async 'structured output'(gate) {
        const output = Output.object({ schema: Trip });
        const { output: given } = await generateText({ model: modelOf(gate), prompt, output });
        sure('an object of its schema', Trip.safeParse(given).success);
      },
      async 'images in'(gate) {
        const image = { type: 'file' as const, data: PIXEL, mediaType: 'image/png' };
        const messages = [{ role: 'user' as const, content: [image] }];
        await generateText({ model: modelOf(gate), messages });
      },
      ...(embedder === undefined
        ? {}
        : {
            async embeddings(gate: Gate) {
              const asked = { model: embedder(gate), values: ['one', 'two'] };
              sure('two vectors', (await embedMany(asked)).embeddings.length === 2);
            },
          }),
      errors: (gate) => tellsErrors((secret) => ask(gate, secret), gate),
      abort: (gate) =>
        gate.steered(SLOW, async () => {
          const leave = new AbortController();
          const asked = { model: modelOf(gate), prompt, abortSignal: leave.signal };
          const { textStream } = streamText(asked);
          for await (const _ of textStream) leave.abort();
        }),
      retries: (gate) => gate.steered(DOWN_ONCE, async () => void (await ask(gate))),
      'defaults under a budget': async (gate) => void (await ask(gate, gate.budgeted)),
    },
  };
}

const openAi = ({ url, secret }: Gate, apiKey = secret) =>
  createOpenAI({ baseURL: `${url}/v1`, apiKey });
const google = ({ url, secret }: Gate, apiKey = secret) =>
  createGoogleGenerativeAI({ baseURL: `${url}/v1beta`, apiKey });

export const aiSdkClients: readonly Client[] = [
  aiSdk(
    '`ai` with `@ai-sdk/openai` (Responses)',
    '@ai-sdk/openai',
    (gate, secret) => openAi(gate, secret)('gpt-4o-mini'),
    (gate) => openAi(gate).textEmbeddingModel('sim-embed'),
  ),
  aiSdk('`ai` with `@ai-sdk/openai` (chat)', '@ai-sdk/openai', (gate, secret) =>
    openAi(gate, secret).chat('gpt-4o-mini'),
  ),
  aiSdk('`ai` with `@ai-sdk/anthropic`', '@ai-sdk/anthropic', (gate, secret) =>
    createAnthropic({ baseURL: `${gate.url}/v1`, apiKey: secret ?? gate.secret })(
      'claude-opus-4-5',
    ),
  ),
  aiSdk(
    '`ai` with `@ai-sdk/google`',
    '@ai-sdk/google',
    (gate, secret) => google(gate, secret)('gemini-2.5-flash'),
    (gate) => google(gate).textEmbeddingModel('sim-embed'),
  ),
];
