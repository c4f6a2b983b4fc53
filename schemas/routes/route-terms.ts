/**
 * What a route says, in `tollgate.yaml`, in bodies of /v1/routes and in the ledger: one shape, whose
 * defaults are filled in where it is read first.
 */
import type {
  Capability,
  FailureClass,
  RouteTerms,
  Shortfall,
  Strategy,
} from '@tollgate/domain/routing/route.ts';
import { z } from 'zod';
import { modelPattern } from '../http/model-lists.ts';
import { shortName } from '../names/names.ts';

export const capabilities = [
  ...(['tools', 'vision', 'audio', 'video', 'files', 'json_schema'] as const),
] as const satisfies readonly Capability[];
const strategies = [
  ...(['fixed', 'weighted', 'cheapest', 'fastest', 'split', 'complexity', 'cascade'] as const),
] as const satisfies readonly Strategy[];
const shortfalls = [
  ...(['refusal', 'truncated', 'invalid_json', 'failed_schema'] as const),
] as const satisfies readonly Shortfall[];
const failureClasses = [
  ...(['unreachable', 'closed', 'broken', 'timeout', 'rate_limited', 'overloaded'] as const),
  ...(['server_error', 'unauthorized', 'model_unavailable', 'context_window'] as const),
  'content_policy',
] as const satisfies readonly FailureClass[];
/**
 * What a route does where nothing else is said. A refusal by a provider's content policy is not gone
 * around: that needs an operator who says so (litellm#40406).
 */
export const DEFAULT_FALLBACK_ON: readonly FailureClass[] = failureClasses.filter(
  (failure) => failure !== 'content_policy',
);

/** Attempts cost time and money: a call that failed so often has a client that waits. */
const CANDIDATES_MAX = 16;
const RULES_MAX = 32;
const VALUES_MAX = 64;
const RETRIES_MAX = 8;
/** As long as one attempt may take, ms. */
const TIMEOUT_MS_MAX = 1_800_000;

/** A name in a path, and in a request. */
export const routeName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/, 'letters, digits, dots, _ and -');

export const capabilityList = z.array(z.enum(capabilities)).max(capabilities.length);
export const region = z.string().regex(/^[A-Za-z0-9_-]{1,63}$/, 'a name such as eu or us-east-1');
const usd = z
  .string()
  .regex(/^\d{1,9}(\.\d{1,12})?$/, "a decimal number in quotes, such as '0.15', at most 12 places");

const candidate = z.strictObject({
  model: shortName.meta({
    description: 'A name of the configuration, or of a price list; never that of a route.',
  }),
  provider: shortName
    .nullable()
    .default(null)
    .meta({ description: 'Of this provider; null: where a call of that name would go.' }),
  weight: z.int().min(0).max(1_000_000).default(1),
  supports: capabilityList.nullable().default(null).meta({
    description:
      'What it can do. What is not listed, it cannot. Null: as its model in the configuration says, else as the route.',
  }),
  region: region.nullable().default(null),
  context_window: z.int().min(1).nullable().default(null),
  max_output_tokens: z.int().min(1).nullable().default(null),
});

const maxPrice = z
  .strictObject({ input: usd.nullable().default(null), output: usd.nullable().default(null) })
  .meta({ description: 'Dollars per million tokens. A candidate without a price is left out.' });
const regions = z.array(region).min(1).max(VALUES_MAX);
const values = z.array(z.string().max(1_024)).min(1).max(VALUES_MAX);
const headerName = z.string().regex(/^[a-z0-9-]{1,128}$/, 'the name of a header in lower case');
const time = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'a time of day such as 08:30');

const conditions = z.strictObject({
  tags: z.record(z.string().min(1).max(256), values).default({}),
  headers: z.record(headerName, values).default({}),
  models: z.array(modelPattern).min(1).max(VALUES_MAX).nullable().default(null),
  input_tokens_from: z.int().min(1).nullable().default(null),
  input_tokens_below: z.int().min(1).nullable().default(null),
  needs: capabilityList.default([]),
  time: z.strictObject({ from: time, to: time }).nullable().default(null).meta({
    description: 'Of the day, in UTC. `from` may be after `to`: across midnight.',
  }),
  budget_used_over: z.number().min(0).max(100).nullable().default(null).meta({
    description: 'Percent of a budget on the path that are used, as the proxy last saw it.',
  }),
});

const complexity = z
  .strictObject({
    threshold: z.number().min(0).max(1).nullable().default(null),
    shadow: z.boolean().default(false),
  })
  .meta({
    description:
      'How hard a request has to be, from 0 to 1, to go to the most expensive candidate first; null: 0.3. `shadow`: the route chooses as its strategy says, and what complexity would have chosen is counted.',
  });

