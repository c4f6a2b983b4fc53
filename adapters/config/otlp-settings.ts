/**
 * Where traces go: what `tollgate.yaml` says, and else the variables that OpenTelemetry names
 * (https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/). As it demands, a
 * variable that makes no sense is said and passed over: it may be set for all programs of a machine.
 */
import type { TracingConfig } from '@tollgate/schemas/config/tracing-config.ts';
import { resolveSecret } from './load-config.ts';

export type OtlpTraces = {
  otlp: {
    /** Of the collector's traces. */
    url: string;
    /** Of the configuration; those of variables are read by the exporter. */
    headers: Readonly<Record<string, string>>;
    resource: Readonly<Record<string, string>>;
  };
  /** Of traces that begin here. */
  sampleRatio: number;
  /** Whether a client's own decision is kept. */
  keepsDecisions: boolean;
  /** What the exporter may read: OpenTelemetry's variables, and no secret of ours (I12). */
  environment: Readonly<Record<string, string>>;
};

type Environment = Readonly<Record<string, string | undefined>>;
type Sampler = { ratio: number; keepsDecisions: boolean };

const SERVICE = 'tollgate-proxy';
const TRACES_PATH = 'v1/traces';
/** With them an exporter finds its collector's certificates. */
const OF_TLS = new Set(['SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS']);

/**
 * @param warn of a variable that is passed over
 * @returns null: nothing is traced
 * @throws ConfigError naming the secret that is missing
 */
export function otlpSettings(
  config: TracingConfig | undefined,
  environment: Environment,
  warn: (message: string) => void,
): OtlpTraces | null {
  const variable = (name: string) => environment[name]?.trim() || undefined;
  if (variable('OTEL_SDK_DISABLED')?.toLowerCase() === 'true') return null;
  if (variable('OTEL_TRACES_EXPORTER') === 'none') return null;
  const url = tracesUrl(config?.otlp_endpoint, variable, warn);
  if (url === null) return null;
  const protocol =
    variable('OTEL_EXPORTER_OTLP_TRACES_PROTOCOL') ?? variable('OTEL_EXPORTER_OTLP_PROTOCOL');
  if (protocol !== undefined && protocol !== 'http/protobuf') {
    warn(`traces are sent by http/protobuf: OTEL_EXPORTER_OTLP_PROTOCOL=${protocol} is not known`);
  }
  const sampler = samplerOf(variable, warn);
  return {
    otlp: {
      url,
      headers: Object.fromEntries(
        Object.entries(config?.headers ?? {}).map(([name, reference]) => [
          name,
          resolveSecret(reference, environment),
        ]),
      ),
      resource: { 'service.name': SERVICE },
    },
    sampleRatio: config?.sample_ratio ?? sampler.ratio,
    keepsDecisions: sampler.keepsDecisions,
    environment: Object.fromEntries(
      Object.entries(environment).flatMap(([name, value]) =>
        value !== undefined && (name.startsWith('OTEL_') || OF_TLS.has(name))
          ? [[name, value]]
          : [],
      ),
    ),
  };
}

function tracesUrl(
  configured: string | undefined,
  variable: (name: string) => string | undefined,
  warn: (message: string) => void,
): string | null {
  const ofTraces = variable('OTEL_EXPORTER_OTLP_TRACES_ENDPOINT');
  const ofAll =
    configured ?? (ofTraces === undefined ? variable('OTEL_EXPORTER_OTLP_ENDPOINT') : undefined);
  const given = ofAll === undefined ? ofTraces : `${ofAll.replace(/\/+$/, '')}/${TRACES_PATH}`;
  if (given === undefined) return null;
  const { protocol } = URL.parse(given) ?? {};
  if (protocol === 'http:' || protocol === 'https:') return given;
  // Not the value: people put passwords into addresses.
  warn('nothing is traced: OTEL_EXPORTER_OTLP_ENDPOINT is not an http or https URL');
  return null;
}

const ALWAYS: Sampler = { ratio: 1, keepsDecisions: true };

function samplerOf(
  variable: (name: string) => string | undefined,
  warn: (message: string) => void,
): Sampler {
  const name = variable('OTEL_TRACES_SAMPLER');
  if (name === undefined) return ALWAYS;
  const keepsDecisions = name.startsWith('parentbased_');
  switch (name.replace('parentbased_', '')) {
    case 'always_on':
      return { ratio: 1, keepsDecisions };
    case 'always_off':
      return { ratio: 0, keepsDecisions };
    case 'traceidratio':
      return { ratio: ratioOf(variable('OTEL_TRACES_SAMPLER_ARG'), warn), keepsDecisions };
    default:
      warn(`OTEL_TRACES_SAMPLER=${name} is not known: every trace is recorded`);
      return ALWAYS;
  }
}

function ratioOf(text: string | undefined, warn: (message: string) => void): number {
  const ratio = Number(text ?? 1);
  if (ratio >= 0 && ratio <= 1) return ratio;
  warn('OTEL_TRACES_SAMPLER_ARG is not a number from 0 to 1: every trace is recorded');
  return 1;
}
