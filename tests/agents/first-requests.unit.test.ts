/**
 * The first requests of coding agents, in the form in which `npm run test:agents` saw them: they are read, and
 * what of them a hard budget has no bound for is known by its name.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { messages } from '@tollgate/proxy/dialects/anthropic/messages-request.ts';
import type { CallRequest, Endpoint } from '@tollgate/proxy/dialects/dialect.ts';
import { streamGenerateContent } from '@tollgate/proxy/dialects/gemini/generate-request.ts';
import { chatCompletions } from '@tollgate/proxy/dialects/openai/chat-request.ts';
import { responses } from '@tollgate/proxy/dialects/openai/responses/responses-request.ts';
import { expect, it } from 'vitest';

type First = { path: string; headers: Record<string, string>; body: object };

const FOLDER = new URL('./first-requests/', import.meta.url);
const ENDPOINTS: readonly Endpoint[] = [
  ...[chatCompletions, responses, messages, streamGenerateContent],
];

function openFirst(file: string): CallRequest {
  const first = JSON.parse(readFileSync(new URL(file, FOLDER), 'utf8')) as First;
  const path = first.path.replace(/^\/gemini/, '');
  const endpoint = ENDPOINTS.find((one) => path.startsWith(one.path.replace('*', '')));
  if (endpoint === undefined) throw new Error(`${file}: nobody serves ${path}`);
  const target = endpoint.target?.(path);
  if (target !== undefined && 'code' in target) throw new Error(target.code);
  const body = Buffer.from(JSON.stringify(first.body));
  const read = endpoint.read({ body, target }, 64);
  if (!read.ok) throw new Error(`${file}: ${read.refusal.code} ${read.refusal.message}`);
  return endpoint.open(read.facts, first.headers);
}

it.each([
  ['aider.json', 'chat.completions', null],
  ['codex.json', 'responses', 'tool `namespace`'],
  ['gemini-cli.json', 'streamGenerateContent', null],
  ['opencode-chat.json', 'chat.completions', null],
  ['opencode-messages.json', 'messages', null],
])('%s', (file, endpoint, unboundedBy) => {
  const call = openFirst(file);
  expect([call.endpoint, call.stream, call.unboundedBy]).toEqual([endpoint, true, unboundedBy]);
  // I11: under its own name nothing of it is changed, but for the usage that a stream is asked for.
  const sent = JSON.parse(call.upstream(call.model, null).body.toString()) as object;
  const { stream_options: _, ...rest } = sent as { stream_options?: object };
  const { stream_options: __, ...asked } = JSON.parse(call.body.toString()) as typeof rest & {
    stream_options?: object;
  };
  expect(rest).toEqual(asked);
});

it('each agent that was seen has its row', () => {
  expect(readdirSync(FOLDER)).toHaveLength(5);
});
