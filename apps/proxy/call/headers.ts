/**
 * Which of the provider's headers the client gets, and which ones we add (docs/design.md, HTTP
 * manners).
 */
import { ANSWER_HEADERS } from '@tollgate/adapters/http/manners.ts';
import type { UpstreamHeaders } from '@tollgate/adapters/provider/upstream.ts';
import { hasOthers } from '@tollgate/domain/budget/definition.ts';
import { formatDecimal12 } from '@tollgate/domain/money/money.ts';
import type { AttemptFacts } from './attempt-facts.ts';

/**
 * What clients and SDKs read of a provider's answer. Every other header speaks of the provider's
 * site, of a gateway behind ours or of our account there, and would be taken for ours: cookies,
 * addresses, rules for browsers, `x-tollgate-*`.
 */
const PASSED = new Set([
  'content-type',
  'content-encoding',
  'content-language',
  'cache-control',
  'retry-after',
  'retry-after-ms',
  'x-should-retry',
  'x-request-id',
  'request-id',
  'apim-request-id',
  'x-ms-request-id',
]);

const PASSED_PREFIXES = ['x-ratelimit-', 'anthropic-ratelimit-', 'openai-'];

const NAMES_OUR_ACCOUNT = new Set(['openai-organization', 'openai-project']);

/** Answers that have no body, and no length of one (RFC 9110 §8.6). */
export const BODILESS: ReadonlySet<number> = new Set([204, 205, 304]);

const NONE: readonly string[] = [];
const NO_HEADERS: Readonly<Record<string, string>> = {};

export type AnswerFacts = {
  facts: AttemptFacts;
  /** Decimal text, if it is known when the headers leave. */
  cost: string | null;
  overheadUs: number | null;
};

export function answerHeaders(
  upstream: UpstreamHeaders,
  answer: AnswerFacts,
): Record<string, string | string[] | number> {
  const headers: Record<string, string | string[] | number> = { ...ANSWER_HEADERS };
  const named = namedByConnection(upstream['connection']);
  const { facts, cost, overheadUs } = answer;
  const rates = facts.rates?.headers() ?? NO_HEADERS;
  const statesRates = hasAny(rates);
  for (const name in upstream) {
    const value = upstream[name];
    // seam: answer-headers-are-on-the-list
    if (value === undefined || !passes(name) || named.includes(name)) continue;
    // Where a limit of ours applies, what the provider says of our account would be taken for it.
    if (statesRates && name.startsWith('x-ratelimit-')) continue;
    headers[name] = value;
  }
  for (const name in rates) headers[name] = rates[name] as string;
  headers['x-tollgate-call-id'] = facts.callId;
  headers['x-tollgate-provider'] = facts.deployment.provider.name;
  headers['x-tollgate-model'] = headerText(facts.deployment.model);
  headers['x-tollgate-attempts'] = String(facts.attempt);
  headers['x-tollgate-cache'] = 'miss';
  if (cost !== null) headers['x-tollgate-cost'] = cost;
  if (overheadUs !== null) headers['x-tollgate-overhead-us'] = String(overheadUs);
  const { imposedLimit } = facts;
  if (imposedLimit !== null) {
    headers['x-tollgate-output-limit'] = String(imposedLimit.tokens);
    if (imposedLimit.clamped) headers['x-tollgate-output-clamped'] = 'true';
  }
  if (facts.holds.length > 0) addRemaining(headers, facts);
  return headers;
}

function hasAny(headers: Readonly<Record<string, string>>): boolean {
  for (const _ in headers) return true;
  return false;
}

function passes(name: string): boolean {
  if (PASSED.has(name)) return true;
  for (const prefix of PASSED_PREFIXES) {
    if (name.startsWith(prefix)) return !NAMES_OUR_ACCOUNT.has(name);
  }
  return false;
}

const HEADER_TEXT = /^[\t\x20-\x7e]*$/;

/** A model's name comes from a client or a file: what no header can hold is percent-encoded. */
export function headerText(text: string): string {
  return HEADER_TEXT.test(text) ? text : encodeURIComponent(text.toWellFormed());
}

/** Headers that were meant for the connection to us alone, besides the known ones. */
function namedByConnection(connection: string | string[] | undefined): readonly string[] {
  // What nearly every answer says names nothing.
  if (connection === undefined || connection === 'keep-alive') return NONE;
  return String(connection)
    .toLowerCase()
    .split(',')
    .map((name) => name.trim());
}

const REMAINING = {
  usd: 'x-tollgate-budget-remaining',
  tokens: 'x-tollgate-budget-remaining-tokens',
  requests: 'x-tollgate-budget-remaining-requests',
} as const;

/**
 * Of the tightest budget in each unit, as this proxy last saw it, other proxies' slices taken as
 * spent. I10: not of one that other customers spend from.
 */
function addRemaining(
  headers: Record<string, string | string[] | number>,
  { holds }: AttemptFacts,
): void {
  const least: Partial<Record<keyof typeof REMAINING, bigint>> = {};
  for (const { account, unit } of holds) {
    if (hasOthers(account.definition)) continue;
    const left = account.remaining();
    const known = least[unit.kind];
    if (known !== undefined && known <= left) continue;
    least[unit.kind] = left;
    headers[REMAINING[unit.kind]] = formatDecimal12(left);
  }
}
