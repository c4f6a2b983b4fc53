/** Pieces of answers, as OpenAI's dialect has them. */
import type { ProviderScript } from '../answer-case.ts';

const HEAD = { id: 'c-1', created: 1, model: 'served' };

const STREAM = ['content-type: text/event-stream'];
export const JSON_TYPE = ['content-type: application/json'];
export const DONE = 'data: [DONE]\n\n';

export const chunk = (fields: object): string =>
  `data: ${JSON.stringify({ ...HEAD, object: 'chat.completion.chunk', ...fields })}\n\n`;

/** A chunk of text, or of any other delta. */
export const delta = (written: string | object, finish: string | null = null): string =>
  chunk({
    choices: [
      {
        index: 0,
        delta: typeof written === 'string' ? { content: written } : written,
        finish_reason: finish,
      },
    ],
  });

export const FINISH = delta({}, 'stop');
export const usageChunk = (usage: unknown): string => chunk({ choices: [], usage });

export const stated = (prompt: number, completion: number, fields: object = {}): object => ({
  ...{ prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion },
  ...fields,
});

export const words = (count: number, text = 'lorem '): string[] =>
  Array.from({ length: count }, () => delta(text));

export const streamed = (...pieces: string[]): ProviderScript => ({ headers: STREAM, pieces });

/** A whole chat completion. */
export const completion = (usage: unknown, message: object = { content: 'pong' }): ProviderScript =>
  answer({
    ...{ ...HEAD, object: 'chat.completion' },
    choices: [{ index: 0, message: { role: 'assistant', ...message }, finish_reason: 'stop' }],
    ...(usage === undefined ? {} : { usage }),
  });

export const answer = (body: object | string): ProviderScript => ({
  headers: JSON_TYPE,
  pieces: [typeof body === 'string' ? body : JSON.stringify(body)],
  whole: true,
});

const messages = [{ role: 'user', content: 'ping' }];
/** The requests of most cases: not streamed, and streamed. */
export const ASKED = { model: 'chat', max_tokens: 600, messages };
export const ASKED_STREAM = { ...ASKED, stream: true };
