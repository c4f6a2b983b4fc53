/**
 * A route: a name that clients send as a model, and the models that may serve its calls
 * (docs/design.md, Route). The same shape in the configuration, in requests and in the ledger.
 *
 * A candidate names a model, never a route, so a route cannot lead back to itself.
 */

/** What a request may need of a model, beyond room for its tokens. */
export type Capability = 'tools' | 'vision' | 'audio' | 'video' | 'files' | 'json_schema';

/**
 * In which order the candidates that are able are tried. `fixed`: as listed. `weighted`: drawn for each
 * call. `cheapest`: by what this request costs at most. `fastest`: by how long answers took lately.
 * `split`: drawn once for each end user. `complexity`: easy requests as `cheapest`, hard ones the most
 * expensive first. `cascade`: as `cheapest`, and an answer that falls short is asked of the next one.
 */
export type Strategy =
  | 'fixed'
  | 'weighted'
  | 'cheapest'
  | 'fastest'
  | 'split'
  | 'complexity'
  | 'cascade';

/** Null: the candidate or the price list that it has says so, or nobody knows. */
export type RouteCandidate = {
  /** A name that a client could send: of the configuration, or of a price list. */
  model: string;
  /** Of this provider, by its own name for it; null: where a call of that name goes. */
  provider: string | null;
  weight: number;
  /** What it can do; null: as the route's. What is not listed, it cannot. */
  supports: Capability[] | null;
  region: string | null;
  context_window: number | null;
  max_output_tokens: number | null;
};

/** Dollars per million tokens, as decimal text. Null: no bound. */
export type MaxPrice = { input: string | null; output: string | null };

/** All that are stated must hold. */
export type RuleConditions = {
  /** Of the key, by name: one of these values. */
  tags: Record<string, string[]>;
  /** Of the request, by name in lower case: one of these values. */
  headers: Record<string, string[]>;
  /** Patterns of the name that the client sent. */
  models: string[] | null;
  /** The most that the input can be, tokens: from, to below. */
  input_tokens_from: number | null;
  input_tokens_below: number | null;
  /** The request needs all of these. */
  needs: Capability[];
  /** Of the day in UTC, `HH:MM`; `from` may be after `to`, across midnight. */
  time: { from: string; to: string } | null;
  /** A budget on the call's path is used by more than this, percent. */
  budget_used_over: number | null;
};

/** What a call that fits is served by. Null: as the route says. */
export type RouteRule = {
  when: RuleConditions;
  /** Models of candidates, in order. */
  candidates: string[] | null;
  strategy: Strategy | null;
  regions: string[] | null;
  max_price: MaxPrice | null;
};

/** Why an attempt brought no answer to the client's request. */
export type FailureClass =
  | 'unreachable'
  | 'closed'
  | 'broken'
  | 'timeout'
  | 'rate_limited'
  | 'overloaded'
  | 'server_error'
  | 'unauthorized'
  | 'model_unavailable'
  | 'context_window'
  | 'content_policy';

/** How requests are told apart by how hard they are. */
export type ComplexityTerms = {
  /** From this score on, 0 to 1, a request is hard; null: the usual one. */
  threshold: number | null;
  /** The route chooses in another way, and it is recorded what this one would have chosen. */
  shadow: boolean;
};

/** What an answer shows of itself that is not good. */
export type Shortfall = 'refusal' | 'truncated' | 'invalid_json' | 'failed_schema';

export type RouteTerms = {
  strategy: Strategy;
  candidates: RouteCandidate[];
  /** The first that fits decides. */
  rules: RouteRule[];
  /** Of candidates that say nothing of it; null: nobody knows. */
  supports: Capability[] | null;
  /** Where calls may be served; null: anywhere. */
  regions: string[] | null;
  max_price: MaxPrice | null;
  /** Null: by the usual threshold, and only where a strategy asks for it. */
  complexity: ComplexityTerms | null;
  /** Of a cascade: after which shortfalls the next candidate is asked. Absent: after each. */
  escalate_on?: Shortfall[];
  /** After which failures another candidate is tried. */
  fallback_on: FailureClass[];
  /** Attempts after each candidate had one. */
  retries: number;
  /** A second attempt at once, if the first has said nothing for so long; null or absent: none. */
  hedge?: { after_ms: number } | null;
  /** Of the whole call, all its attempts and waits; null: as long as one attempt may take. */
  timeout_ms: number | null;
};
