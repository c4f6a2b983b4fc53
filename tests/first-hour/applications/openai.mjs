/** An application on the official SDK: its key and its base URL come from the environment alone. */
import OpenAI from 'openai';
import { zodFunction, zodResponseFormat } from 'openai/helpers/zod';
import { z } from 'zod';

const client = new OpenAI();
const model = 'gpt-4o';
const hello = [{ role: 'user', content: 'Say hello.' }];

const { choices, usage } = await client.chat.completions.create({ model, messages: hello });

let streamed = '';
const stream = await client.chat.completions.create({ model, messages: hello, stream: true });
for await (const chunk of stream) streamed += chunk.choices[0]?.delta.content ?? '';

const Event = z.object({ name: z.string(), date: z.iso.date(), participants: z.array(z.string()) });
const parsed = await client.chat.completions.parse({
  model,
  messages: [{ role: 'user', content: 'Alice and Bob are going to a science fair on Friday.' }],
  response_format: zodResponseFormat(Event, 'event'),
});

const runner = client.chat.completions.runTools({
  model,
  messages: [{ role: 'user', content: 'How is the weather in Oslo?' }],
  tools: [
    zodFunction({
      name: 'get_weather',
      parameters: z.object({ city: z.string(), unit: z.enum(['celsius', 'fahrenheit']) }),
      function: ({ unit }) => `21 degrees ${unit}`,
    }),
  ],
});

const models = await Array.fromAsync(client.models.list(), ({ id }) => id);

process.stdout.write(
  JSON.stringify({
    text: choices[0].message.content,
    usage: usage.total_tokens,
    streamed,
    event: parsed.choices[0].message.parsed,
    tool: await runner.finalContent(),
    models,
  }),
);
