/** The first call by each SDK, as its own documentation has it; and the first mistakes. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import OpenAI from 'openai';
import type { Hour } from '../hour.ts';
import { typed } from '../terminal.ts';
import { messages, refusalOf, type Scene } from './scene.ts';

export async function firstCalls(hour: Hour, { installation, key }: Scene): Promise<void> {
  const { proxyUrl } = installation;
  for (const [name, sdk] of [
    ['openai.mjs', 'the openai SDK'],
    ['ai.mjs', 'the AI SDK'],
  ]) {
    await hour.step(`${sdk}: a text, a stream, an object of a schema, a tool`, async () => {
      const said = await application(`${name}`, installation.proxyUrl, key.secret);
      assert.match(said.text, /\w/);
      assert.equal(said.streamed, said.text);
      assert.ok(said.usage > 0);
      assert.match(said.event.date, /^\d{4}-\d\d-\d\d$/);
      assert.match(said.tool, /21 degrees (celsius|fahrenheit)/);
      if (said.models !== undefined) assert.ok(said.models.includes('gpt-4o'));
    });
  }
  await mistakes(hour, { proxyUrl, secret: key.secret });
}

type Said = {
  text: string;
  usage: number;
  streamed: string;
  event: { date: string };
  tool: string;
  models?: string[];
};

async function application(name: string, proxyUrl: string, secret: string): Promise<Said> {
  const file = fileURLToPath(new URL(`../applications/${name}`, import.meta.url));
  const { code, output, errors } = await typed([process.execPath, file], {
    OPENAI_BASE_URL: `${proxyUrl}/v1`,
    OPENAI_API_KEY: secret,
  });
  assert.deepEqual([code, errors], [0, '']);
  return JSON.parse(output) as Said;
}

/** What newcomers get wrong in an application, and what they read then. */
async function mistakes(
  hour: Hour,
  { proxyUrl, secret }: { proxyUrl: string; secret: string },
): Promise<void> {
  const sdk = (apiKey: string, baseURL: string) => new OpenAI({ apiKey, baseURL, maxRetries: 0 });
  const ask = (client: OpenAI, model = 'gpt-4o') =>
    client.chat.completions.create({ model, messages });
  await hour.step('a base URL without /v1: the answer names the path', async () => {
    const { status, message } = await refusalOf(ask(sdk(secret, proxyUrl)));
    assert.deepEqual(
      [status, /Did you mean \/v1\/chat\/completions\?$/.test(message)],
      [404, true],
    );
  });
  await hour.step(
    'the provider’s key instead of one of Tollgate: 401 says which is meant',
    async () => {
      const { status, message } = await refusalOf(ask(sdk('sk-mine', `${proxyUrl}/v1`)));
      assert.equal(status, 401);
      assert.match(message, /Its keys begin with `tg_`/);
    },
  );
  await hour.step('a model that is not there: 404', async () => {
    const { status, message } = await refusalOf(ask(sdk(secret, `${proxyUrl}/v1`), 'gpt-4oo'));
    assert.equal(status, 404);
    return message;
  });
  await hour.step('assistants, which are not served: the answer says what to use', async () => {
    const client = sdk(secret, `${proxyUrl}/v1`);
    const refusal = await refusalOf(client.post('/threads', { body: {} }));
    assert.equal(refusal.status, 404);
    assert.match(refusal.message, /Use the chat completions of your SDK/);
  });
}