const rule = z.strictObject({
  when: conditions,
  candidates: z.array(shortName).min(1).max(CANDIDATES_MAX).nullable().default(null).meta({
    description: 'Models of candidates, in order; null: all of them.',
  }),
  strategy: z.enum(strategies).nullable().default(null),
  regions: regions.nullable().default(null),
  max_price: maxPrice.nullable().default(null),
});

export const routeTermsFields = {
  strategy: z.enum(strategies).default('fixed'),
  candidates: z.array(candidate).min(1).max(CANDIDATES_MAX),
  rules: z.array(rule).max(RULES_MAX).default([]),
  supports: capabilityList.nullable().default(null),
  regions: regions.nullable().default(null),
  max_price: maxPrice.nullable().default(null),
  complexity: complexity.nullable().default(null),
  escalate_on: z
    .array(z.enum(shortfalls))
    .min(1)
    .default([...shortfalls])
    .meta({
      description: 'Of a cascade: what of an answer lets the next candidate be asked as well.',
    }),
  fallback_on: z.array(z.enum(failureClasses)).default([...DEFAULT_FALLBACK_ON]),
  retries: z.int().min(0).max(RETRIES_MAX).default(0),
  hedge: z
    .strictObject({ after_ms: z.int().min(1).max(TIMEOUT_MS_MAX) })
    .nullable()
    .default(null)
    .meta({
      description:
        'If the first attempt has said nothing for so long, one more is sent to the next candidate at the same time, and the first to answer is taken. Both are paid for.',
    }),
  timeout_ms: z.int().min(1).max(TIMEOUT_MS_MAX).nullable().default(null),
};

/** Where a name of the configuration leads. */
export type NamedModels = Readonly<
  Record<string, { provider: string; model?: string | undefined }>
>;

/**
 * A deployment that is there twice would be asked again for what it has just refused.
 *
 * @returns the index of one that is there already; -1: there is none
 */
export function listedTwice(candidates: RouteTerms['candidates'], models: NamedModels): number {
  const names = candidates.map(({ model, provider }) => {
    const named = provider === null && Object.hasOwn(models, model) ? models[model] : undefined;
    return named === undefined
      ? `${provider}/${model}`
      : `${named.provider}/${named.model ?? model}`;
  });
  return names.findIndex((name, index) => names.indexOf(name) !== index);
}

export const LISTED_TWICE = 'is listed twice: the same model at the same provider';

/** What would be accepted and never do what it says. */
export function refuseOddTerms(terms: RouteTerms, context: z.RefinementCtx): void {
  const refuse = (path: (string | number)[], message: string) =>
    context.addIssue({ code: 'custom', path, message });
  const twice = listedTwice(terms.candidates, {});
  if (twice !== -1) refuse(['candidates', twice], LISTED_TWICE);
  if (terms.hedge && terms.candidates.length < 2) {
    refuse(['hedge'], 'needs another candidate: a second attempt goes to the next one');
  }
  const draws = [terms.strategy, ...terms.rules.map(({ strategy }) => strategy)];
  if (terms.hedge && draws.includes('cascade')) {
    refuse(['hedge'], 'a cascade asks the next candidate only after it has seen an answer');
  }
  if (draws.includes('cascade') && terms.candidates.length < 2) {
    refuse(['strategy'], 'a cascade needs another candidate');
  }
  const isDrawn = draws.some((strategy) => strategy === 'weighted' || strategy === 'split');
  if (isDrawn && terms.candidates.every(({ weight }) => weight === 0)) {
    refuse(['candidates'], 'none has a weight');
  }
  const { complexity: hard } = terms;
  if (hard?.shadow && terms.strategy === 'complexity') {
    refuse(['complexity', 'shadow'], 'the route chooses by complexity itself');
  }
  if (hard !== null && !hard.shadow && !draws.includes('complexity')) {
    refuse(['complexity'], 'nothing chooses by it: see `strategy`, and `shadow`');
  }
  for (const [index, { candidates, when }] of terms.rules.entries()) {
    const unknown = candidates?.find((name) =>
      terms.candidates.every(({ model }) => model !== name),
    );
    if (unknown !== undefined) {
      refuse(['rules', index, 'candidates'], `there is no candidate ${unknown}`);
    }
    const { input_tokens_from: from, input_tokens_below: below } = when;
    if (from !== null && below !== null && from >= below) {
      refuse(['rules', index, 'when'], 'no input is both of that length and below it');
    }
  }
}

export const routeTerms = z
  .strictObject(routeTermsFields)
  .superRefine(refuseOddTerms) satisfies z.ZodType<RouteTerms>;
