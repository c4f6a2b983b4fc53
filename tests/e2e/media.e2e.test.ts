/**
 * OpenAI's official SDK for judgements, pictures, speech and transcripts, as it is, against the simulator's own
 * bill: what is called the provider's figure is the bill's, and what is not known is held.
 */
import { proxyLimits } from '@tollgate/proxy/limits.ts';
import type { BillLine } from '@tollgate/simulator/bill/bill-line.ts';
import OpenAI, { toFile } from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPlatform, type PlatformHouse, until } from './platform-house.ts';

type Event = Record<string, string | null>;
type Call = () => Promise<unknown>;

let house: PlatformHouse;
let url: string;
let client: OpenAI;
let secret: string;

const file = (bytes = 950) => toFile(Buffer.alloc(bytes, 7), 'a.wav', { type: 'audio/wav' });
const drawn = { model: 'sim-image', prompt: 'A cat on a wall', quality: 'low' } as const;
const streamed = { ...drawn, stream: true, partial_images: 2 } as const;
const painted = { model: 'sim-painter', prompt: 'p', size: '1792x1024' } as const;
const spoken = { model: 'sim-tts', input: 'né 👋', voice: 'alloy' } as const;

const SERVED: Readonly<Record<string, readonly [endpoint: string, call: Call]>> = {
  'a judgement, which is a request': [
    'moderations',
    async () => {
      const asked = { model: 'sim-moderation', input: ['a flag', 'hi'] };
      const { results } = await client.moderations.create(asked);
      expect(results.map(({ flagged }) => flagged)).toEqual([true, false]);
    },
  ],
  'two pictures by the token': [
    'images.generations',
    async () => {
      const { data, usage } = await client.images.generate({ ...drawn, n: 2 });
      expect([data?.length, usage?.output_tokens]).toEqual([2, 544]);
    },
  ],
  'a picture by the piece, of a quality and a size': [
    'images.generations',
    () => client.images.generate({ ...painted, quality: 'hd' }),
  ],
  'a picture as it is drawn': [
    'images.generations',
    async () => {
      const events = await Array.fromAsync(await client.images.generate(streamed));
      expect(events.map(({ type }) => type)).toEqual([
        ...['image_generation.partial_image', 'image_generation.partial_image'],
        'image_generation.completed',
      ]);
    },
  ],
  'an edit of two pictures, in a form': [
    'images.edits',
    async () => {
      const image = [await file(), await file()];
      await client.images.edit({ ...drawn, image, mask: await file() });
    },
  ],
  'speech by the token, as events': [
    'audio.speech',
    async () => {
      const asked = { ...spoken, model: 'sim-voice', stream_format: 'sse' } as const;
      expect(await (await client.audio.speech.create(asked)).text()).toContain('audio.done');
    },
  ],
  // So large a body is read in a thread.
  'a transcript by the second': [
    'audio.transcriptions',
    async () => hear({ file: await file(2 * proxyLimits.bodyInlineBytesMax) }),
  ],
  'a translation by the token': [
    'audio.translations',
    async () => {
      const asked = { model: 'sim-transcribe', file: await file(), prompt: 'Names: Ann' };
      await client.audio.translations.create(asked);
    },
  ],
  'a transcript as it is made': [
    'audio.transcriptions',
    async () => {
      const asked = { model: 'sim-transcribe', file: await file(), stream: true } as const;
      const events = await Array.fromAsync(await client.audio.transcriptions.create(asked));
      expect(events.at(-1)?.type).toBe('transcript.text.done');
    },
  ],
};

/** With a fault of the simulator, or where an answer has no place for its usage. */
const UNSTATED: Readonly<Record<string, Call>> = {
  'pictures without usage': () => draw('usage_missing'),
  'pictures that are cut': () => draw('malformed_sse').catch(() => undefined),
  'streamed pictures without usage': () => stream('usage_missing'),
  'streamed pictures that break off': () => stream('reset_after:60').catch(() => undefined),
  'a transcript without usage': () => hear({ sim_fault: 'usage_missing' }),
  'a transcript as a text': () => hear({ response_format: 'srt' }),
};

const draw = (fault: string) =>
  client.images.generate({ ...drawn, metadata: { sim_fault: fault } } as typeof drawn);
const stream = async (fault: string) => {
  const asked = { ...streamed, metadata: { sim_fault: fault } } as typeof streamed;
  await Array.fromAsync(await client.images.generate(asked));
};
const hear = async (more: object) =>
  client.audio.transcriptions.create({ model: 'sim-whisper', file: await file(), ...more });

const lines = new Map<string, BillLine>();
let events: Map<string | null, Event>;
let sound: ArrayBuffer;

