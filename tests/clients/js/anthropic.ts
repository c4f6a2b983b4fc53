/** Anthropic's own SDK. */
import Anthropic from '@anthropic-ai/sdk';
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

const sdk = ({ url, secret }: Gate, apiKey = secret) => new Anthropic({ baseURL: url, apiKey });
const asked = {
  ...{ model: 'sim-claude', max_tokens: 300 },
  messages: [{ role: 'user' as const, content: QUESTION }],
};
const tools = [{ name: 'get_weather', description: 'The weather', input_schema: WEATHER }];

const messageOf = (gate: Gate, secret?: string) => sdk(gate, secret).messages.create(asked);

export const anthropicSdk: Client = {
  ...{ name: '`@anthropic-ai/sdk`', package: '@anthropic-ai/sdk' },
  uses: {
    async chat(gate) {
      const { content, usage } = await messageOf(gate);
      sure('a text with usage', content[0]?.type === 'text' && usage.output_tokens > 0);
    },
    async streaming(gate) {
      sure('a text in parts', (await sdk(gate).messages.stream(asked).finalText()) !== '');
    },
    async tools(gate) {
      const user = { role: 'user' as const, content: 'get weather' };
      const first = await sdk(gate).messages.create({ ...asked, messages: [user], tools });
      const call = first.content.find((block) => block.type === 'tool_use');
      if (call === undefined) throw new Error('no call');
      const result = { type: 'tool_result' as const, tool_use_id: call.id, content: '21 degrees' };
      const turns = [
        ...[user, { role: 'assistant' as const, content: first.content }],
        { role: 'user' as const, content: [result] },
      ];
      const { content } = await sdk(gate).messages.create({ ...asked, messages: turns, tools });
      const [text] = content;
      sure('an answer after its tool', text?.type === 'text' && text.text.includes('21 degrees'));
    },
    async 'structured output'(gate) {
      const output_config = { format: { type: 'json_schema' as const, schema: WEATHER } };
      const { content } = await sdk(gate).messages.create({ ...asked, output_config });
      const [text] = content;
      sure('an object', text?.type === 'text' && 'city' in JSON.parse(text.text));
    },
    async 'images in'(gate) {
      const source = { type: 'base64' as const, media_type: 'image/png' as const, data: PIXEL };
      const content = [{ type: 'image' as const, source }];
      await sdk(gate).messages.create({ ...asked, messages: [{ role: 'user', content }] });
    },
    errors: (gate) => tellsErrors((secret) => messageOf(gate, secret), gate),
    abort: (gate) =>
      gate.steered(SLOW, async () => {
        const stream = sdk(gate).messages.stream(asked);
        for await (const _ of stream) break;
        sure('it is aborted', stream.aborted || stream.controller.signal.aborted);
      }),
    retries: (gate) => gate.steered(DOWN_ONCE, async () => void (await messageOf(gate))),
    'defaults under a budget': async (gate) => void (await messageOf(gate, gate.budgeted)),
  },
};
