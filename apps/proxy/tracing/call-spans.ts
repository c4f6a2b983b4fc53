/**
 * The spans of a call that has ended: one of the call, one of each attempt. Names are OpenTelemetry's
 * (HTTP, and GenAI as of its own repository, `semantic-conventions-genai` 0.1); what they have no word
 * for starts with `tollgate`. Pure, and it runs in the thread that sends the spans.
 *
 * I12: ids, names and figures only; no text of a request or an answer is in what this reads. I8: what is
 * not known is left out.
 */
import type { SpanAttributes, SpanRecord } from '@tollgate/adapters/tracing/otlp-sender.ts';
import type { AttemptOutcome } from '@tollgate/domain/usage/event/attempt-event.ts';
import type { AttemptRecord, CallRecord } from './call-trace.ts';

/** What spans say of a provider of the configuration. */
export type TracedProvider = {
  /** Its id in the price lists: who it is, whatever the configuration calls it. */
  catalogue: string;
  host: string;
  port: number;
};

export type TracedProviders = Readonly<Record<string, TracedProvider>>;

const OURS = 'tollgate';

type Attributes = Record<string, string | number | boolean | null | undefined>;

/** Where OpenTelemetry has another name for a provider than its price list. */
const PROVIDERS: Readonly<Record<string, string>> = {
  azure: 'azure.ai.openai',
  aws: 'aws.bedrock',
  google: 'gcp.gen_ai',
  mistral: 'mistral_ai',
  'x-ai': 'x_ai',
};

/** Endpoints that have another name there than on our events. */
const OPERATIONS: Readonly<Record<string, string>> = {
  'chat.completions': 'chat',
  responses: 'chat',
  completions: 'text_completion',
  generateContent: 'generate_content',
  streamGenerateContent: 'generate_content',
  embedContent: 'embeddings',
  batchEmbedContents: 'embeddings',
};

export function spansOf(call: CallRecord, providers: TracedProviders): SpanRecord[] {
  return [callSpan(call), ...call.attempts.map((each) => attemptSpan(call, each, providers))];
}

function callSpan(call: CallRecord): SpanRecord {
  const { httpStatus, refusal, attempts } = call;
  const last = attempts.at(-1)?.outcome;
  const failure = refusal ?? last?.error_type ?? null;
  // By OpenTelemetry a server's span is an error only if the server is to blame.
  const isError = httpStatus !== null && httpStatus >= 500;
  return {
    ...{ traceId: call.traceId, spanId: call.spanId, parentId: call.parentId, state: call.state },
    ...{ name: `POST ${call.path}`, kind: 'server', startMs: call.startMs, endMs: call.endMs },
    isError,
    attributes: known({
      'http.request.method': 'POST',
      'http.route': call.path,
      'http.response.status_code': httpStatus,
      'error.type': isError ? (failure ?? String(httpStatus)) : null,
      'gen_ai.operation.name': operationOf(call.endpoint),
      'gen_ai.request.model': call.model,
      'gen_ai.request.stream': call.stream ? true : null,
      ...ours({
        call_id: call.callId,
        key_id: call.keyId,
        customer_id: call.customerId,
        team_id: call.teamId,
        refusal,
        attempts: attempts.length,
      }),
    }),
  };
}

function attemptSpan(
  call: CallRecord,
  attempt: AttemptRecord,
  providers: TracedProviders,
): SpanRecord {
  const { provider, model, outcome } = attempt;
  const place = providers[provider];
  const catalogue = place?.catalogue ?? provider;
  const operation = operationOf(call.endpoint);
  const isError = outcome.status === 'upstream_error' || outcome.status === 'timeout';
  return {
    ...{ traceId: call.traceId, spanId: attempt.spanId, parentId: call.spanId, state: call.state },
    ...{ name: `${operation} ${model}`, kind: 'client' },
    ...{ startMs: attempt.startMs, endMs: attempt.endMs, isError },
    attributes: known({
      'gen_ai.operation.name': operation,
      'gen_ai.provider.name': PROVIDERS[catalogue] ?? catalogue,
      'gen_ai.request.model': model,
      'gen_ai.request.stream': call.stream ? true : null,
      'gen_ai.response.id': outcome.provider_request_id,
      'gen_ai.response.model': outcome.model_served,
      'gen_ai.response.time_to_first_chunk':
        outcome.ttft_ms === null ? null : outcome.ttft_ms / 1e3,
      ...usageOf(outcome),
      'server.address': place?.host,
      'server.port': place?.port,
      'http.response.status_code': outcome.http_status,
      'error.type': isError ? (outcome.error_type ?? outcome.status) : null,
      ...ours({
        attempt_id: attempt.attemptId,
        attempt: attempt.attempt,
        provider,
        status: outcome.status,
        note: isError ? null : outcome.error_type,
        usage_source: outcome.usage_source,
        // As decimal text: no float touches money (I6).
        cost_usd: outcome.cost,
        overhead_us: outcome.overhead_us,
      }),
    }),
  };
}

/** OpenTelemetry's totals include their parts; our quantities are disjoint. */
function usageOf(outcome: AttemptOutcome): Attributes {
  const { input_tokens, output_tokens } = outcome;
  const part = (tokens: number | null) => (tokens === 0 ? null : tokens);
  const { cache_read_tokens, cache_write_tokens, reasoning_tokens } = outcome;
  const { audio_input_tokens, audio_output_tokens, cache_write_1h_tokens } = outcome;
  const { image_input_tokens, image_output_tokens } = outcome;
  const sum = (first: number | null, ...rest: (number | null | undefined)[]) =>
    first === null ? null : rest.reduce<number>((total, next) => total + (next ?? 0), first);
  return {
    'gen_ai.usage.input_tokens': sum(
      ...[input_tokens, cache_read_tokens, cache_write_tokens, cache_write_1h_tokens],
      ...[audio_input_tokens, image_input_tokens],
    ),
    'gen_ai.usage.cache_read.input_tokens': part(cache_read_tokens),
    'gen_ai.usage.cache_write.input_tokens': part(sum(cache_write_tokens, cache_write_1h_tokens)),
    'gen_ai.usage.audio.input_tokens': part(audio_input_tokens),
    'gen_ai.usage.output_tokens': sum(
      ...[output_tokens, reasoning_tokens, audio_output_tokens, image_output_tokens],
    ),
    'gen_ai.usage.reasoning.output_tokens': part(reasoning_tokens),
    'gen_ai.usage.audio.output_tokens': part(audio_output_tokens),
  };
}

function operationOf(endpoint: string): string {
  return OPERATIONS[endpoint] ?? endpoint;
}

/** What OpenTelemetry has no word for. */
function ours(given: Attributes): Attributes {
  return Object.fromEntries(
    Object.entries(given).map(([name, value]) => [`${OURS}.${name}`, value]),
  );
}

function known(given: Attributes): SpanAttributes {
  const attributes: SpanAttributes = {};
  for (const [name, value] of Object.entries(given)) {
    if (value !== null && value !== undefined) attributes[name] = value;
  }
  return attributes;
}
