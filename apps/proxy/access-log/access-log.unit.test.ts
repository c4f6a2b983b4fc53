import { unknownOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { accessLine } from '@tollgate/schemas/access-log/access-line.ts';
import { expect, it } from 'vitest';
import { accessText, type EndedCall } from './access-log.ts';

const CALL: EndedCall = {
  nowMs: Date.UTC(2026, 10, 30, 12),
  callId: '0197a1c0-0000-7000-8000-000000000001',
  key: { keyId: 'key_1', customerId: 'cus_1', teamId: null },
  endpoint: 'chat.completions',
  model: 'gpt "四" \u2028',
  stream: true,
  requestBytes: 120,
  instanceId: 'ins_1',
  deployment: { provider: { name: 'openai' }, model: 'gpt-4o' },
  outcome: {
    ...unknownOutcome('2026-11-30T12:00:01.000Z'),
    ...{ status: 'ok', http_status: 200, cost: '0.000130000000', ttft_ms: 12.5 },
    ...{ input_tokens: 40, output_tokens: 9 },
  },
  refusal: null,
  httpStatus: 200,
  attempts: 1,
  durationMs: 1234.56789,
  responseBytes: 4096,
};

const read = (call: EndedCall) => accessLine.parse(JSON.parse(accessText(call)));

it('a line says who called, where it went, what it took and what it cost', () => {
  expect(read(CALL)).toEqual({
    ...{ time: '2026-11-30T12:00:00.000Z', name: 'access' },
    ...{ call_id: CALL.callId, instance_id: 'ins_1' },
    ...{ key_id: 'key_1', customer_id: 'cus_1', team_id: null, endpoint: 'chat.completions' },
    ...{ model: 'gpt "四" \u2028', stream: true, provider: 'openai', deployment_model: 'gpt-4o' },
    ...{ status: 'ok', error_type: null, http_status: 200, upstream_status: 200, attempts: 1 },
    ...{ input_tokens: 40, cache_read_tokens: null, cache_write_tokens: null, output_tokens: 9 },
    ...{ reasoning_tokens: null, audio_input_tokens: null, audio_output_tokens: null },
    ...{ cost: '0.000130000000', ttft_ms: 12.5, duration_ms: 1234.568 },
    ...{ request_bytes: 120, response_bytes: 4096 },
  });
});

it('a refusal says why, and has neither provider nor tokens', () => {
  const refused = { deployment: null, outcome: null, refusal: 'budget_exceeded', attempts: 0 };
  expect(read({ ...CALL, ...refused, model: null, httpStatus: 402 })).toMatchObject({
    ...{ status: 'refused', error_type: 'budget_exceeded', http_status: 402 },
    ...{ model: null, provider: null, upstream_status: null, input_tokens: null, cost: null },
  });
});

it('a client that left before anything was sent was not refused', () => {
  const left = { deployment: null, outcome: null, refusal: null, httpStatus: null, attempts: 0 };
  expect(read({ ...CALL, ...left })).toMatchObject({ status: 'client_closed', http_status: null });
});

it('half of a surrogate pair in a name does not spoil the line', () => {
  expect(read({ ...CALL, model: 'm\ud800' }).model).toBe('m\ufffd');
});

it('a time is the one of its call, in any order', () => {
  const at = Date.UTC(2026, 10, 30, 12);
  for (const nowMs of [at + 999, at + 1_000, at + 7, at - 1, at + 60_000]) {
    expect(read({ ...CALL, nowMs }).time).toBe(new Date(nowMs).toISOString());
  }
});

it('a line names the key of a provider with several, and of others says nothing of it', () => {
  expect(read({ ...CALL, providerKey: 'eu-1' }).provider_key).toBe('eu-1');
  expect(read(CALL)).not.toHaveProperty('provider_key');
});
