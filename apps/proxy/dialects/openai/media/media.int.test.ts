/** Whole calls for judgements, pictures, speech and transcripts: what is sent, what comes back, what is charged. */
import type { RequestListener } from 'node:http';
import { compilePrice } from '@tollgate/domain/pricing/compile.ts';
import type { ModelPrice } from '@tollgate/domain/pricing/price.ts';
import { describe, expect, it } from 'vitest';
import type { Deployment } from '../../../routing/deployments.ts';
import {
  type CallHouse,
  type CallHouseOptions,
  useCallHouses,
} from '../../../testing/call-house.ts';
import { ends } from '../../../testing/calls.ts';
import { guardrail, openGuardrails } from '../../../testing/guard-house.ts';

const openHouse = useCallHouses();
let house: CallHouse;
let asked: { url: string; type: string | undefined; body: Buffer }[];

const provider =
  (answer: string | Buffer, type = 'application/json', status = 200): RequestListener =>
  async (request, reply) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { url = '', headers } = request;
    asked.push({ url, type: headers['content-type'], body: Buffer.concat(chunks) });
    reply.writeHead(status, { 'content-type': type }).end(answer);
  };

const flat = (pico: number) => [
  { from_input_tokens: 0, pico_usd_per_million: String(pico * 1_000_000) },
];
/** Pico-dollars of each. */
function priced(prices: Partial<Record<keyof ModelPrice, number>>, tiers?: object) {
  const units = Object.entries(prices).map(([unit, pico]) => [unit, flat(pico)]);
  const price = {
    ...{ price: compilePrice(Object.fromEntries(units) as ModelPrice), version: 'v1' },
    ...{ source: 'config', serviceTiers: tiers },
  };
  return { price: price as unknown as Deployment['price'], outputTokensMax: null };
}

async function open(
  listener: RequestListener,
  deployment: Partial<Deployment>,
  options: Partial<CallHouseOptions> = {},
) {
  asked = [];
  const budgets = [{ limit: 1_000_000n }];
  const deployments = [deployment];
  house = await openHouse({ budgets, providers: [listener], deployments, ...options });
}

const post = (path: string, body: object) =>
  fetch(`${house.url}/v1/${path}`, {
    ...{ method: 'POST', headers: { 'content-type': 'application/json' } },
    body: JSON.stringify(body),
  });

/** A form with the model behind the file. */
function formOf(fields: Readonly<Record<string, string>>, file = 'file'): FormData {
  const form = new FormData();
  form.append(file, new Blob([Buffer.from([0, 255, 13, 10, 45])]), 'a.bin');
  for (const [name, value] of Object.entries(fields)) form.append(name, value);
  return form;
}

async function postForm(path: string, form: FormData) {
  const request = new Request(`${house.url}/v1/${path}`, { method: 'POST', body: form });
  const body = Buffer.from(await request.clone().arrayBuffer());
  const answer = await fetch(request);
  return { answer, sent: { type: request.headers.get('content-type') ?? '', body } };
}

const usage = {
  ...{ input_tokens: 50, output_tokens: 400, total_tokens: 450 },
  input_tokens_details: { text_tokens: 10, image_tokens: 40 },
};
const IMAGES = { input: 1, image_input: 2, output: 3, image_output: 4 };
const stated = (cost: string) => [{ status: 'ok', source: 'provider', cost }];

describe('a judgement', () => {
  it('I1: is a request that costs nothing, whatever model it leaves out', async () => {
    const answer = JSON.stringify({ id: 'modr-1', model: 'm-1', results: [{ flagged: false }] });
    await open(provider(answer), priced({ input: 0 }));
    const got = await post('moderations', { input: 'hi' });
    expect([got.status, await got.text()]).toEqual([200, answer]);
    expect(asked[0]?.body.toString()).toBe('{"model":"m","input":"hi"}');
    expect((await ends(house)).events).toMatchObject(stated('0.000000000000'));
    expect(house.events()).toMatchObject([
      { endpoint: 'moderations', requests: 1, input_tokens: 0, model_served: 'm-1' },
    ]);
  });

  it('I8: of a model that is sold by the token is not known without its usage', async () => {
    await open(provider('{"results":[{}]}'), priced({ input: 5 }));
    await post('moderations', { model: 'm', input: 'hi' });
    const { events } = await ends(house);
    expect(events).toMatchObject([{ status: 'ok', source: 'none', cost: null }]);
  });
});

