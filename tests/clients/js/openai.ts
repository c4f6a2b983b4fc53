/** OpenAI's own SDK, by each of its two interfaces. */
import OpenAI from 'openai';
import { zodResponseFormat, zodTextFormat } from 'openai/helpers/zod';
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
  WEATHER,
} from '../client.ts';

const sdk = ({ url, secret }: Gate, apiKey = secret) =>
  new OpenAI({ baseURL: `${url}/v1`, apiKey });
const messages = [{ role: 'user' as const, content: QUESTION }];
const model = 'gpt-4o-mini';
const image_url = `data:image/png;base64,${PIXEL}`;
const Trip = z.object({ city: z.string(), days: z.int().min(1).max(9) });

const chatOf = (gate: Gate, secret?: string) =>
  sdk(gate, secret).chat.completions.create({ model, messages });
const responseOf = (gate: Gate, secret?: string) =>
  sdk(gate, secret).responses.create({ model, input: QUESTION });

export const openAiChat: Client = {
  ...{ name: '`openai` (chat completions)', package: 'openai' },
  uses: {
    async chat(gate) {
      const { choices, usage } = await chatOf(gate);
      sure('a text with usage', (choices[0]?.message.content ?? '') !== '' && usage !== undefined);
    },
    async streaming(gate) {
      const stream = sdk(gate).chat.completions.stream({ model, messages });
      sure('a text in parts', (await stream.finalContent()) !== '');
    },
    async tools(gate) {
      const calls: unknown[] = [];
      const runner = sdk(gate).chat.completions.runTools({
        ...{ model, messages: [{ role: 'user', content: 'get weather' }] },
        tools: [
          {
            type: 'function',
            function: {
              ...{ name: 'get_weather', parameters: WEATHER, parse: JSON.parse },
              ...{ description: 'The weather', function: (asked: object) => calls.push(asked) },
            },
          },
        ],
      });
      sure(
        'an answer after its tool',
        (await runner.finalContent()) !== null && calls.length === 1,
      );
    },
    async 'structured output'(gate) {
      const response_format = zodResponseFormat(Trip, 'trip');
      const asked = { model, messages, response_format };
      const { choices } = await sdk(gate).chat.completions.parse(asked);
      sure('an object of its schema', Trip.safeParse(choices[0]?.message.parsed).success);
    },
    async 'images in'(gate) {
      const content = [{ type: 'image_url' as const, image_url: { url: image_url } }];
      await sdk(gate).chat.completions.create({ model, messages: [{ role: 'user', content }] });
    },
    async embeddings(gate) {
      // As floats in base64, unless told otherwise.
      const input = ['one', 'two'];
      const { data } = await sdk(gate).embeddings.create({ model: 'sim-embed', input });
      sure('two vectors', data.length === 2 && typeof data[0]?.embedding[0] === 'number');
    },
    errors: (gate) => tellsErrors((secret) => chatOf(gate, secret), gate),
    abort: (gate) =>
      gate.steered(SLOW, async () => {
        const stream = await sdk(gate).chat.completions.create({ model, messages, stream: true });
        for await (const _ of stream) break;
        sure('it is aborted', stream.controller.signal.aborted);
      }),
    retries: (gate) => gate.steered(DOWN_ONCE, async () => void (await chatOf(gate))),
    'defaults under a budget': async (gate) => void (await chatOf(gate, gate.budgeted)),
  },
};

export const openAiResponses: Client = {
  ...{ name: '`openai` (Responses)', package: 'openai' },
  uses: {
    async chat(gate) {
      const { output_text, usage } = await responseOf(gate);
      sure('a text with usage', output_text !== '' && usage !== undefined);
    },
    async streaming(gate) {
      const stream = sdk(gate).responses.stream({ model, input: QUESTION });
      sure('a text in parts', (await stream.finalResponse()).output_text !== '');
    },
    async tools(gate) {
      const tools = [
        { type: 'function' as const, name: 'get_weather', parameters: WEATHER, strict: true },
      ];
      const input = [{ role: 'user' as const, content: 'get weather' }];
      const asked = await sdk(gate).responses.create({ model, input, tools });
      const call = asked.output.find((item) => item.type === 'function_call');
      if (call === undefined) throw new Error('no call');
      const output = [
        { type: 'function_call_output' as const, call_id: call.call_id, output: '21 degrees' },
      ];
      const next = { model, tools, input: [...input, call, ...output] };
      const answer = await sdk(gate).responses.create(next);
      sure('an answer after its tool', answer.output_text.includes('21 degrees'));
    },
    async 'structured output'(gate) {
      const text = { format: zodTextFormat(Trip, 'trip') };
      const { output_parsed } = await sdk(gate).responses.parse({ model, input: QUESTION, text });
      sure('an object of its schema', Trip.safeParse(output_parsed).success);
    },
    async 'images in'(gate) {
      const content = [{ type: 'input_image' as const, image_url, detail: 'auto' as const }];
      await sdk(gate).responses.create({ model, input: [{ role: 'user', content }] });
    },
    errors: (gate) => tellsErrors((secret) => responseOf(gate, secret), gate),
    abort: (gate) =>
      gate.steered(SLOW, async () => {
        const asked = { model, input: QUESTION, stream: true as const };
        const stream = await sdk(gate).responses.create(asked);
        for await (const _ of stream) break;
        sure('it is aborted', stream.controller.signal.aborted);
      }),
    retries: (gate) => gate.steered(DOWN_ONCE, async () => void (await responseOf(gate))),
    'defaults under a budget': async (gate) => void (await responseOf(gate, gate.budgeted)),
  },
};
