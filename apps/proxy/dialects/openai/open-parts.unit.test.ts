/** What a chat request does not bound itself, and what of it an operator may bound. */
import { describe, expect, it } from 'vitest';
import type { CallRequest } from '../dialect.ts';
import { chatCompletions } from './chat-request.ts';

const NONE = { count: 0, bytes: 0 };
const NO_MEDIA = { image: NONE, audio: NONE, video: NONE, file: NONE };
const NOTHING = { media: NO_MEDIA, stored: false, searches: false };

function asked(fields: object, content: unknown = 'hi'): CallRequest {
  const body = { model: 'm', messages: [{ role: 'user', content }], ...fields };
  const read = chatCompletions.read({ body: Buffer.from(JSON.stringify(body)) }, 64);
  if (!read.ok) throw new Error(read.refusal.code);
  return chatCompletions.open(read.facts);
}
const image = (url: string) => ({ type: 'image_url', image_url: { url } });
const text = { type: 'text', text: 'hi' };

describe('parts that an operator may bound', () => {
  it('are pictures, recordings, films and documents, with the bytes that are no text', () => {
    const content = [
      ...[text, image('https://x/y.png'), image('data:image/png;base64,AAAA')],
      { type: 'input_audio', input_audio: { data: 'AAAAAAAA', format: 'wav' } },
      { type: 'video_url', video_url: { url: 'https://x/y.mp4' } },
      { type: 'file', file: { file_data: 'data:application/pdf;base64,AA' } },
    ];
    expect(asked({}, content).openPartsAt('m')).toEqual({
      ...NOTHING,
      media: {
        image: { count: 2, bytes: 26 },
        audio: { count: 1, bytes: 8 },
        video: { count: 1, bytes: 0 },
        file: { count: 1, bytes: 30 },
      },
    });
  });

  it.each([
    [{ previous_response_id: 'r' }, { stored: true }],
    [{ conversation: 'c', cached_content: 'x' }, { stored: true }],
    [{ web_search_options: {} }, { searches: true }],
    [{ tools: [{ type: 'web_search' }] }, { searches: true }],
    [{ messages: [{ role: 'assistant', audio: { id: 'a' } }] }, { stored: true }],
  ])('are %j', (fields, open) => {
    expect(asked(fields).openPartsAt('m')).toEqual({ ...NOTHING, ...open });
  });

  it('are the searches of a model that always searches', () => {
    expect(asked({}).openPartsAt('gpt-4o-search-preview')).toEqual({ ...NOTHING, searches: true });
    const stored = asked({ conversation: 'c' }).openPartsAt('gpt-4o-search-preview');
    expect(stored).toEqual({ ...NOTHING, stored: true, searches: true });
    expect(asked({ plugins: [] }).openPartsAt('gpt-4o-search-preview')).toBeNull();
  });

  it('are none of a call that bounds itself, or asks for nothing', () => {
    expect(asked({ enable_search: false }).unboundedBy).toBeNull();
    expect(asked({}).openPartsAt('m')).toBeNull();
  });

  it.each([
    [{ plugins: [] }],
    [{ models: ['a'] }],
    [{ fallbacks: ['a'] }],
    [{ prediction: {} }],
    [{ service_tier: 7 }],
    [{ tools: [{ type: 'code_interpreter' }] }],
    [{ messages: [{ role: 'user', content: [{ type: 'unheard_of' }] }] }],
    [{ messages: [{ role: 'user', content: [{ type: 'text', Type: 'file', text: 'x' }] }] }],
  ])('are none where another part has no bound: %j', (fields) => {
    const request = asked({ conversation: 'c', ...fields });
    expect([request.unboundedBy !== null, request.openPartsAt('m')]).toEqual([true, null]);
  });
});

describe('I3: cache entries of an hour have no bound in a price list of five minutes', () => {
  const cache_control = { type: 'ephemeral', ttl: '1h' };

  // earendil-works/pi#5738: they cost twice the input, and were priced as those of five minutes.
  it.each([
    [{ cache_control }],
    [{ messages: [{ role: 'user', content: 'hi', cache_control }] }],
    [{ messages: [{ role: 'user', content: [{ ...text, cache_control }] }] }],
    [{ tools: [{ type: 'function', function: { name: 'f' }, cache_control }] }],
    [{ tools: [{ type: 'function', function: { name: 'f', cache_control } }] }],
  ])('wherever they are asked for: %j', (fields) => {
    const request = asked(fields);
    expect(request.unboundedBy).toBe('`cache_control` with another `ttl` than 5m');
    expect(request.openPartsAt('m')).toBeNull();
  });

  it.each([{ type: 'ephemeral' }, { type: 'ephemeral', ttl: '5m' }, null])(
    'those of five minutes have: %j',
    (control) => {
      expect(asked({ cache_control: control }).unboundedBy).toBeNull();
    },
  );
});