describe('pictures', () => {
  it('are charged by their tokens, each kind at its price', async () => {
    const answer = JSON.stringify({ data: [{ b64_json: 'x' }], usage });
    await open(provider(answer), { ...priced(IMAGES), outputTokensMax: 5_000 });
    const request = { model: 'm', prompt: 'a cat', size: '1024x1024', n: 1 };
    expect(await (await post('images/generations', request)).text()).toBe(answer);
    expect(asked[0]?.body.toString()).toBe(JSON.stringify(request));
    expect(await ends(house)).toMatchObject({ events: stated('0.000000001690'), held: 0n });
  });

  // litellm#6278: their cost was zero, because no tokens were stated.
  // litellm#37738: one price was taken for all sizes and qualities.
  it.each([
    [
      'by the piece, as asked for',
      { quality: 'hd', size: '1792x1024', n: 2 },
      {},
      '0.000000000024',
    ],
    ['by the piece, as is usual', {}, {}, '0.000000000008'],
    [
      'by the piece, as drawn',
      { quality: 'hd' },
      { quality: 'standard', size: '1024x1024' },
      '0.000000000008',
    ],
  ] as [string, object, object, string][])('%s', async (_, request, said, cost) => {
    const one = (pico: number) => compilePrice({ image: flat(pico) });
    const tiers = new Map([
      ['image-standard-1024x1024', one(4)],
      ['image-hd-1024x1024', one(8)],
      ['image-hd-1792x1024', one(12)],
    ]);
    await open(
      provider(JSON.stringify({ data: [{ url: 'u' }, { url: 'v' }], ...said })),
      priced({ image: 4 }, tiers),
    );
    await post('images/generations', { model: 'm', prompt: 'a cat', ...request });
    expect(await ends(house)).toMatchObject({ events: stated(cost), held: 0n });
    expect(house.events()).toMatchObject([{ images: 2, input_tokens: 0 }]);
  });

  it.each<[string, Partial<Deployment>, object]>([
    ['whose quality has no price', priced({ image: 4 }, new Map([['image-hd-1x1', {}]])), {}],
    ['whose tokens nobody bounds', priced(IMAGES), {}],
    ['with pictures to read', { ...priced(IMAGES), outputTokensMax: 9 }, { image: 'data:x' }],
  ])('I3: %s are refused under a hard budget', async (_, deployment, more) => {
    await open(provider('{}'), deployment);
    const got = await post('images/edits', { model: 'm', prompt: 'p', ...more });
    expect([got.status, asked]).toEqual([400, []]);
  });

  it('I3: hold the most that the highest quality has of tokens', async () => {
    await open(provider(JSON.stringify({ data: [{}], usage })), {
      ...priced(IMAGES),
      model: 'gpt-image-1',
      alias: 'gpt-image-1',
    });
    await post('images/generations', {
      model: 'gpt-image-1',
      prompt: 'p',
      n: 2,
      partial_images: 3,
    });
    const held = house.holds[0]?.[0]?.parts[0]?.amount ?? 0n;
    expect(held >= 4n * 2n * (6_240n + 300n)).toBe(true);
  });

  it('are edited by a form, which goes on byte for byte but for the name of its model', async () => {
    const answer = JSON.stringify({ data: [{}], usage });
    await open(
      provider(answer),
      { ...priced(IMAGES), outputTokensMax: 9, model: 'named-there' },
      {
        budgets: [],
      },
    );
    const { answer: got, sent } = await postForm(
      'images/edits',
      formOf({ model: 'm', prompt: 'a hat', n: '1' }, 'image[]'),
    );
    expect([got.status, await got.text()]).toEqual([200, answer]);
    const [at] = asked;
    expect(at?.url).toBe('/images/edits');
    expect(at?.type).toBe(sent.type);
    const [before, behind] = sent.body.toString('latin1').split('name="model"\r\n\r\nm\r\n');
    expect(at?.body.toString('latin1')).toBe(
      `${before}name="model"\r\n\r\nnamed-there\r\n${behind}`,
    );
    expect((await ends(house)).events).toMatchObject(stated('0.000000001690'));
  });

  it.each<[string, Parameters<typeof priced>[0]]>([
    [
      'I8: by the piece and by the token, where tokens alone are stated',
      { input: 1, output: 1, image: 4 },
    ],
    ['I8: by the piece, where free tokens alone are stated', { input: 0, output: 0, image: 4 }],
  ])('%s', async (_, by) => {
    const answer = JSON.stringify({ data: [{}, {}], usage });
    await open(provider(answer), { ...priced(by), outputTokensMax: 500 });
    await post('images/generations', { model: 'm', prompt: 'p', n: 2 });
    const { events, spent } = await ends(house);
    expect(events).toMatchObject([{ source: 'none', cost: null, error: 'usage_missing' }]);
    expect((spent ?? 0n) >= 8n).toBe(true);
  });

  it('I9, I11: come as they are drawn, and the last event waits for the usage event', async () => {
    const events = [
      { type: 'image_generation.partial_image', b64_json: 'x', partial_image_index: 0 },
      { type: 'image_generation.completed', b64_json: 'y', usage },
    ];
    const text = events
      .map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`)
      .join('');
    await open(provider(text, 'text/event-stream'), { ...priced(IMAGES), outputTokensMax: 900 });
    const got = await post('images/generations', { model: 'm', prompt: 'p', stream: true });
    expect(await got.text()).toBe(text);
    expect((await ends(house)).events).toMatchObject(stated('0.000000001690'));
  });

  it('I8: of several that state their usage each, nobody knows whose it is', async () => {
    const event = { type: 'image_generation.completed', b64_json: 'y', usage };
    const text = `data: ${JSON.stringify(event)}\n\n`.repeat(2);
    await open(provider(text, 'text/event-stream'), { ...priced(IMAGES), outputTokensMax: 900 });
    const request = { model: 'm', prompt: 'p', stream: true, n: 2 };
    await (await post('images/generations', request)).text();
    const { events, held } = await ends(house);
    expect([events, held]).toMatchObject([
      [{ source: 'none', cost: null, error: 'usage_contradictory' }],
      0n,
    ]);
  });
});

describe('speech', () => {
  const sound = Buffer.from([255, 251, 13, 10, 0, 1, 2, 3]);

  it('is charged by the character of its text, as an estimate', async () => {
    await open(provider(sound, 'audio/mpeg'), priced({ character: 15 }));
    const got = await post('audio/speech', { model: 'm', input: 'né 👋', voice: 'alloy' });
    expect([got.headers.get('content-type'), Buffer.from(await got.arrayBuffer())]).toEqual([
      ...['audio/mpeg', sound],
    ]);
    const { events, held, spent } = await ends(house);
    expect([events, held, spent]).toMatchObject([
      [{ status: 'ok', source: 'estimated', cost: '0.000000000060' }],
      ...[0n, 60n],
    ]);
    expect(house.events()).toMatchObject([{ characters: 4, requests: 1 }]);
  });

  it('I8: of a model that is sold by the token is not known by its sound, and by its events', async () => {
    const price = { ...priced({ input: 1, audio_output: 2, output: 2 }), outputTokensMax: 500 };
    await open(provider(sound, 'audio/mpeg'), price);
    await (await post('audio/speech', { model: 'm', input: 'hi' })).arrayBuffer();
    expect((await ends(house)).events).toMatchObject([
      { status: 'ok', source: 'none', cost: null },
    ]);
    await house.close();
    const done = {
      type: 'speech.audio.done',
      usage: { input_tokens: 14, output_tokens: 101, total_tokens: 115 },
    };
    const text = `data: {"type":"speech.audio.delta","audio":"x"}\n\ndata: ${JSON.stringify(done)}\n\n`;
    await open(provider(text, 'text/event-stream'), price);
    const got = await post('audio/speech', { model: 'm', input: 'hi', stream_format: 'sse' });
    expect(await got.text()).toBe(text);
    expect((await ends(house)).events).toMatchObject(stated('0.000000000216'));
  });
});

it('a recording that a guardrail is to judge is kept from its client, unless it lets pass what it cannot', async () => {
  const sound = Buffer.from([255, 251, 1, 2]);
  const said: string[] = [];
  for (const whenUnavailable of ['closed', 'open'] as const) {
    const judge = guardrail({
      webhook: { url: 'http://127.0.0.1:1/', onAnswer: true, whenUnavailable },
    });
    const guardrails = openGuardrails([judge], {}, said);
    await open(provider(sound, 'audio/mpeg'), priced({ character: 15 }), { guardrails });
    const got = await post('audio/speech', { model: 'm', input: 'hi' });
    const bytes = Buffer.from(await got.arrayBuffer());
    expect([got.status, bytes.equals(sound)]).toEqual(
      whenUnavailable === 'open' ? [200, true] : [502, false],
    );
    await house.close();
    await guardrails.close();
  }
  // What nobody can read is shown to nobody.
  expect(said).toEqual([]);
});

describe('a transcript', () => {
  const seconds = JSON.stringify({ text: 'hi', usage: { type: 'duration', seconds: 9 } });
  const BY_SECOND: Partial<Deployment> = {
    ...priced({ audio_second: 7 }),
    bounds: {
      tokensPer: { image: null, audio: null, video: null, file: null },
      ...{ tokensStored: null, searches: null, secondsPerAudio: 60 },
    },
  };

  it('is charged by the second, and its form goes on as it came', async () => {
    await open(provider(seconds), BY_SECOND);
    const { answer, sent } = await postForm('audio/transcriptions', formOf({ model: 'm' }));
    expect(await answer.text()).toBe(seconds);
    expect(asked).toEqual([{ url: '/audio/transcriptions', ...sent }]);
    expect(await ends(house)).toMatchObject({ events: stated('0.000000000063'), held: 0n });
    expect(house.holds[0]?.[0]?.parts[0]?.amount).toBe(420n);
  });

  it('I3: is refused under a hard budget that nobody has bounded its length for', async () => {
    await open(provider(seconds), priced({ audio_second: 7 }));
    const { answer } = await postForm('audio/translations', formOf({ model: 'm' }));
    const { error } = (await answer.json()) as { error: { code: string; message: string } };
    expect([answer.status, error.code, asked]).toEqual([400, 'unbounded_request', []]);
    expect(error.message).toContain('seconds_per_audio');
  });

  it('I8: as a text says nothing of what it used, which is not nothing', async () => {
    await open(provider('1\n00:00:00,000 --> 00:00:09,000\nhi\n', 'text/plain'), BY_SECOND);
    const form = formOf({ model: 'm', response_format: 'srt' });
    await (await postForm('audio/transcriptions', form)).answer.text();
    const { events, spent } = await ends(house);
    expect([events, spent]).toMatchObject([[{ status: 'ok', source: 'none', cost: null }], 420n]);
  });

  it('of a form with two readings is refused, and nothing is sent', async () => {
    await open(provider(seconds), BY_SECOND);
    for (const name of ['model', 'model[]', 'Model', 'model[a]', 'stream[a]']) {
      const form = formOf({ model: 'm' });
      form.append(name, 'x');
      const { answer } = await postForm('audio/transcriptions', form);
      const { error } = (await answer.json()) as { error?: { code: string } };
      expect([name, answer.status, error?.code]).toEqual([name, 400, 'ambiguous_form']);
    }
    expect(asked).toEqual([]);
  });
});
