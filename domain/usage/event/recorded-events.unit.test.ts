/**
 * The text of each kind of usage event, byte for byte as commit b214725 wrote it: leaves of Merkle
 * trees are hashes of these bytes, so another order of fields would be another record (I4, I5).
 */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compilePrice } from '../../pricing/compile.ts';
import type { PriceFound } from '../../pricing/price-list.ts';
import { noQuantities } from '../quantities.ts';
import type { UsageEvent } from '../usage-event.ts';
import { type AttemptOutcome, type AttemptStart, unknownOutcome } from './attempt-event.ts';
import { eventText, finishedText, startedText } from './event-text.ts';
import { type ExternalFacts, externalEvent } from './external-event.ts';
import { refusalEvent } from './refusal-event.ts';
import { resolutionEvent } from './resolution-event.ts';

const FIXTURE = new URL('./fixtures/events-of-b214725.json', import.meta.url);
const recorded = JSON.parse(readFileSync(FIXTURE, 'utf8')) as Record<string, string>;

const ID = '019aaaaa-aaaa-7aaa-8aaa-aaaaaaaaaaaa';
const CALL = '019aaaaa-aaaa-7aaa-8aaa-bbbbbbbbbbbb';
const TIME_MS = Date.UTC(2026, 10, 24, 1, 2, 3, 4);
const RECORDED_AT = '2026-11-24T01:02:04.005Z';

const key = {
  ...{ customerId: 'cus_1', teamId: null, keyId: 'key_1', environment: 'live' },
  tags: { app: 'a "b"', né: '\ud83d' },
};
const start: AttemptStart = {
  attemptId: ID,
  callId: CALL,
  attempt: 2,
  instanceId: 'ins_1',
  key,
  request: { endpoint: 'chat.completions', model: 'm \ud83d', stream: true, endUser: 'u\n1' },
  deployment: {
    provider: { name: 'p' },
    model: 'served',
    price: { version: 'v "1"', source: 'config' },
  },
  holds: [
    {
      account: { stream: 'budget-a@20261101T000000Z' },
      unit: { text: 'usd' },
      parts: [
        { lease: { leaseId: 'lse_1' }, amount: 1n },
        { lease: { leaseId: 'lse_2' }, amount: 1_234_567_890_123n },
      ],
    },
    {
      account: { stream: 'budget-b@20261101T000000Z' },
      unit: { text: 'tokens' },
      parts: [{ lease: { leaseId: 'lse_3' }, amount: 5_000_000_000_000n }],
    },
  ],
  startedAtMs: TIME_MS,
};
const bare: AttemptStart = {
  ...start,
  attempt: 1,
  request: { ...start.request, endUser: null, stream: false, model: 'm' },
  deployment: { ...start.deployment, price: null },
  holds: [],
};
const ended: AttemptOutcome = {
  ...{ provider_request_id: 'chatcmpl-1', model_served: 'm-2026' },
  ...{ input_tokens: 1, cache_read_tokens: 2, cache_write_tokens: 3, output_tokens: 4 },
  ...{ reasoning_tokens: 5, audio_input_tokens: 6, audio_output_tokens: 7, images: 0, requests: 1 },
  ...{ usage_source: 'provider', cost: '0.000000000042', status: 'ok', http_status: 200 },
  ...{ error_type: null, latency_ms: 12.345, ttft_ms: 1.5, overhead_us: 321 },
  recorded_at: RECORDED_AT,
};
const unknownText = finishedText(startedText(bare), unknownOutcome(RECORDED_AT));

const refused = {
  ...{ eventId: ID, callId: CALL, instanceId: 'ins_1', key, endpoint: 'embeddings' },
  ...{ code: 'budget_exceeded', atMs: TIME_MS },
};

const price = {
  version: 'v1',
  source: 'catalogue',
  price: compilePrice({ input: [{ from_input_tokens: 0, pico_usd_per_million: '3000000' }] }),
} as PriceFound;
const nothingUsed = noQuantities();
const stated: ExternalFacts = {
  ...{ id: 'e1', source: '/here', externalType: 'usage', externalSubject: 'cus_ext' },
  externalData:
    '{"provider":"p","model":"m","environment":"live","end_user":"u","tags":{"a":"b"},"input_tokens":7,"requests":1}',
  ...{ customerId: 'cus_1', environment: 'live', endUser: 'u', tags: { a: 'b' } },
  ...{ provider: 'p', model: 'm', price, recordedAt: RECORDED_AT },
  quantities: { ...nothingUsed, inputTokens: 7, requests: 1 },
  timeMs: TIME_MS,
};
const silent: ExternalFacts = {
  ...stated,
  ...{ externalData: null, environment: null, endUser: null, tags: {}, provider: null },
  ...{ model: null, price: null, quantities: null },
};

const attempt = JSON.parse(unknownText) as UsageEvent;
const target: UsageEvent = {
  ...attempt,
  ...{ hold_lease_ids: ['lse_1'], hold_amounts: ['0.000000000009'], hold_units: ['usd'] },
  budget_windows: ['w'],
};
const line = {
  ...{ attempt_id: ID, input_tokens: 7, cache_read_tokens: 0, cache_write_tokens: 0 },
  ...{ output_tokens: 3, reasoning_tokens: 0, audio_input_tokens: 0, audio_output_tokens: 0 },
  ...{ images: 0, requests: 1, cost: '0.500000000001' },
};
const bill = {
  importId: 'rec_1',
  hash: new Uint8Array(32).fill(9),
  recordedAt: '2026-11-25T00:00:00.000Z',
};

it.each([
  ['an attempt at its start', startedText(start)],
  ['an attempt that ended', finishedText(startedText(start), ended)],
  ['an attempt without a budget or a price, whose end nobody knows', unknownText],
  [
    'a refusal of a call that was read',
    eventText(
      refusalEvent({ ...refused, request: { model: 'm \ud83d', stream: true, endUser: 'u' } }),
    ),
  ],
  [
    'a refusal of a call that could not be read',
    eventText(refusalEvent({ ...refused, request: null })),
  ],
  ['usage that a collector stated', eventText(externalEvent(stated))],
  ['an event of a collector without usage', eventText(externalEvent(silent))],
  ['a resolution by a line of a bill', eventText(resolutionEvent(target, line, bill))],
  [
    'a resolution of what no bill names',
    eventText(resolutionEvent({ ...target, ...ended, hold_lease_ids: [] }, undefined, bill)),
  ],
])('I5: the bytes of %s are those of earlier records', (name, text) => {
  expect(text).toBe(recorded[name]);
});
