import { tracing } from '@tollgate/schemas/config/tracing-config.ts';
import { describe, expect, it } from 'vitest';
import { otlpSettings } from './otlp-settings.ts';

function read(environment: Record<string, string>, config?: object) {
  const warnings: string[] = [];
  const given = config === undefined ? undefined : tracing.parse(config);
  const settings = otlpSettings(given, environment, (message) => void warnings.push(message));
  return { settings, warnings };
}

const urlOf = (environment: Record<string, string>, config?: object) =>
  read(environment, config).settings?.otlp.url;

describe('where traces go', () => {
  it('is nowhere unless somebody says it', () => {
    expect(read({})).toEqual({ settings: null, warnings: [] });
    expect(read({}, {})).toEqual({ settings: null, warnings: [] });
  });

  it('is what OpenTelemetry names, the one of traces first, and the configuration before it', () => {
    const OTEL_EXPORTER_OTLP_ENDPOINT = 'http://c:4318/';
    const OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = 'https://t/own/path';
    expect(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT })).toBe('http://c:4318/v1/traces');
    const both = { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT };
    expect(urlOf(both)).toBe('https://t/own/path');
    expect(urlOf(both, { otlp_endpoint: 'http://y:1' })).toBe('http://y:1/v1/traces');
  });

  it.each([{ OTEL_SDK_DISABLED: 'true' }, { OTEL_TRACES_EXPORTER: 'none' }])(
    'is nowhere with %o',
    (variables) => {
      const given = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c:4318', ...variables };
      expect(read(given as unknown as Record<string, string>).settings).toBeNull();
    },
  );

  it('a variable that makes no sense is said, without its value, and ends nothing', () => {
    const { settings, warnings } = read({ OTEL_EXPORTER_OTLP_ENDPOINT: 'user:secret@c' });
    expect([settings, warnings.length, warnings.join().includes('secret')]).toEqual([
      ...[null, 1, false],
    ]);
    const grpc = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' };
    expect(read(grpc)).toMatchObject({ settings: {}, warnings: [/http\/protobuf/] });
  });
});

describe('which traces are recorded', () => {
  const sampling = (sampler?: string, arg?: string, config?: object) => {
    const { settings, warnings } = read(
      {
        OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c',
        ...(sampler === undefined ? {} : { OTEL_TRACES_SAMPLER: sampler }),
        ...(arg === undefined ? {} : { OTEL_TRACES_SAMPLER_ARG: arg }),
      },
      config,
    );
    return [settings?.sampleRatio, settings?.keepsDecisions, warnings.length];
  };

  it('is what the sampler of OpenTelemetry says', () => {
    expect(sampling()).toEqual([1, true, 0]);
    expect(sampling('parentbased_traceidratio', '0.25')).toEqual([0.25, true, 0]);
    expect(sampling('traceidratio', '0.25')).toEqual([0.25, false, 0]);
    expect(sampling('always_off')).toEqual([0, false, 0]);
    expect(sampling('parentbased_always_off')).toEqual([0, true, 0]);
    expect(sampling('parentbased_traceidratio', '0.25', { sample_ratio: 0.5 })).toEqual([
      ...[0.5, true, 0],
    ]);
    expect(sampling('jaeger_remote')).toEqual([1, true, 1]);
    expect(sampling('traceidratio', 'half')).toEqual([1, false, 1]);
  });
});

describe('what the exporter is given', () => {
  it('I12: is no variable of ours', () => {
    const given = {
      ...{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://c', OTEL_EXPORTER_OTLP_HEADERS: 'a=b' },
      ...{ OPENAI_API_KEY: 'sk-1', PATH: '/bin', COLLECTOR: 'Bearer c' },
    };
    const config = { headers: { authorization: { env: 'COLLECTOR' } } };
    const { settings } = read(given, config);
    expect(Object.keys(settings?.environment ?? {})).toEqual([
      ...['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS'],
    ]);
    expect(settings?.otlp.headers).toEqual({ authorization: 'Bearer c' });
    expect(() => read({}, { otlp_endpoint: 'http://c', ...config })).toThrow('COLLECTOR');
  });
});
