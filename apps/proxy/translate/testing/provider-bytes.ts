/** Answers as providers send them, in pieces, and requests that ask for nothing in particular. */
import Anthropic from '@anthropic-ai/sdk';
import { anthropicSide } from './anthropic-side.ts';
import { geminiSide } from './gemini-side.ts';
import { wire } from './in-process.ts';
import { openAiSide } from './openai-side.ts';
import { EVENTS } from './raw.ts';
import type { Side } from './side.ts';

export const [openAi, claude, gemini] = [openAiSide, anthropicSide, geminiSide];
export const hi = { role: 'user', content: 'hi' };
export const chat = { model: 'm', max_tokens: 9, messages: [hi] };
export const message = { model: 'm', max_tokens: 9, messages: [hi] };
export const content = { contents: [{ role: 'user', parts: [{ text: 'hi' }] }] };
export const bodies = new Map<Side, object>([
  [openAi, chat],
  [claude, message],
  [gemini, content],
]);
export const streamed = (side: Side) => ({ ...bodies.get(side), stream: true });

const head = {
  id: 'chatcmpl-1',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'gpt-x',
};
export const delta = (fields: object, finish_reason: string | null = null) => ({
  ...head,
  choices: [{ index: 0, delta: fields, finish_reason }],
});
export const total = {
  ...head,
  choices: [],
  usage: { prompt_tokens: 9, completion_tokens: 5, total_tokens: 14 },
};
export const chunks = (...all: object[]) =>
  all.map((one) => `data: ${JSON.stringify(one)}\n\n`).join('');
export const done = 'data: [DONE]\n\n';
export const toolChunk = (index: number | undefined, fields: object, called: object) =>
  delta({
    tool_calls: [{ ...(index === undefined ? {} : { index }), ...fields, function: called }],
  });

/** What a provider was sent. */
export const sentTo = <T>({ sent }: { sent: readonly { json: unknown }[] }): T =>
  sent[0]?.json as T;

export type Block = { type: string; id?: string; name?: string; input?: unknown; text?: string };

/** What Anthropic's SDK makes of a stream of a provider of OpenAI's dialect. */
export async function messageOf(body: string): Promise<Anthropic.Message> {
  const { fetch } = wire(claude, openAi, { type: EVENTS, body });
  const client = new Anthropic({ apiKey: 'k', baseURL: 'http://gate.test', maxRetries: 0, fetch });
  return await client.messages.stream(message as never).finalMessage();
}

export const blocksOf = async (body: string) => (await messageOf(body)).content as Block[];

/** A stream of Anthropic's events. */
export const events = (...all: object[]) =>
  all
    .map((one) => `event: ${(one as { type: string }).type}\ndata: ${JSON.stringify(one)}\n\n`)
    .join('');
const usage = { input_tokens: 9, output_tokens: 5 };
export const start = {
  type: 'message_start',
  message: { id: 'msg_1', type: 'message', role: 'assistant', model: 'c', content: [], usage },
};
export const stopped = (stop_reason: string) => [
  { type: 'message_delta', delta: { stop_reason, stop_sequence: null }, usage },
  { type: 'message_stop' },
];
export const block = (index: number, content_block: object, ...deltas: object[]) => [
  { type: 'content_block_start', index, content_block },
  ...deltas.map((one) => ({ type: 'content_block_delta', index, delta: one })),
  { type: 'content_block_stop', index },
];
