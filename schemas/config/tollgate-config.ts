/**
 * `tollgate.yaml`: the only definition of its shape. Every value has a default, so the embedded
 * platform needs no file at all.
 */
import { z } from 'zod';
import { shortName } from '../names/names.ts';
import {
  capabilityList,
  LISTED_TWICE,
  listedTwice,
  region,
  routeName,
  routeTerms,
} from '../routes/route-terms.ts';
import { instantOrDateUtc } from '../time/instant.ts';
import { bounds } from './bounds-config.ts';
import { cache } from './cache-config.ts';
import { engines, secret } from './engines-config.ts';
import { exchangeRates } from './exchange-rates-config.ts';
import { guardrails } from './guardrails-config.ts';
import { idempotency } from './idempotency-config.ts';
import { invoicing } from './invoicing-config.ts';
import { passThrough } from './pass-through-config.ts';
import { payloadLog } from './payload-log-config.ts';
import { payments } from './payments-config.ts';
import { providerDialects } from './provider-dialects.ts';
import { providerAccess, providerKeys } from './provider-keys.ts';
import { presetNames } from './provider-presets.ts';
import { tracing } from './tracing-config.ts';

const name = z.string().regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'lower-case letters, digits, _ and -');

/**
 * Statuses with which providers of the OpenAI dialect bill nothing: they refuse the request, or say
 * that they or their edge could not serve it (52x and 530 are Cloudflare's, 529 is an overload).
 */
export const NOT_BILLED_STATUSES: readonly number[] = [
  400, 401, 403, 404, 405, 409, 413, 415, 422, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524,
  525, 526, 529, 530,
];

const port = z.int().min(0).max(65_535);
const USD_PER_MILLION = "a decimal number in quotes, such as '0.15', at most 12 places";
const usdPerMillion = z.string(USD_PER_MILLION).regex(/^\d{1,9}(\.\d{1,12})?$/, USD_PER_MILLION);

