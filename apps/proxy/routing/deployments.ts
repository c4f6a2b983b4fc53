/**
 * Model name → deployment (docs/design.md, Route, the simplest form: one deployment per name). A
 * name that the configuration lists goes where it says; any other goes to the first provider whose
 * price list knows it, so that nothing unpriced is served by accident (I8).
 */
import type { Upstream } from '@tollgate/adapters/provider/upstream.ts';
import type { Encoding } from '@tollgate/adapters/tokenizer/token-bound.ts';
import { pricesRequests } from '@tollgate/domain/pricing/compile.ts';
import type { OpenBounds } from '@tollgate/domain/pricing/open-bounds.ts';
import type { PriceFound } from '@tollgate/domain/pricing/price-list.ts';
import type { Capability } from '@tollgate/domain/routing/route.ts';
import type { DialectName } from '@tollgate/schemas/config/provider-dialects.ts';
import type { Refusal } from '../errors.ts';
import type { LedgerView } from '../ledger-view/ledger-view.ts';
import { conversations, translatedDialects } from '../translate/conversations.ts';
import type { FairGate } from './fair-gate.ts';
import type { KeyRing } from './key-ring.ts';

export type Provider = {
  name: string;
  /** Its id in the price lists. */
  priceProvider: string;
  upstream: Upstream;
  /** Whose turn it is of several keys; undefined: it has one, or none. */
  keys?: KeyRing | undefined;
  notBilledStatuses: ReadonlySet<number>;
  /** The field in which it takes an output limit. */
  outputLimitField: string;
  /** Whether it takes what we add to the request of a stream, so that it states its usage. */
  asksForUsage: boolean;
  /** A place for each connection; who waits for one goes in turn by customer. */
  connections: FairGate;
  /** The vocabulary of a model of this name, where it is known; undefined: of none. */
  tokenizerOf?: ((model: string) => Encoding | null) | undefined;
  /** Of models that the configuration does not list. */
  bounds?: OpenBounds | undefined;
  /** Where it serves its models, as the operator says. */
  region?: string | undefined;
  /** Where it takes what else is sent to `path` of its base URL; undefined: there. */
  pathOf?: ((path: string, model: string) => string) | undefined;
  /** What it speaks; undefined: OpenAI's dialect alone. */
  dialects?: ReadonlySet<DialectName> | undefined;
  /** False: calls of other dialects than those are refused, and never translated. */
  translates?: boolean | undefined;
};

const OPENAI_ALONE: ReadonlySet<DialectName> = new Set<DialectName>(['openai']);

/** Whether a call of this dialect may go there as it came; null: of any. */
function speaks({ dialects }: Pick<Provider, 'dialects'>, dialect: DialectName | null): boolean {
  return dialect === null || (dialects ?? OPENAI_ALONE).has(dialect);
}

/** The dialect in which a call of another one can be sent there; undefined: it cannot. */
function translationTo(provider: Provider, endpoint: string | null): DialectName | undefined {
  if (endpoint === null || provider.translates === false || !conversations.has(endpoint)) {
    return undefined;
  }
  for (const name of provider.dialects ?? OPENAI_ALONE) {
    if (translatedDialects.has(name)) return name;
  }
  return undefined;
}

export type ConfiguredModel = {
  provider: Provider;
  model: string;
  contextWindow: number | null;
  maxOutputTokens: number | null;
  /** Undefined: as for all models. null: none is set. */
  defaultOutputTokens?: number | null | undefined;
  /** Undefined: nobody says that it does not. */
  hidesOutput?: boolean | undefined;
  allowUnpriced: boolean;
  /** Undefined: as its provider knows. null: unknown. */
  tokenizer?: Encoding | null | undefined;
  bounds?: OpenBounds | undefined;
  /** What it can do; undefined: nobody says. */
  supports?: readonly Capability[] | undefined;
  region?: string | undefined;
};

export type Deployment = {
  provider: Provider;
  /** The model's name at the provider. */
  model: string;
  /** The name that led here: the client's, or that of a route's candidate. */
  alias: string;
  /** null: unpriced, and allowed by name. */
  price: PriceFound | null;
  /** Largest output of one choice, if anything is known about it. */
  outputTokensMax: number | null;
  /** The limit that a call under a budget gets if it states none; null: it gets none. */
  outputTokensDefault: number | null;
  /** It may be billed for output that its answers do not show. No catalogue says that a model is not. */
  hidesOutput: boolean;
  /** Vocabulary of its texts. Undefined: as its provider knows. null: unknown. */
  tokenizer?: Encoding | null | undefined;
  /** Of what a request does not bound; undefined: the operator gives none. */
  bounds?: OpenBounds | undefined;
  /** For routes alone: what the configuration says of it. */
  configured?: ConfiguredModel | undefined;
  /** Its provider does not speak the call's dialect, and is sent this one. Undefined: it does. */
  translatedTo?: DialectName | undefined;
};

export class Deployments {
  readonly providers: readonly Provider[];
  readonly #models: ReadonlyMap<string, ConfiguredModel>;
  readonly #directory: LedgerView;
  readonly #outputTokensDefault: number | null;

  /** @param outputTokensDefault of models that say nothing else; null: none */
  constructor(
    providers: readonly Provider[],
    models: ReadonlyMap<string, ConfiguredModel>,
    directory: LedgerView,
    outputTokensDefault: number | null = null,
  ) {
    this.providers = providers;
    this.#models = models;
    this.#directory = directory;
    this.#outputTokensDefault = outputTokensDefault;
  }

  /** Where a call of this model may go, in the order in which it is tried. Never empty. */
  route(
    model: string,
    nowMs: number,
    dialect: DialectName,
    endpoint: string | null = null,
  ): readonly Deployment[] | Refusal {
    const found = this.find(model, nowMs, dialect, endpoint);
    return 'code' in found ? found : [found];
  }

