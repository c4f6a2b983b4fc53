/** Azure's older paths: whose model is in them, and where a provider takes what is sent to it. */
import { describe, expect, it } from 'vitest';
import type { Endpoint } from '../dialect.ts';
import { azurePaths } from './azure-paths.ts';
import { openAi } from './openai.ts';

const [chat] = openAi.atDeployments as readonly [Endpoint];
const messages = [{ role: 'user', content: 'hi' }];
const MESSAGES = `"messages":${JSON.stringify(messages)}`;

function read(name: string, body: string | object) {
  const target = chat.target?.(`/openai/deployments/${name}/chat/completions?api-version=x`);
  if (target === undefined || 'code' in target) return target?.code;
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const result = chat.read({ body: Buffer.from(text), target }, 9);
  if (!result.ok) return [result.refusal.code, result.refusal.param];
  const { model, inputTokensMax } = result.facts;
  const sent = chat.open(result.facts).upstream(model, null).body.toString();
  return { model, sent, bound: inputTokensMax - sent.length };
}

describe('a client of Azure’s paths', () => {
  // bifrost PR#255: a name in the body came before that of the deployment in the path.
  it('means the deployment by the model, whatever the body says', () => {
    const sent = `{"model":"gpt-x",${MESSAGES}}`;
    expect(read('gpt-x', `{"model":"cheap",${MESSAGES}}`)).toMatchObject({ model: 'gpt-x', sent });
  });

  it.each([
    ['gpt-x', `{"model":"gpt-x",${MESSAGES}}`, 'gpt-x', `{"model":"gpt-x",${MESSAGES}}`],
    ['gpt-x', `{ ${MESSAGES}}`, 'gpt-x', `{"model":"gpt-x", ${MESSAGES}}`],
    ['gpt-x', `{"model":null,${MESSAGES}}`, 'gpt-x', `{"model":"gpt-x",${MESSAGES}}`],
    ['a%2Fb%22', `{${MESSAGES}}`, 'a/b"', `{"model":"a/b\\"",${MESSAGES}}`],
  ])('need not name it in the body: %s of %s', (name, body, model, sent) => {
    expect(read(name, body)).toMatchObject({ model, sent });
  });

  it.each([
    ['gpt-x', `{"model":"a","model":"b",${MESSAGES}}`, ['ambiguous_json', 'model']],
    ['gpt-x', `{"model":"a","Model":"b",${MESSAGES}}`, ['ambiguous_json', 'Model']],
    ['gpt-x', `{${MESSAGES}`, ['invalid_json', undefined]],
    ['gpt-x', '[]', ['invalid_request', '']],
    ['%E0%A4', `{${MESSAGES}}`, 'model_not_found'],
    ['m'.repeat(257), `{${MESSAGES}}`, 'model_not_found'],
  ])('is refused what cannot be read in one way: %s of %s', (name, body, refusal) => {
    expect(read(name, body)).toEqual(refusal);
  });

  it('I3: has the bytes that are added to its body in the bound of its input', () => {
    const short = read('m', { messages });
    const long = read('m'.repeat(200), { messages });
    expect([typeof short, (long as { bound: number }).bound]).toEqual([
      'object',
      (short as { bound: number }).bound,
    ]);
  });
});

it.each([
  ['/chat/completions', 'gpt-x', '/deployments/gpt-x/chat/completions?api-version=2024-10-21'],
  ['/embeddings', 'a/b ?', '/deployments/a%2Fb%20%3F/embeddings?api-version=2024-10-21'],
  ['/audio/speech', 'tts', '/deployments/tts/audio/speech?api-version=2024-10-21'],
  ['/responses', 'gpt-x', '/responses?api-version=2024-10-21'],
  ['/responses/r?limit=1', '', '/responses/r?limit=1&api-version=2024-10-21'],
])('a provider of Azure’s paths takes %s of %s at %s', (path, model, expected) => {
  expect(azurePaths('2024-10-21')(path, model)).toBe(expected);
});
