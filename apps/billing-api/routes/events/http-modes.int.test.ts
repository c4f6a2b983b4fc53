/**
 * CloudEvents as SDKs and brokers write them, over HTTP: from cloudevents/sdk-java#503,
 * cloudevents/sdk-csharp#216, cloudevents/sdk-javascript#133, dapr/docs#3417, openmeterio/openmeter#4747.
 */
import { ingestResult } from '@tollgate/schemas/event/cloudevent.ts';
import { usageEvent } from '@tollgate/schemas/event/usage-event.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ApiHouse, openApiHouse } from '../../testing/api-house.ts';

const NOW = Date.parse('2026-11-28T12:00:00.000Z');
let house: ApiHouse;

beforeAll(async () => {
  house = await openApiHouse({ clock: () => NOW });
  await post('/v1/customers', { name: 'c', external_id: 'acme' });
});
afterAll(() => house.close());

type Json = ReturnType<typeof JSON.parse>;
const post = (url: string, body: unknown, headers: Record<string, string | string[]> = {}) =>
  house.post<Json>(url, body, headers);

let ids = 0;
const eventOf = (change: Record<string, unknown> = {}) => ({
  ...{ specversion: '1.0', id: `e-${ids++}`, source: 'collector', type: 'usage', subject: 'acme' },
  time: '2026-11-28T10:00:00Z',
  data: { input_tokens: 5 },
  ...change,
});

/** As it is in the log; undefined if it is not. */
async function stored(id: string) {
  for (let partition = 0; partition < house.stores.log.partitions; partition++) {
    const page = { partition, offset: 0n, maxRecords: 1_000, maxBytes: 1_000_000 };
    for (const { value } of await house.stores.log.read(page)) {
      const event = usageEvent.parse(JSON.parse(Buffer.from(value).toString()));
      if (event.id === id) return event;
    }
  }
  return undefined;
}

const refused = (json: unknown): string =>
  (json as { rejected?: { reason: string }[] }).rejected?.[0]?.reason ?? JSON.stringify(json);

describe('POST /v1/events', () => {
  it.each([
    ['its type has a charset', { datacontenttype: 'application/json; charset=utf-8' }],
    ['its type is in another case', { datacontenttype: 'Application/JSON' }],
    ['its type is some JSON', { datacontenttype: 'application/foo+json' }],
    ['optional members are null', { datacontenttype: null, dataschema: null, data_base64: null }],
    ['members of its data are null', { data: { input_tokens: 5, model: null, images: null } }],
    ['its data is JSON text', { data: '{"input_tokens":5,"model":null}' }],
  ])('stores an event if %s', async (_what, change) => {
    const event = eventOf(change);
    const { status, json } = await post('/v1/events', event);
    expect([status, json]).toEqual([202, { accepted: 1, rejected: [] }]);
    expect(await stored(event.id)).toMatchObject({
      ...{ input_tokens: 5, model_requested: null, cost: null },
      time: '2026-11-28T10:00:00.000Z',
    });
  });

  it.each([
    ['datacontenttype', { datacontenttype: 'text/plain' }],
    ['data', { data: 'input_tokens=5' }],
    ['data_base64', { data: undefined, data_base64: 'eyJpbnB1dF90b2tlbnMiOjV9' }],
    ['id', { id: null }],
    ['data.tags.__proto__', { data: '{"tags":{"__proto__":"x","a":null}}' }],
    ['time', { time: '2026-11-28 10:00:00Z' }],
    ['time', { time: '2026-11-28T23:59:60Z' }],
    ['time', { time: 1_795_860_000 }],
    ['data.input_tokens', { data: { input_tokens: '1200' } }],
    ['data.input_tokens', { data: { input_tokens: 12.5 } }],
    ['data.input_tokens', { data: { input_tokens: -1 } }],
  ])('refuses by the name %s what it cannot store', async (name, change) => {
    const { status, json } = await post('/v1/events', eventOf(change));
    expect([status, refused(json).split(': ', 1)[0]]).toEqual([422, name]);
  });

  it('reads a number however it is written, and stores the others of a batch', async () => {
    const numbers = ['1.2e3', '1200.0', '"1200"', '12.5', '-1', '9007199254740993'];
    const first = ids;
    const events = numbers.map((number) =>
      JSON.stringify(eventOf()).replace('"input_tokens":5', `"input_tokens":${number}`),
    );
    const batch = 'application/cloudevents-batch+json; charset=UTF-8';
    const { json } = await post('/v1/events', `[${events}]`, { 'content-type': batch });
    expect(json).toMatchObject({ accepted: 2 });
    expect(ingestResult.parse(json).rejected.map(({ index, reason }) => [index, reason])).toEqual(
      [2, 3, 4, 5].map((index) => [
        index,
        expect.stringMatching(/^data\.input_tokens: not a whole/),
      ]),
    );
    const both = await Promise.all([stored(`e-${first}`), stored(`e-${first + 1}`)]);
    expect(both.map((event) => event?.input_tokens)).toEqual([1200, 1200]);
  });

  it('gives an event without a time that of its arrival, and says so', async () => {
    const batch = [eventOf({ time: undefined }), eventOf({ time: null }), eventOf()];
    const { json } = await post('/v1/events', batch);
    expect(json).toEqual({ accepted: 3, rejected: [], timed_by_arrival: 2 });
    const at = new Date(NOW).toISOString();
    expect(await stored(batch[0]?.id ?? '')).toMatchObject({ time: at, recorded_at: at });
  });

  it.each([
    'application/cloudevents+json; charset=UTF-8',
    'Application/CloudEvents+JSON',
    'application/json;charset="utf-8"',
  ])('takes an event as %s', async (type) => {
    expect((await post('/v1/events', eventOf(), { 'content-type': type })).status).toBe(202);
  });
});