  /**
   * @param dialect of the call, which its provider has to speak; null: any
   * @param endpoint of the call: one that may be translated; null: it may not
   */
  find(
    model: string,
    nowMs: number,
    dialect: DialectName | null,
    endpoint: string | null = null,
  ): Deployment | Refusal {
    const configured = this.#models.get(model);
    if (configured !== undefined) {
      const { provider } = configured;
      // seam: provider-speaks-the-dialect
      if (speaks(provider, dialect)) return this.#configured(configured, model, nowMs);
      const to = translationTo(provider, endpoint);
      if (to === undefined) return notSpoken(model, provider, dialect);
      return translated(this.#configured(configured, model, nowMs), to);
    }
    let other: Provider | undefined;
    let spokenElsewhere: Deployment | undefined;
    for (const provider of this.providers) {
      const found = this.#listed(provider, model, nowMs);
      if (found === null) continue;
      if (speaks(provider, dialect)) return found;
      const to = translationTo(provider, endpoint);
      // seam: own-dialect-goes-first
      if (to !== undefined) spokenElsewhere ??= { ...found, translatedTo: to };
      other ??= provider;
    }
    if (spokenElsewhere !== undefined) return spokenElsewhere;
    if (other !== undefined) return notSpoken(model, other, dialect);
    const message = `No provider here serves the model \`${model}\`. GET /v1/models lists them.`;
    return { code: 'model_not_found', param: 'model', message };
  }

  /** @param provider whose own name for it `model` is; null: where a call of that name goes */
  candidate(
    model: string,
    provider: string | null,
    nowMs: number,
    dialect: DialectName | null,
    endpoint: string | null = null,
  ): Deployment | Refusal {
    if (provider === null) return this.find(model, nowMs, dialect, endpoint);
    const found = this.#at(provider, model, nowMs);
    if (found === null) return { code: 'model_not_found', param: 'model' };
    if (speaks(found.provider, dialect)) return found;
    const to = translationTo(found.provider, endpoint);
    return to === undefined ? notSpoken(model, found.provider, dialect) : translated(found, to);
  }

  /**
   * At this provider alone, by its own name of the model, whatever it speaks.
   *
   * @param byRequest it is billed by the request, so that is what has to have a price
   */
  at(
    provider: string,
    model: string,
    nowMs: number,
    byRequest: boolean,
  ): readonly Deployment[] | Refusal {
    const found = this.#at(provider, model, nowMs);
    // seam: passed-request-has-a-price
    const isFree = byRequest && found?.price != null && !pricesRequests(found.price.price);
    if (found !== null && !isFree) return [found];
    const message = `No price of \`${model}\` is known here at ${provider}, so it is not passed on. Ask your operator to state one.`;
    return { code: 'model_unpriced', param: 'model', message };
  }

  #at(provider: string, model: string, nowMs: number): Deployment | null {
    const found = this.providers.find(({ name }) => name === provider);
    if (found === undefined) return null;
    for (const configured of this.#models.values()) {
      if (configured.provider !== found || configured.model !== model) continue;
      const deployment = this.#configured(configured, model, nowMs);
      return 'code' in deployment ? null : deployment;
    }
    return this.#listed(found, model, nowMs);
  }

  #listed(provider: Provider, model: string, nowMs: number): Deployment | null {
    const price = this.#directory.price(provider.priceProvider, model, nowMs);
    if (price === null) return null;
    const outputTokensMax = price.maxOutputTokens ?? price.contextWindow;
    return {
      provider,
      model,
      alias: model,
      price,
      outputTokensMax,
      outputTokensDefault: this.#outputTokensDefault,
      hidesOutput: true,
      tokenizer: undefined,
      bounds: provider.bounds,
      configured: undefined,
      translatedTo: undefined,
    };
  }

  /** Names that the configuration lists. */
  configuredNames(): string[] {
    return [...this.#models.keys()];
  }

  #configured(configured: ConfiguredModel, alias: string, nowMs: number): Deployment | Refusal {
    const { provider, model } = configured;
    const price = this.#directory.price(provider.priceProvider, model, nowMs);
    if (price === null && !configured.allowUnpriced) {
      return { code: 'model_unpriced', param: 'model' };
    }
    const outputTokensMax =
      configured.maxOutputTokens ??
      price?.maxOutputTokens ??
      configured.contextWindow ??
      price?.contextWindow ??
      null;
    const { defaultOutputTokens, hidesOutput = true } = configured;
    const outputTokensDefault =
      defaultOutputTokens === undefined ? this.#outputTokensDefault : defaultOutputTokens;
    return {
      provider,
      model,
      alias,
      price,
      outputTokensMax,
      outputTokensDefault,
      hidesOutput,
      tokenizer: configured.tokenizer,
      bounds: configured.bounds,
      configured,
      translatedTo: undefined,
    };
  }
}

function translated(found: Deployment | Refusal, to: DialectName): Deployment | Refusal {
  return 'code' in found ? found : { ...found, translatedTo: to };
}

/** In the client's words: which of its provider's interfaces the model has. */
function notSpoken(model: string, { dialects }: Provider, dialect: DialectName | null): Refusal {
  const spoken = [...(dialects ?? OPENAI_ALONE)].map((name) => API_NAMES[name]).join(' or ');
  const message = `The model \`${model}\` is served through ${spoken} here, not through ${API_NAMES[dialect ?? 'openai']}.`;
  return { code: 'dialect_not_served', param: 'model', message };
}

const API_NAMES: Readonly<Record<DialectName, string>> = {
  openai: 'the OpenAI API',
  anthropic: 'the Anthropic Messages API',
  gemini: 'the Gemini API',
};
