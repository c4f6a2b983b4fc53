/**
 * Sends spans to an OTLP/HTTP collector through OpenTelemetry's own SDK. A span costs the SDK some 25 us
 * and its bytes as much again, so this runs in a thread (`apps/proxy/tracing`). What else the exporter
 * can do (time-outs, certificates, compression, the resource) follows OpenTelemetry's variables.
 */
import {
  createTraceState,
  ROOT_CONTEXT,
  type SpanContext,
  SpanKind,
  SpanStatusCode,
  TraceFlags,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { AlwaysOnSampler, type ReadableSpan, TracerProvider } from '@opentelemetry/sdk-trace';

export type SpanAttributes = Record<string, string | number | boolean>;

/** A span that has ended. Ids are hex, times Unix ms. */
export type SpanRecord = {
  traceId: string;
  spanId: string;
  parentId: string | null;
  /** `tracestate` of the trace. */
  state: string | null;
  name: string;
  kind: 'server' | 'client';
  startMs: number;
  endMs: number;
  isError: boolean;
  attributes: SpanAttributes;
};

export type OtlpSettings = {
  /** Of the collector's traces. */
  url: string;
  /** What the collector asks for; secrets. */
  headers: Readonly<Record<string, string>>;
  /** Who sends: `service.name` and the like; OpenTelemetry's variables come first. */
  resource: Readonly<Record<string, string>>;
};

/** @param error a code, never a text: that may have the address, and what it answered */
export type Sent = { sent: number; failed: number; error: string | null };

/** Characters of a value: names come from clients and providers. */
const VALUE_LENGTH_MAX = 256;

const KINDS = { server: SpanKind.SERVER, client: SpanKind.CLIENT } as const;

export class OtlpSender {
  readonly #exporter: OTLPTraceExporter;
  readonly #tracer: Tracer;
  #made: ReadableSpan[] = [];
  /** Of the span that is made now. */
  #ids: Pick<SpanRecord, 'traceId' | 'spanId'> = { traceId: '', spanId: '' };

  constructor({ url, headers, resource }: OtlpSettings) {
    const given = Object.keys(headers).length === 0 ? {} : { headers: { ...headers } };
    this.#exporter = new OTLPTraceExporter({ url, ...given });
    const provider = new TracerProvider({
      resource: resourceFromAttributes({ ...resource }).merge(
        detectResources({ detectors: [envDetector] }),
      ),
      // Whether a trace is recorded was decided before the call was sent.
      sampler: new AlwaysOnSampler(),
      idGenerator: {
        generateTraceId: () => this.#ids.traceId,
        generateSpanId: () => this.#ids.spanId,
      },
      spanLimits: { attributeValueLengthLimit: VALUE_LENGTH_MAX },
      spanProcessors: [
        {
          onStart: () => undefined,
          onEnd: (span) => void this.#made.push(span),
          forceFlush: async () => undefined,
          shutdown: async () => undefined,
        },
      ],
    });
    this.#tracer = provider.getTracer('tollgate');
  }

  /** Resolves when the collector has them, or will not get them. */
  send(records: readonly SpanRecord[]): Promise<Sent> {
    for (const record of records) this.#make(record);
    const spans = this.#made;
    this.#made = [];
    return new Promise((resolve) => {
      this.#exporter.export(spans, ({ code, error }) => {
        const isSent = code === 0;
        const [sent, failed] = isSent ? [spans.length, 0] : [0, spans.length];
        resolve({ sent, failed, error: isSent ? null : codeOf(error) });
      });
    });
  }

  #make(record: SpanRecord): void {
    const { name, kind, startMs, endMs, isError, attributes } = record;
    this.#ids = record;
    const span = this.#tracer.startSpan(
      name,
      { kind: KINDS[kind], startTime: startMs, attributes },
      contextOf(record),
    );
    if (isError) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end(endMs);
  }
}

function contextOf({ traceId, parentId, state }: SpanRecord) {
  if (parentId === null) return ROOT_CONTEXT;
  const parent: SpanContext = {
    traceId,
    spanId: parentId,
    traceFlags: TraceFlags.SAMPLED,
    isRemote: true,
    ...(state === null ? {} : { traceState: createTraceState(state) }),
  };
  return trace.setSpanContext(ROOT_CONTEXT, parent);
}

/** Of an exporter's error: an HTTP status, or what the system calls it. */
function codeOf(error: (Error & { code?: string | number }) | undefined): string {
  return String(error?.code ?? error?.name ?? 'unknown');
}
