/** LangChain with what it has for OpenAI and for Anthropic. */
import { ChatAnthropic } from '@langchain/anthropic';
import type { BaseChatModel } from '@langchain/core/language_models/chat_models';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
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

type ModelOf = (gate: Gate, secret?: string) => BaseChatModel;

const Trip = z.object({ city: z.string(), days: z.int().min(1).max(9) });
const weather = tool(() => '21 degrees', {
  ...{ name: 'get_weather', description: 'The weather', schema: z.object({ city: z.string() }) },
});

function langChain(name: string, packaged: string, modelOf: ModelOf): Client {
  const ask = (gate: Gate, secret?: string) => modelOf(gate, secret).invoke(QUESTION);
  return {
    ...{ name, package: packaged },
    uses: {
      async chat(gate) {
        const { text, usage_metadata } = await ask(gate);
        const usage = usage_metadata as { output_tokens: number } | undefined;
        sure('a text with usage', text !== '' && (usage?.output_tokens ?? 0) > 0);
      },
      async streaming(gate) {
        const chunks = await Array.fromAsync(await modelOf(gate).stream(QUESTION));
        sure('a text in parts', chunks.map(({ text }) => text).join('') !== '');
      },
      async tools(gate) {
        const bound = modelOf(gate).bindTools?.([weather]);
        if (bound === undefined) throw new Error('no tools');
        const user = new HumanMessage('get weather');
        const first = await bound.invoke([user]);
        const [call] = first.tool_calls ?? [];
        if (call === undefined) throw new Error('no call');
        const result = new ToolMessage({ content: '21 degrees', tool_call_id: call.id ?? '' });
        const { text } = await bound.invoke([user, first, result]);
        sure('an answer after its tool', text.includes('21 degrees'));
      },
      async 'structured output'(gate) {
        const given = await modelOf(gate).withStructuredOutput(Trip).invoke(QUESTION);
        sure('an object of its schema', Trip.safeParse(given).success);
      },
      async 'images in'(gate) {
        const url = `data:image/png;base64,${PIXEL}`;
        const content = [{ type: 'image_url' as const, image_url: { url } }];
        await modelOf(gate).invoke([new HumanMessage({ content })]);
      },
      errors: (gate) => tellsErrors((secret) => ask(gate, secret), gate),
      abort: (gate) =>
        gate.steered(SLOW, async () => {
          const leave = new AbortController();
          const stream = await modelOf(gate).stream(QUESTION, { signal: leave.signal });
          const read = async () => {
            for await (const _ of stream) leave.abort();
          };
          await read().catch((error: Error) => sure(error.name, /abort/i.test(`${error}`)));
        }),
      retries: (gate) => gate.steered(DOWN_ONCE, async () => void (await ask(gate))),
      'defaults under a budget': async (gate) => void (await ask(gate, gate.budgeted)),
    },
  };
}

const chat = langChain('`@langchain/openai`', '@langchain/openai', (gate, apiKey = gate.secret) => {
  const configuration = { baseURL: `${gate.url}/v1` };
  return new ChatOpenAI({ model: 'gpt-4o-mini', apiKey, configuration }) as BaseChatModel;
});

export const langChainClients: readonly Client[] = [
  {
    ...chat,
    uses: {
      ...chat.uses,
      async embeddings({ url, secret }) {
        const configuration = { baseURL: `${url}/v1` };
        const asked = { model: 'sim-embed', apiKey: secret, configuration };
        const vectors = await new OpenAIEmbeddings(asked).embedDocuments(['one', 'two']);
        sure('two vectors', vectors.length === 2);
      },
    },
  },
  langChain('`@langchain/anthropic`', '@langchain/anthropic', (gate, apiKey = gate.secret) => {
    const asked = { model: 'claude-opus-4-5', apiKey, anthropicApiUrl: gate.url };
    return new ChatAnthropic(asked) as BaseChatModel;
  }),
];
