/** The proxy's providers and models, made from `tollgate.yaml`. */
import { createHash } from 'node:crypto';
import { resolveSecret } from '@tollgate/adapters/config/load-config.ts';
import { otlpSettings } from '@tollgate/adapters/config/otlp-settings.ts';
import { authorizerOf } from '@tollgate/adapters/config/provider-access.ts';
import { createUpstream } from '@tollgate/adapters/provider/upstream.ts';
import { parseDecimal } from '@tollgate/domain/money/money.ts';
import type { OpenBounds } from '@tollgate/domain/pricing/open-bounds.ts';
import type { RouteTerms } from '@tollgate/domain/routing/route.ts';
import type { BoundsConfig } from '@tollgate/schemas/config/bounds-config.ts';
import { OWN_AUTH } from '@tollgate/schemas/config/provider-dialects.ts';
import { keysOf } from '@tollgate/schemas/config/provider-keys.ts';
import type { TollgateConfig } from '@tollgate/schemas/config/tollgate-config.ts';
import type { CacheSettings } from './cache/cached-calls.ts';
import type { Endpoint } from './dialects/dialect.ts';
import { azurePaths } from './dialects/openai/azure-paths.ts';
import { outputLimitField } from './dialects/openai/output-limit-field.ts';
import { isOpenAi, openAiTokenizer } from './dialects/openai/own-tokenizer.ts';
import { passEndpoint } from './dialects/pass/pass-through.ts';
import { passingOf } from './dialects/pass/passing.ts';
import { type ProxyLimits, proxyLimits } from './limits.ts';
import type { ConfiguredModel, Provider } from './routing/deployments.ts';
import { FairGate } from './routing/fair-gate.ts';
import { KeyRing } from './routing/key-ring.ts';
import type { TracingSettings } from './tracing/tracing.ts';

export type Routing = {
  providers: Provider[];
  models: Map<string, ConfiguredModel>;
  routes: Map<string, RouteTerms>;
  /** Endpoints that it opens besides those of the dialects. */
  passed: Endpoint[];
  /** Output limit of calls under a budget that state none; null: none is set. */
  outputTokensDefault: number | null;
};

/** The proxy's own bounds, and those that the configuration says otherwise. */
export function limitsFromConfig({ limits }: Pick<TollgateConfig, 'limits'>): ProxyLimits {
  return {
    ...proxyLimits,
    callsPerKeyMax: limits.calls_per_key ?? proxyLimits.callsPerKeyMax,
    callsPerTeamMax: limits.calls_per_team ?? proxyLimits.callsPerTeamMax,
    callsPerCustomerMax: limits.calls_per_customer ?? proxyLimits.callsPerCustomerMax,
    drainMsMax:
      limits.drain_seconds === undefined ? proxyLimits.drainMsMax : limits.drain_seconds * 1_000,
    drainTokensMax: limits.drain_tokens ?? proxyLimits.drainTokensMax,
  };
}

/** @throws Error naming the provider or the secret that is missing */
export function routingFromConfig(
  config: TollgateConfig,
  limits: ProxyLimits,
  environment: Readonly<Record<string, string | undefined>>,
): Routing {
  const providers = new Map(
    Object.entries(config.providers).map(([name, entry]): [string, Provider] => {
      const keys = keysOf(entry);
      return [
        name,
        {
          name,
          priceProvider: entry.catalogue ?? name,
          upstream: createUpstream({
            baseUrl: entry.base_url,
            apiKey: '',
            apiKeys:
              keys.length === 0
                ? undefined
                : keys.map(({ secret }) => resolveSecret(secret, environment)),
            authorize: authorizerOf(entry, environment),
            auth: entry.auth,
            headers: headersOf(entry.headers, environment),
            connectionsMax: limits.upstreamConnectionsMax,
            connectTimeoutMs: limits.upstreamConnectTimeoutMs,
            headersTimeoutMs: limits.upstreamHeadersTimeoutMs,
            bodyTimeoutMs: limits.upstreamBodyTimeoutMs,
          }),
          notBilledStatuses: new Set(entry.not_billed_statuses),
          outputLimitField: entry.output_limit_field ?? outputLimitField(entry.base_url),
          asksForUsage: entry.asks_for_usage,
          connections: new FairGate(limits.upstreamConnectionsMax, limits.upstreamQueueMs),
          tokenizerOf: isOpenAi(entry.base_url) ? openAiTokenizer : undefined,
          bounds: openBounds(entry.bounds),
          region: entry.region,
          pathOf: entry.api_version === undefined ? undefined : azurePaths(entry.api_version),
          dialects: new Set(entry.dialects),
          translates: entry.translates,
          keys: keys.length > 1 ? new KeyRing(keys, limits) : undefined,
        },
      ];
    }),
  );
  const models = new Map<string, ConfiguredModel>();
  for (const [name, entry] of Object.entries(config.models)) {
    const provider = providers.get(entry.provider);
    if (provider === undefined) {
      throw new Error(`models.${name}.provider: there is no provider ${entry.provider}`);
    }
    models.set(name, {
      provider,
      model: entry.model ?? name,
      contextWindow: entry.context_window ?? null,
      maxOutputTokens: entry.max_output_tokens ?? null,
      defaultOutputTokens: entry.default_max_output_tokens,
      hidesOutput: entry.hidden_output,
      allowUnpriced: entry.allow_unpriced,
      tokenizer: entry.tokenizer === 'none' ? null : entry.tokenizer,
      bounds: openBounds({ ...config.providers[entry.provider]?.bounds, ...entry.bounds }),
      supports: entry.supports,
      region: entry.region,
    });
  }
  const outputTokensDefault = config.default_max_output_tokens;
  const routes = new Map(Object.entries(config.routes));
  const passed = Object.entries(config.providers).flatMap(([name, entry]) => {
    const auth = entry.auth ?? OWN_AUTH[entry.dialects[0] ?? 'openai'];
    return entry.pass_through.map((rule) => passEndpoint(passingOf(name, rule, auth)));
  });
  return { providers: [...providers.values()], models, routes, outputTokensDefault, passed };
}

