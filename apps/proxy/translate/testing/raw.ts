/** Requests and answers as they are on the wire, between a client and a provider of another dialect. */
import { type ProviderAnswer, type Wire, wire } from './in-process.ts';
import type { Side } from './side.ts';

const PATHS = {
  openai: '/v1/chat/completions',
  anthropic: '/v1/messages',
  gemini: '/v1beta/models/m:generateContent',
} as const;
const GEMINI_STREAM = '/v1beta/models/m:streamGenerateContent?alt=sse';

export const JSON_TYPE = 'application/json';
export const EVENTS = 'text/event-stream';

export type Raw = { status: number; text: string; headers: Headers; wire: Wire };

/** @param body of the client's request; one with `stream` asks for a stream */
export async function askRaw(
  from: Side,
  to: Side,
  body: object,
  answer: ProviderAnswer = { type: JSON_TYPE, body: '{}' },
  chunkBytes?: number,
): Promise<Raw> {
  const { dialect } = from.codec;
  const isStream = (body as { stream?: boolean }).stream === true;
  const given = { ...body } as Record<string, unknown>;
  if (dialect === 'gemini') delete given['stream'];
  const path = dialect === 'gemini' && isStream ? GEMINI_STREAM : PATHS[dialect];
  const between = wire(from, to, answer, chunkBytes);
  const init = { method: 'POST', body: JSON.stringify(given) };
  const response = await between.fetch(`http://gate.test${path}`, init);
  const { status, headers } = response;
  return { status, text: await response.text(), headers, wire: between };
}

/** The field that a refusal names. */
export function refusedField(text: string): string | undefined {
  const { error } = JSON.parse(text);
  return error.param ?? error.details?.[0]?.metadata.param;
}

/** What the events of a stream say, in order. */
export function eventsIn(text: string): unknown[] {
  return text
    .split(/\r?\n/)
    .filter((line) => line.startsWith('data:') && !line.includes('[DONE]'))
    .map((line) => JSON.parse(line.slice(5)));
}
