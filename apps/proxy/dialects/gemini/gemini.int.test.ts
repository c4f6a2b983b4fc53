/** Whole calls of Gemini's dialect: what a client gets, and what is recorded and charged. */
import type { RequestListener } from 'node:http';
import { describe, expect, it } from 'vitest';
import { type CallHouse, type CallHouseOptions, useCallHouses } from '../../testing/call-house.ts';
import { ends } from '../../testing/calls.ts';

const openHouse = useCallHouses();
let house: CallHouse;
let asked: string[];

const part = (text: string, fields: object = {}) => ({
  candidates: [{ content: { role: 'model', parts: [{ text }] }, index: 0, ...fields }],
  modelVersion: 'm-1',
});
const usageMetadata = {
  ...{ promptTokenCount: 30, candidatesTokenCount: 7, thoughtsTokenCount: 5 },
  totalTokenCount: 42,
};
const last = { ...part(' five', { finishReason: 'STOP' }), usageMetadata };
const running = { ...usageMetadata, candidatesTokenCount: 3, totalTokenCount: 38 };
const parts = [{ ...part('four'), usageMetadata: running }, last];
const EVENTS = parts.map((each) => `data: ${JSON.stringify(each)}\r\n\r\n`).join('');
const ARRAY = `[${parts.map((each) => JSON.stringify(each)).join('\n,\n')}\n]`;

const REQUEST = JSON.stringify({
  contents: [{ parts: [{ text: 'hi' }] }],
  generationConfig: { maxOutputTokens: 10 },
});
const STATED = { source: 'provider', cost: '0.000000000042' };

const provider =
  (answer: string, type = 'application/json', status = 200): RequestListener =>
  async (request, reply) => {
    let body = '';
    for await (const chunk of request) body += String(chunk);
    asked.push(`${request.url} ${body}`);
    reply.writeHead(status, { 'content-type': type }).end(answer);
  };

async function open(listener: RequestListener, options: Partial<CallHouseOptions> = {}) {
  asked = [];
  house = await openHouse({ budgets: [{}], providers: [listener], ...options });
}

const post = (action: string, body = REQUEST) =>
  fetch(`${house.url}/v1beta/models/m:${action}`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' }, body },
  });

describe('a call of Gemini’s dialect', () => {
  it.each<[string, string, string]>([
    ['generateContent', JSON.stringify(last), 'application/json'],
    ['streamGenerateContent?alt=sse', EVENTS, 'text/event-stream'],
    ['streamGenerateContent', ARRAY, 'application/json'],
  ])('%s gets its answer byte for byte, and is charged as stated', async (action, answer, type) => {
    await open(provider(answer, type));
    const got = await post(action);
    expect([got.status, await got.text()]).toEqual([200, answer]);
    expect(asked).toEqual([`/models/m:${action} ${REQUEST}`]);
    expect(await ends(house)).toMatchObject({
      events: [{ status: 'ok', http: 200, error: null, ...STATED }],
      ...{ held: 0n, spent: 42n },
    });
    expect(house.events()).toMatchObject([
      { input_tokens: 30, output_tokens: 7, reasoning_tokens: 5, model_served: 'm-1' },
    ]);
  });

  it.each([
    ['streamGenerateContent?alt=sse', `data: ${JSON.stringify(parts[0])}\r\n\r\n`],
    ['streamGenerateContent', `[${JSON.stringify(parts[0])}`],
  ])(
    'I3: a %s that breaks off is charged the hold, not its running total',
    async (action, begun) => {
      await open((request, reply) => {
        request.resume();
        reply.writeHead(200, { 'content-type': 'text/event-stream' }).write(begun);
        setImmediate(() => reply.destroy());
      });
      await expect(post(action).then((got) => got.text())).rejects.toThrow();
      const { events, held, spent } = await ends(house);
      expect(events).toMatchObject([{ status: 'upstream_error', source: 'none', cost: null }]);
      expect([held, (spent ?? 0n) > 42n]).toEqual([0n, true]);
    },
  );

  it('I3: is refused under a hard budget if it has no bound, in the form of the dialect', async () => {
    await open(provider('{}'));
    const contents = [{ parts: [{ text: 'hi' }] }];
    const body = JSON.stringify({ contents, tools: [{ codeExecution: {} }] });
    const got = await post('generateContent', body);
    expect([got.status, await got.json(), asked, house.refused]).toMatchObject([
      ...[400, { error: { code: 400, status: 'INVALID_ARGUMENT' } }, [], ['unbounded_request']],
    ]);
  });

  it('may ask for vectors, whose input is charged', async () => {
    await open(provider('{"embedding":{"values":[0.1]},"usageMetadata":{"promptTokenCount":42}}'));
    const body = JSON.stringify({ content: { parts: [{ text: 'hi' }] } });
    expect((await post('embedContent', body)).status).toBe(200);
    const { events, spent } = await ends(house);
    expect([events, spent]).toMatchObject([[{ status: 'ok', ...STATED }], 42n]);
  });
});
