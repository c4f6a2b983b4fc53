/** `tracing` of `tollgate.yaml`: where the spans of calls go. `adapters/config` says what is default. */
import { z } from 'zod';
import { secret } from './engines-config.ts';

const ENDPOINT = 'write an http or https URL, such as http://collector:4318';

export const tracing = z.strictObject({
  /** Of an OTLP/HTTP collector; `/v1/traces` follows. Default: the variables that OpenTelemetry names. */
  otlp_endpoint: z
    .url({ protocol: /^https?$/, error: ENDPOINT })
    .refine((url) => !/[?#@]/.test(url), 'no query, fragment or user name: use `headers`')
    .optional(),
  /** What the collector asks for, such as `authorization`. */
  headers: z
    .record(z.string().regex(/^[a-z0-9-]{1,64}$/, 'a header, lower-case'), secret)
    .optional(),
  /** Share of the traces that begin here; a client's own decision is kept. */
  sample_ratio: z.number().min(0).max(1).optional(),
  /** Whether providers get `traceparent` and `tracestate`. */
  to_providers: z.boolean().default(true),
});

export type TracingConfig = z.infer<typeof tracing>;