function headersOf(
  given: TollgateConfig['providers'][string]['headers'],
  environment: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const headers = Object.entries(given).map(([name, value]) => [
    name,
    resolveSecret(value, environment),
  ]);
  return Object.fromEntries(headers) as Record<string, string>;
}

/** @returns null: nothing is traced. @throws Error naming the secret that is missing */
export function tracingFromConfig(
  config: Pick<TollgateConfig, 'tracing' | 'providers'>,
  environment: Readonly<Record<string, string | undefined>>,
  warn: (message: string) => void,
): TracingSettings | null {
  const settings = otlpSettings(config.tracing, environment, warn);
  if (settings === null) return null;
  const providers = Object.entries(config.providers).map(([name, { base_url, catalogue }]) => {
    const { hostname, port, protocol } = new URL(base_url);
    const known = protocol === 'https:' ? 443 : 80;
    const place = { host: hostname, port: port === '' ? known : Number(port) };
    return [name, { catalogue: catalogue ?? name, ...place }] as const;
  });
  const toProviders = config.tracing?.to_providers ?? true;
  return { ...settings, toProviders, providers: Object.fromEntries(providers) };
}

/** Cosine of questions that mean the same; chosen in docs/caching.md. */
const SIMILAR = 0.9;

/** An answer is one of the server that gave it: a provider that moves begins with an empty cache. */
export function cacheFromConfig({
  cache,
  providers,
}: Pick<TollgateConfig, 'cache' | 'providers'>): CacheSettings {
  const origins = Object.entries(providers).map(([name, { base_url }]) => {
    return [name, createHash('sha256').update(base_url).digest('hex')] as const;
  });
  const rules = cache.rules.map((given) => {
    const { ttl_seconds: ttlS, charge_percent, multi_turn: multiTurn, ...rule } = given;
    const semantic =
      rule.mode === 'semantic' ? { threshold: rule.threshold ?? SIMILAR, multiTurn } : {};
    return { ...rule, ttlS, chargePercent: charge_percent, ...semantic };
  });
  const { embeddings } = cache;
  const isCalled = embeddings !== undefined && 'model' in embeddings;
  const embeddingModel = isCalled ? embeddings.model : undefined;
  return { rules, origins: new Map(origins), embeddingModel };
}

function openBounds(given: BoundsConfig | undefined): OpenBounds | undefined {
  if (given === undefined || Object.keys(given).length === 0) return undefined;
  const { searches } = given;
  return {
    tokensPer: {
      image: given.tokens_per_image ?? null,
      audio: given.tokens_per_audio ?? null,
      video: given.tokens_per_video ?? null,
      file: given.tokens_per_file ?? null,
    },
    tokensStored: given.tokens_per_stored_conversation ?? null,
    secondsPerAudio: given.seconds_per_audio,
    searches:
      searches === undefined
        ? null
        : {
            perCall: searches.per_call,
            picoUsdEach: parseDecimal(searches.usd_each, PICO_PLACES),
            tokensEach: searches.tokens_each,
          },
  };
}

const PICO_PLACES = 12;
