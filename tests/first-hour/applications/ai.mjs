/** An application on the AI SDK, with its provider for what speaks OpenAI's dialect. */
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';

const tollgate = createOpenAICompatible({
  name: 'tollgate',
  baseURL: process.env.OPENAI_BASE_URL,
  apiKey: process.env.OPENAI_API_KEY,
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const model = tollgate('gpt-4o');

const { text, usage } = await generateText({ model, prompt: 'Say hello.' });

const { textStream } = streamText({ model, prompt: 'Say hello.' });
const streamed = (await Array.fromAsync(textStream)).join('');

const { output: event } = await generateText({
  model,
  prompt: 'Alice and Bob are going to a science fair on Friday.',
  output: Output.object({
    schema: z.object({ name: z.string(), date: z.iso.date(), participants: z.array(z.string()) }),
  }),
});

const { text: answer } = await generateText({
  model,
  prompt: 'How is the weather in Oslo?',
  stopWhen: stepCountIs(3),
  tools: {
    get_weather: tool({
      description: 'Get the weather of a city',
      inputSchema: z.object({ city: z.string(), unit: z.enum(['celsius', 'fahrenheit']) }),
      execute: ({ unit }) => `21 degrees ${unit}`,
    }),
  },
});

process.stdout.write(
  JSON.stringify({ text, usage: usage.totalTokens, streamed, event, tool: answer }),
);