beforeAll(async () => {
  house = await openPlatform();
  const tokensPer = { image: 400, audio: 5_000, video: null, file: null };
  const bounds = { tokensPer, tokensStored: null, searches: null, secondsPerAudio: 3_600 };
  url = (await house.proxy(undefined, { bounds })).url;
  const key = await house.key(await house.customer());
  await house.budget(key.id, '100.000000000000');
  secret = key.secret;
  client = house.sdk(url, secret);
  for (const [name, [, call]] of Object.entries(SERVED)) lines.set(name, await lineOf(call));
  for (const [name, call] of Object.entries(UNSTATED)) lines.set(name, await lineOf(call));
  const speak = async () => {
    sound = await (await client.audio.speech.create(spoken)).arrayBuffer();
  };
  lines.set('speech', await lineOf(speak));
  events = await eventsOf([...lines.values()]);
});
afterAll(() => house.close());

async function lineOf(call: Call): Promise<BillLine> {
  const before = (await house.simulator.bill()).length;
  await call();
  const added = (await house.simulator.bill()).slice(before);
  expect(added).toHaveLength(1);
  return added[0] as BillLine;
}

const COLUMNS = [
  ...['input_tokens', 'output_tokens', 'image_input_tokens', 'image_output_tokens'],
  ...['audio_input_tokens', 'audio_output_tokens', 'images', 'audio_seconds', 'characters'],
  'requests',
];

/** Asked for once, since the warehouse takes its time. */
async function eventsOf(all: readonly BillLine[]): Promise<Map<string | null, Event>> {
  const numbers = COLUMNS.map((name) => `toString(${name}) AS ${name}`).join(', ');
  let found = new Map<string | null, Event>();
  await until('each line of the bill has its row', async () => {
    const rows = await house.warehouse.query<Event>(
      `SELECT id, status, usage_source, endpoint, toDecimalString(cost, 12) AS cost, ${numbers}
       FROM tollgate.usage_events WHERE type = 'attempt'`,
    );
    found = new Map(rows.map((row) => [row['id'] ?? null, row]));
    return all.every(({ attempt_id: id }) => found.has(id));
  });
  return found;
}

function outcomeOf(name: string): { billed: object; event: Event | undefined } {
  const line = lines.get(name) as BillLine;
  const counts = line as unknown as Record<string, number | undefined>;
  const columns = COLUMNS.map((column) => [column, String(counts[column] ?? 0)]);
  const billed = { ...Object.fromEntries(columns), cost: line.cost };
  return { billed, event: events.get(line.attempt_id) };
}

describe('the official SDK through the proxy', () => {
  it.each(Object.keys(SERVED))('I1, I8: %s is billed as the provider says', (name) => {
    const { billed, event } = outcomeOf(name);
    const [endpoint] = SERVED[name] as [string, Call];
    const stated = { status: 'ok', usage_source: 'provider', endpoint };
    expect(event).toMatchObject({ ...billed, ...stated });
  });

  it('I11: speech is the bytes of the provider, and charged by its characters', async () => {
    const direct = await house.sdk(house.simulator.url, 'any').audio.speech.create(spoken);
    expect(sound).toEqual(await direct.arrayBuffer());
    const { billed, event } = outcomeOf('speech');
    expect(event).toMatchObject({ ...billed, usage_source: 'estimated' });
  });

  it.each(Object.keys(UNSTATED))('I8: of %s nothing wrong is called the provider’s', (name) => {
    expect(outcomeOf(name).event).toMatchObject({ usage_source: 'none', cost: null });
  });

  it('refuses what has two readings or no price, in errors that the SDK knows', async () => {
    const before = (await house.simulator.bill()).length;
    const form = new FormData();
    form.append('model', 'sim-whisper');
    form.append('file', new Blob(['x']), 'a.wav');
    form.append('model', 'sim-transcribe');
    const refused = await fetch(`${url}/v1/audio/transcriptions`, {
      ...{ method: 'POST', body: form, headers: { authorization: `Bearer ${secret}` } },
    });
    const error = { code: 'ambiguous_form', param: 'model' };
    expect(await refused.json()).toMatchObject({ error });
    const asJson = client.post('/audio/transcriptions', { body: { model: 'sim-whisper' } });
    await expect(asJson).rejects.toMatchObject({ status: 415, code: 'unsupported_media_type' });
    const unpriced = client.images.generate({ ...painted, quality: 'auto' });
    await expect(unpriced).rejects.toBeInstanceOf(OpenAI.APIError);
    expect((await house.simulator.bill()).length).toBe(before);
  });
});
