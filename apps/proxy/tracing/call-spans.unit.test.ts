import { unknownOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import { expect, it } from 'vitest';
import { spansOf } from './call-spans.ts';
import type { CallRecord } from './call-trace.ts';

const PROVIDERS = { 'my-azure': { catalogue: 'azure', host: 'a.example', port: 443 } };
const OUTCOME = {
  ...unknownOutcome('2026-11-30T12:00:01.000Z'),
  ...{ status: 'ok' as const, http_status: 200, usage_source: 'provider' as const },
  ...{ provider_request_id: 'chatcmpl-1', model_served: 'gpt-4o-2024-08-06' },
  ...{ cost: '0.000130000000', latency_ms: 250, ttft_ms: 40, overhead_us: 120 },
  ...{ input_tokens: 40, cache_read_tokens: 100, cache_write_tokens: 0, output_tokens: 9 },
  ...{ reasoning_tokens: 20, audio_input_tokens: 0, audio_output_tokens: 0 },
};
const ATTEMPT = {
  ...{ spanId: '2'.repeat(16), attemptId: 'att', attempt: 1, provider: 'my-azure' },
  ...{ model: 'gpt-4o', startMs: 1_010, endMs: 1_260, outcome: OUTCOME },
};
const CALL: CallRecord = {
  ...{ traceId: 'a'.repeat(32), spanId: '1'.repeat(16), parentId: '0'.repeat(15).concat('9') },
  ...{ state: 'v=1', startMs: 1_000, endMs: 1_270, callId: 'call', keyId: 'key_1' },
  ...{ customerId: 'cus_1', teamId: null, endpoint: 'chat.completions' },
  ...{ path: '/v1/chat/completions', model: 'fast', stream: true, httpStatus: 200 },
  ...{ refusal: null, attempts: [ATTEMPT] },
};

it('an attempt is a span of the client by the GenAI conventions, below that of its call', () => {
  const [call, attempt] = spansOf(CALL, PROVIDERS);
  expect(call).toMatchObject({
    ...{ name: 'POST /v1/chat/completions', kind: 'server', parentId: CALL.parentId },
    ...{ traceId: CALL.traceId, spanId: CALL.spanId, state: 'v=1', isError: false },
    ...{ startMs: 1_000, endMs: 1_270 },
  });
  expect(attempt).toEqual({
    ...{ name: 'chat gpt-4o', kind: 'client', traceId: CALL.traceId, spanId: ATTEMPT.spanId },
    ...{ parentId: CALL.spanId, state: 'v=1', startMs: 1_010, endMs: 1_260, isError: false },
    attributes: {
      ...{ 'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'azure.ai.openai' },
      ...{ 'gen_ai.request.model': 'gpt-4o', 'gen_ai.request.stream': true },
      ...{ 'gen_ai.response.id': 'chatcmpl-1', 'gen_ai.response.model': 'gpt-4o-2024-08-06' },
      'gen_ai.response.time_to_first_chunk': 0.04,
      ...{ 'gen_ai.usage.input_tokens': 140, 'gen_ai.usage.cache_read.input_tokens': 100 },
      ...{ 'gen_ai.usage.output_tokens': 29, 'gen_ai.usage.reasoning.output_tokens': 20 },
      ...{ 'server.address': 'a.example', 'server.port': 443 },
      ...{ 'http.response.status_code': 200, 'tollgate.attempt_id': 'att', 'tollgate.attempt': 1 },
      ...{ 'tollgate.provider': 'my-azure', 'tollgate.status': 'ok' },
      ...{ 'tollgate.usage_source': 'provider', 'tollgate.cost_usd': '0.000130000000' },
      'tollgate.overhead_us': 120,
    },
  });
});

it('I8: what is not known is left out, and is not zero', () => {
  const outcome = { ...unknownOutcome('2026-11-30T12:00:01.000Z'), status: 'timeout' as const };
  const timedOut = { ...CALL, attempts: [{ ...ATTEMPT, outcome }], httpStatus: 504 };
  const [call, attempt] = spansOf(timedOut, {});
  const names = Object.keys(attempt?.attributes ?? {});
  expect(names.filter((name) => name.startsWith('gen_ai.usage') || name.includes('cost'))).toEqual(
    [],
  );
  expect([call?.isError, attempt?.isError, attempt?.attributes['error.type']]).toEqual([
    ...[true, true, 'timeout'],
  ]);
});

it('a refusal is one span; the client is to blame, so it is no error of the server', () => {
  const refused = { refusal: 'budget_exceeded', httpStatus: 402, attempts: [], stream: false };
  const spans = spansOf({ ...CALL, ...refused }, PROVIDERS);
  expect(spans).toHaveLength(1);
  expect(spans[0]).toMatchObject({
    isError: false,
    attributes: { 'tollgate.refusal': 'budget_exceeded', 'http.response.status_code': 402 },
  });
  expect(spans[0]?.attributes).not.toHaveProperty('error.type');
});
