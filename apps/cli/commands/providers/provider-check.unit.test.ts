/** How each provider is asked for its models: with its key where its own clients show it, and nowhere else. */
import { describe, expect, it } from 'vitest';
import { type AskedProvider, askProvider } from './provider-check.ts';

async function asking(more: Partial<AskedProvider>, answer: unknown) {
  let seen: { url: string; headers: Record<string, string> } | undefined;
  const send = async (url: unknown, init?: RequestInit) => {
    seen = { url: String(url), headers: init?.headers as Record<string, string> };
    return Response.json(answer);
  };
  const asked = { name: 'p', baseUrl: 'https://p.test/v1/', apiKey: 'k', ...more };
  const { signal } = new AbortController();
  const tools = { fetch: send as typeof fetch, clock: () => 0, signal };
  const { outcome, models } = await askProvider(asked, tools);
  return { outcome, models, ...seen };
}

describe('a provider is asked for its models', () => {
  it.each<[Partial<AskedProvider>, Record<string, string>, unknown]>([
    [{}, { authorization: 'Bearer k' }, { data: [{}, {}] }],
    [
      { dialect: 'anthropic' },
      { 'x-api-key': 'k', 'anthropic-version': '2023-06-01' },
      { data: [{}, {}] },
    ],
    [{ dialect: 'gemini' }, { 'x-goog-api-key': 'k' }, { models: [{}, {}] }],
    [{ auth: 'api-key' }, { 'api-key': 'k' }, { data: [{}, {}] }],
    [{ apiKey: '', headers: { 'x-project': 'p' } }, { 'x-project': 'p' }, { data: [{}, {}] }],
  ])('as its own clients do: %j', async (more, headers, answer) => {
    expect(await asking(more, answer)).toEqual({
      ...{ outcome: 'works', models: 2, url: 'https://p.test/v1/models', headers },
    });
  });

  it('and what answers with something else does not work', async () => {
    expect(await asking({}, { models: 'none' })).toMatchObject({
      outcome: 'failing',
      models: null,
    });
  });
});