describe('binary mode', () => {
  const headersOf = (id: string) => ({
    ...{ 'ce-specversion': '1.0', 'ce-id': id, 'ce-source': 'https://a/b%20c', 'ce-type': 'usage' },
    ...{ 'ce-subject': 'acme', 'ce-time': '2026-11-28T10:00:00+05:30' },
  });

  it('has the attributes in headers, and the data as the body', async () => {
    const headers = { ...headersOf('binary-%E2%82%AC'), 'Content-Type': 'application/vnd.x+json' };
    const { status, json } = await post('/v1/events', { input_tokens: 5 }, headers);
    expect([status, json]).toEqual([202, { accepted: 1, rejected: [] }]);
    expect(await stored('binary-€')).toMatchObject({
      ...{ source: 'https://a/b c', input_tokens: 5, time: '2026-11-28T04:30:00.000Z' },
    });
  });

  it('stores an event without data as one without quantities (I8)', async () => {
    const { status } = await post('/v1/events', '', headersOf('binary-empty'));
    const event = await stored('binary-empty');
    expect([status, event?.usage_source, event?.cost]).toEqual([202, 'none', null]);
  });

  it('refuses what it could store wrong, by name', async () => {
    const event = headersOf('binary-odd');
    const asked = (more: Record<string, string | string[]>) =>
      post('/v1/events', { input_tokens: 5 }, { ...event, ...more });
    const { 'ce-id': _, ...without } = event;
    const answers = [
      await asked({ 'ce-id': ['a', 'b'] }),
      await asked({ 'ce-id': 'caf\u00e9' }),
      await asked({ 'ce-id': '%E9' }),
      await asked({ 'content-type': 'text/plain' }),
      await post('/v1/events', { input_tokens: 5 }, without),
    ];
    expect(answers.map(({ status, json }) => [status, json.code])).toEqual([
      [400, 'repeated_header'],
      [400, 'invalid_request'],
      [400, 'invalid_request'],
      [415, 'unsupported_media_type'],
      [422, 'no_event_accepted'],
    ]);
    expect(refused(answers[4]?.json)).toMatch(/^id: /);
  });
});
