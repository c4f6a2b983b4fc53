/** Which of a route's rules a call falls under (docs/design.md, Route). */
import { globMatcher } from './glob.ts';
import type { Capability, MaxPrice, RouteRule, RouteTerms, Strategy } from './route.ts';

/** What a rule may ask of a call. */
export type Asked = {
  model: string;
  inputTokensMax: number;
  capabilities: readonly Capability[];
  tags: Readonly<Record<string, string>>;
  header(name: string): string | undefined;
  /** Unix ms. */
  nowMs: number;
  /** Of the budget on the path that is used most, in percent; asked for only if a rule needs it. */
  budgetUsedPercent(): number;
};

/** How a call is served: the route's terms with those of its rule. */
export type Terms = {
  /** Of the rule that decided; null: none fitted. */
  rule: number | null;
  strategy: Strategy;
  /** Models of candidates; null: all, as listed. */
  candidates: readonly string[] | null;
  regions: readonly string[] | null;
  maxPrice: MaxPrice | null;
};

export class Rules {
  readonly #terms: RouteTerms;
  readonly #rules: readonly ((asked: Asked) => boolean)[];

  constructor(terms: RouteTerms) {
    this.#terms = terms;
    this.#rules = terms.rules.map(compile);
  }

  of(asked: Asked): Terms {
    const { strategy, regions, max_price } = this.#terms;
    const index = this.#rules.findIndex((fits) => fits(asked));
    const rule = this.#terms.rules[index];
    return {
      rule: rule === undefined ? null : index,
      strategy: rule?.strategy ?? strategy,
      candidates: rule?.candidates ?? null,
      regions: rule?.regions ?? regions,
      maxPrice: rule?.max_price ?? max_price,
    };
  }
}

function compile({ when }: RouteRule): (asked: Asked) => boolean {
  const models = when.models?.map(globMatcher) ?? null;
  const tags = Object.entries(when.tags);
  const headers = Object.entries(when.headers);
  const { input_tokens_from, input_tokens_below, needs, time, budget_used_over } = when;
  const range = time === null ? null : [minuteOf(time.from), minuteOf(time.to)];
  return (asked) => {
    if (models !== null && !models.some((fits) => fits(asked.model))) return false;
    if (input_tokens_from !== null && asked.inputTokensMax < input_tokens_from) return false;
    if (input_tokens_below !== null && asked.inputTokensMax >= input_tokens_below) return false;
    if (!needs.every((need) => asked.capabilities.includes(need))) return false;
    for (const [name, values] of tags) {
      const value = Object.hasOwn(asked.tags, name) ? asked.tags[name] : undefined;
      if (value === undefined || !values.includes(value)) return false;
    }
    for (const [name, values] of headers) {
      const value = asked.header(name);
      if (value === undefined || !values.includes(value)) return false;
    }
    if (range !== null && !isWithin(range as [number, number], asked.nowMs)) return false;
    // seam: budget-rule-is-strict
    return budget_used_over === null || asked.budgetUsedPercent() > budget_used_over;
  };
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

function minuteOf(time: string): number {
  const [hours, minutes] = time.split(':').map(Number);
  return (hours as number) * 60 + (minutes as number);
}

function isWithin([from, to]: [number, number], nowMs: number): boolean {
  const minute = Math.floor(nowMs / MINUTE_MS) % DAY_MINUTES;
  return from <= to ? minute >= from && minute < to : minute >= from || minute < to;
}