const provider = z.strictObject({
  base_url: z
    .url({
      protocol: /^https?$/,
      error: 'write an http or https URL, such as https://api.openai.com/v1',
    })
    .refine((url) => !/[?#@]/.test(url), 'no query, fragment or user name: they would not be sent'),
  ...providerKeys,
  ...providerAccess,
  /** A provider that many use: what is not said here is as its documents say. */
  preset: z.enum(presetNames).optional(),
  ...providerDialects,
  /**
   * Whether a stream's request asks for its usage (`include_usage`) when the client did not. False for
   * servers that refuse the field: their streams are charged by what they state without being asked.
   */
  asks_for_usage: z.boolean().default(true),
  /** The provider's id in the price catalogue; default: its own name. */
  catalogue: shortName.optional(),
  /**
   * HTTP statuses with which this provider bills nothing. One from 500 on counts only for an error
   * answer that arrived whole and states no usage; leave it out if the provider bills such calls.
   */
  not_billed_statuses: z.array(z.int().min(300).max(599)).default([...NOT_BILLED_STATUSES]),
  /**
   * The field that takes an output limit. Default: `max_completion_tokens` at OpenAI and Azure, else
   * `max_tokens`.
   */
  output_limit_field: z.enum(['max_tokens', 'max_completion_tokens']).optional(),
  /**
   * What a call under a budget reserves for what its request does not bound. Without a bound for it,
   * such a call is refused. What is billed above a bound is an overrun.
   */
  bounds: bounds.optional(),
  /** Where it serves its models, for routes that ask. */
  region: region.optional(),
  /** Its other endpoints that calls may pass to, as `/pass/{provider}{path}`. What is not listed is refused. */
  pass_through: passThrough,
});

/** null: a call that states no limit reserves all that its model can write. */
const defaultOutputTokens = z.int().min(1).nullable();

const model = z.strictObject({
  provider: name,
  /** The model's name at the provider; default: the name that clients send. */
  model: shortName.optional(),
  context_window: z.int().min(1).optional(),
  max_output_tokens: z.int().min(1).optional(),
  /** As the setting of this name for all models. */
  default_max_output_tokens: defaultOutputTokens.optional(),
  /**
   * Whether calls of this model may be billed for output that their answers do not show, such as
   * reasoning. `false` is a promise about all that the provider serves under this name: the model does
   * not reason, and its text and the arguments of its tool calls come as it wrote them. Then a whole
   * answer without usage charges budgets by its length, and not the whole hold.
   */
  hidden_output: z.boolean().default(true),
  /** Serve it although no price is known; its events have cost null (I8). */
  allow_unpriced: z.boolean().default(false),
  /**
   * The vocabulary by which the provider counts its tokens: a promise, for calls that a budget would
   * refuse are counted by it. Default: known of OpenAI's own models at api.openai.com, else none.
   */
  tokenizer: z.enum(['o200k_base', 'cl100k_base', 'none']).optional(),
  /** As its provider's, member by member. */
  bounds: bounds.optional(),
  /** What it can do, for routes: what is not listed, it cannot. Default: nobody knows. */
  supports: capabilityList.optional(),
  /** Default: as its provider's. */
  region: region.optional(),
});

/** What a unit costs at each amount of input; the others cost the same whatever the input is. */
const tieredUnits = {
  input: usdPerMillion.optional(),
  cache_read: usdPerMillion.optional(),
  cache_write: usdPerMillion.optional(),
  /** Written for an hour. Without it, what such a write costs is not known. */
  cache_write_1h: usdPerMillion.optional(),
  output: usdPerMillion.optional(),
  reasoning: usdPerMillion.optional(),
};

const wholePrice = {
  ...tieredUnits,
  audio_input: usdPerMillion.optional(),
  audio_output: usdPerMillion.optional(),
  /** Tokens of pictures; `image`: per million pictures that are billed by the piece. */
  image_input: usdPerMillion.optional(),
  image_output: usdPerMillion.optional(),
  image: usdPerMillion.optional(),
  /** Per million requests, searches, seconds of audio, characters. */
  request: usdPerMillion.optional(),
  search: usdPerMillion.optional(),
  audio_second: usdPerMillion.optional(),
  character: usdPerMillion.optional(),
  /** Another price for the whole call, if it has at least this many input tokens. */
  tiers: z
    .array(z.strictObject({ from_input_tokens: z.int().min(1), ...tieredUnits }))
    .max(15)
    .default([]),
};

export const priceOverrideFields = z.strictObject({
  provider: name,
  model: shortName,
  effective_from: instantOrDateUtc.optional(),
  ...wholePrice,
  /** What the model costs at other tiers of service, such as `flex`, `priority` and `batch`. */
  service_tiers: z.record(name, z.strictObject(wholePrice)).optional(),
  context_window: z.int().min(1).optional(),
  max_output_tokens: z.int().min(1).optional(),
});

/**
 * The unit whose price applies where a unit has none of its own, as in `domain/pricing/price.ts`.
 */
const FALLBACK = { cache_read: 'input', cache_write: 'input', reasoning: 'output' } as const;
/** What may be billed in place of tokens. */
const INSTEAD_OF_TOKENS = ['request', 'image', 'audio_second', 'character'] as const;

type StatedPrice = Omit<z.infer<typeof priceOverrideFields>, 'provider' | 'model'>;

/** A unit needs a price below its first tier too: a missing price is not zero (I8). */
export function everyTierHasABase(
  override: Omit<z.infer<typeof priceOverrideFields>, 'provider'>,
  context: z.RefinementCtx,
): void {
  checkPrice(override, [], context);
  for (const [tier, price] of Object.entries(override.service_tiers ?? {})) {
    checkPrice(price, ['service_tiers', tier], context);
  }
}

function checkPrice(price: StatedPrice, at: string[], context: z.RefinementCtx): void {
  const isStated = INSTEAD_OF_TOKENS.some((unit) => price[unit] !== undefined);
  if (price.input === undefined && !isStated) {
    const message = "states no price of the input: without one it would be free; '0' if it is";
    context.addIssue({ code: 'custom', path: [...at, 'input'], message });
  }
  for (const [index, tier] of price.tiers.entries()) {
    for (const unit of Object.keys(tieredUnits) as (keyof typeof tieredUnits)[]) {
      if (tier[unit] === undefined || price[unit] !== undefined) continue;
      const base = unit in FALLBACK ? FALLBACK[unit as keyof typeof FALLBACK] : unit;
      if (price[base] !== undefined) continue;
      const message = `has no price below ${tier.from_input_tokens} input tokens: state \`${base}\` too`;
      context.addIssue({ code: 'custom', path: [...at, 'tiers', index, unit], message });
    }
  }
}

const priceOverride = priceOverrideFields.superRefine(everyTierHasABase);

/** A whole attempt has half an hour, whatever becomes of its client. */
const ATTEMPT_SECONDS_MAX = 1_800;

const callsMax = z.int().min(1).max(1_000_000);

const configFields = z.strictObject({
  /** The folder for everything that is stored. */
  data: z.string().min(1).default('.tollgate'),
  /** The installation's own secrets; default: `secrets.json` in the data folder, made there. */
  secrets_file: z.string().min(1).optional(),
  /** Stores that run on servers; the others are embedded. */
  engines: engines.default({}),
  host: z.string().min(1).default('127.0.0.1'),
  /**
   * Names, without ports, under which clients reach the servers. If there are none, any name is
   * answered, but on a loopback address only `localhost`; addresses are always answered.
   */
  allowed_hosts: z
    .array(z.string().regex(/^[A-Za-z0-9._-]{1,253}$/))
    .max(64)
    .default([]),
  /**
   * Sites whose pages may call the proxy from a browser, such as `https://app.example`; `*`: all of
   * them. A key that is in a page is everybody's: give it a budget.
   */
  cors_origins: z
    .array(z.string().regex(/^(\*|https?:\/\/[^/\s]+)$/, 'https://HOST without a path, or *'))
    .max(64)
    .default([]),
  /** What `/metrics` asks for as a bearer token; default: it asks for none. */
  metrics_token: secret.optional(),
  /**
   * Whether proxies write a line for each call to their standard output. Default: under `npm start`,
   * where it has a file of its own, `run/access.log`; not for a proxy that is started by itself.
   */
  access_log: z.boolean().optional(),
  /** Traces of calls. Default: none, unless OpenTelemetry's variables name a collector. */
  tracing: tracing.optional(),
  /** What calls of keys that ask for it say, for administrators. Default: nothing is kept. */
  payload_log: payloadLog.optional(),
  /** Answers that are given again. Default: none are. */
  cache: cache.default({ rules: [] }),
  proxy_port: port.default(8787),
  api_port: port.default(8788),
  /**
   * Where proxies ask what a key has used, for `GET /v1/me`: they show the billing API the key that asks.
   * Default: `npm start` fills it in; a proxy by itself asks nobody, and says nothing of usage.
   */
  billing_api_url: z
    .url({
      protocol: /^https?$/,
      error: 'write an http or https URL, such as http://billing-api:8788',
    })
    .optional(),
  proxies: z.int().min(1).max(64).default(1),
  /** Projector processes, where the warehouse is a server; the embedded one has one in the core. */
  projectors: z.int().min(1).max(64).default(1),
  providers: z.record(name, provider).default({}),
  /**
   * Model names that clients may send. A name that is not listed is served if exactly one
   * configured provider has it in its price catalogue.
   */
  models: z.record(shortName, model).default({}),
  /**
   * Names that clients send as a model, and the models that may serve their calls. A route of the same
   * name in the ledger (`/v1/routes`) comes first.
   */
  routes: z.record(routeName, routeTerms).default({}),
  prices: z.array(priceOverride).default([]),
  /**
   * Output limit, per answer, of a call that states none and has a hard budget: it is sent to the
   * provider and held, so that a small budget can pay for an ordinary call.
   */
  default_max_output_tokens: defaultOutputTokens.default(4_096),
  idempotency: idempotency.default({ hours: 24 }),
  /** What is asked of calls besides budgets and rates, by name. Default: nothing. */
  guardrails: guardrails.default({}),
  /** Where invoices are exported to. Default: nowhere. */
  payments: payments.default({ mode: 'invoices' }),
  /** Who is asked for exchange rates. Default: nobody; they are published through the API. */
  exchange_rates: exchangeRates.optional(),
  /** Who sells, and how invoices are numbered and printed. Default: nobody, so none is. */
  invoicing: invoicing.default({ sellers: {} }),
  webhooks: z
    .strictObject({
      /**
       * Host names, addresses and networks (`10.1.0.0/16`) that webhooks may lead to although they are
       * not public, also without TLS.
       */
      allow: z
        .array(
          z.string().regex(/^[A-Za-z0-9._:-]{1,253}(\/\d{1,3})?$/, 'a name, address or network'),
        )
        .max(256)
        .default([]),
    })
    .default({ allow: [] }),
  limits: z
    .strictObject({
      /** Calls in flight at each proxy, of one key, team and customer. Beyond it: 429. */
      calls_per_key: callsMax.optional(),
      calls_per_team: callsMax.optional(),
      calls_per_customer: callsMax.optional(),
      /**
       * How long, and for how many more tokens of a stream, an answer is read on whose client has left, of
       * a key with `on_disconnect: drain`. Default: 120 seconds and 16,384 tokens. What goes on beyond
       * that is ended at the provider, its usage is unknown, and its budgets stay charged with the hold.
       */
      drain_seconds: z.int().min(1).max(ATTEMPT_SECONDS_MAX).optional(),
      drain_tokens: z.int().min(1).max(1_000_000_000).optional(),
    })
    .default({}),
});

/** What members of a provider say against each other. */
function providerFaults(provider: z.infer<typeof configFields>['providers'][string]) {
  const { api_key, api_keys, api_version, base_url, dialects } = provider;
  const faults: { field: string; message: string }[] = [];
  if (api_key !== undefined && api_keys !== undefined) {
    faults.push({ field: 'api_keys', message: 'state `api_key` or `api_keys`, not both' });
  }
  const { aws, token_file } = provider;
  const ways = Object.entries({ api_key, api_keys, aws, token_file }).filter(([, way]) => way);
  const [, second] = ways;
  if (second !== undefined && (aws !== undefined || token_file !== undefined)) {
    const message = 'state one of `api_key`, `api_keys`, `aws` and `token_file`';
    faults.push({ field: second[0], message });
  }
  if (api_version !== undefined && /\/v1\/*$/.test(base_url)) {
    const message =
      'is not taken below `/openai/v1`: leave it out, or let `base_url` end in `/openai`';
    faults.push({ field: 'api_version', message });
  }
  if (api_version !== undefined && dialects.join() !== 'openai') {
    faults.push({ field: 'api_version', message: 'is of the dialect `openai` alone' });
  }
  return faults;
}

/** Without providers, the start chooses one, and its models are not known here. */
export const tollgateConfig = configFields.superRefine((config, context) => {
  if (config.payload_log !== undefined && config.engines.ledger !== undefined) {
    // Each proxy would have a file that nobody reads or purges.
    const message = 'needs proxies and billing API on one data folder, as `npm start` has them';
    context.addIssue({ code: 'custom', path: ['payload_log'], message });
  }
  const semantic = config.cache.rules.findIndex(({ mode }) => mode === 'semantic');
  if (semantic !== -1 && config.engines.cache !== undefined) {
    const message = 'semantic needs the embedded store: engines.cache.valkey compares no questions';
    context.addIssue({ code: 'custom', path: ['cache', 'rules', semantic, 'mode'], message });
  }
  for (const [name, { candidates }] of Object.entries(config.routes)) {
    const twice = listedTwice(candidates, config.models);
    if (twice === -1) continue;
    const path = ['routes', name, 'candidates', twice];
    context.addIssue({ code: 'custom', path, message: LISTED_TWICE });
  }
  for (const [name, provider] of Object.entries(config.providers)) {
    for (const { field, message } of providerFaults(provider)) {
      context.addIssue({ code: 'custom', path: ['providers', name, field], message });
    }
  }
  const providers = Object.keys(config.providers).join(', ');
  if (providers === '') return;
  for (const [name, { provider }] of Object.entries(config.models)) {
    if (Object.hasOwn(config.providers, provider)) continue;
    const message = `there is no provider ${provider}; write one of: ${providers}`;
    context.addIssue({ code: 'custom', path: ['models', name, 'provider'], message });
  }
  for (const [name, { candidates }] of Object.entries(config.routes)) {
    for (const [index, { provider }] of candidates.entries()) {
      if (provider === null || Object.hasOwn(config.providers, provider)) continue;
      const message = `there is no provider ${provider}; write one of: ${providers}`;
      const path = ['routes', name, 'candidates', index, 'provider'];
      context.addIssue({ code: 'custom', path, message });
    }
  }
  const lists = new Set(Object.entries(config.providers).map(([name, p]) => p.catalogue ?? name));
  for (const [index, { provider }] of config.prices.entries()) {
    if (lists.has(provider)) continue;
    const message = `no provider is priced by ${provider}: name it as its \`catalogue\` does`;
    context.addIssue({ code: 'custom', path: ['prices', index, 'provider'], message });
  }
});

export type TollgateConfig = z.infer<typeof tollgateConfig>;
