/**
 * Which of the provider's headers the client gets, and which ones we add (docs/design.md, HTTP
 * manners).
 */
import { ANSWER_HEADERS } from '@tollgate/adapters/http/manners.ts';
import type { UpstreamHeaders } from '@tollgate/adapters/provider/upstream.ts';
import { hasOthers } from '@tollgate/domain/budget/definition.ts';
import type { Stated } from '../budget/window-left.ts';
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

const NONE: readonly string[] = [];

export type AnswerFacts = {
  facts: AttemptFacts;
  /** Decimal text, if it is known when the headers leave. */
  cost: string | null;
  overheadUs: number | null;
  /** If it is not what the attempt's own number says; else null. */
  attempts: number | null;
};

/** Names and values in turn, no name twice, in the order in which they leave. */
export type HeaderFields = (string | string[])[];

/** The same by name. */
export function answerHeaders(
  upstream: UpstreamHeaders,
  answer: AnswerFacts,
): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = {};
  const fields = answerFields(upstream, answer);
  for (let at = 0; at < fields.length; at += 2) {
    headers[fields[at] as string] = fields[at + 1] as string | string[];
  }
  return headers;
}

const OURS = Object.entries(ANSWER_HEADERS).flat();

/** A list and no object: an object with so many names is made, and gone through, far slower. */
export function answerFields(upstream: UpstreamHeaders, answer: AnswerFacts): HeaderFields {
  const fields: HeaderFields = [...OURS];
  const named = namedByConnection(upstream['connection']);
  const { facts, cost, overheadUs } = answer;
  const firstOfRates = fields.length;
  facts.rates?.addHeaders(fields);
  const statesRates = fields.length > firstOfRates;
  for (const name in upstream) {
    const value = upstream[name];
    // seam: answer-headers-are-on-the-list
    if (value === undefined || !passes(name) || named.includes(name)) continue;
    // Where a limit of ours applies, what the provider says of our account would be taken for it.
    if (statesRates && name.startsWith('x-ratelimit-')) continue;
    if (mayBeHeader(value)) fields.push(name, value);
  }
  const { deployment } = facts;
  fields.push('x-tollgate-call-id', facts.callId);
  fields.push('x-tollgate-provider', deployment.provider.name);
  fields.push('x-tollgate-model', headerText(deployment.model));
  fields.push('x-tollgate-attempts', String(answer.attempts ?? facts.attempt));
  fields.push('x-tollgate-cache', 'miss');
  if (cost !== null) fields.push('x-tollgate-cost', cost);
  if (overheadUs !== null) fields.push('x-tollgate-overhead-us', String(overheadUs));
  const { imposedLimit } = facts;
  if (imposedLimit !== null) {
    fields.push('x-tollgate-output-limit', String(imposedLimit.tokens));
    if (imposedLimit.clamped) fields.push('x-tollgate-output-clamped', 'true');
  }
  const { translation } = facts.request;
  if (translation !== undefined) {
    fields.push('x-tollgate-translated', translation.to);
    if (translation.leftOut.length > 0) {
      fields.push('x-tollgate-left-out', translation.leftOut.map(headerText).join(', '));
    }
  }
  if (facts.holds.length > 0) addRemaining(fields, facts);
  return fields;
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

/** What is no text of a header as Node has it could begin another one. */
const VALUE_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/;

function mayBeHeader(value: string | string[]): boolean {
  return typeof value === 'string'
    ? VALUE_TEXT.test(value)
    : value.every((one) => VALUE_TEXT.test(one));
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
function addRemaining(fields: HeaderFields, { holds }: AttemptFacts): void {
  const atMs = performance.now();
  let [usd, tokens, requests]: (Stated | undefined)[] = [];
  for (const { account, unit } of holds) {
    if (hasOthers(account.definition)) continue;
    const left = account.left.stated(atMs);
    if (unit.kind === 'usd') usd = lesser(usd, left);
    else if (unit.kind === 'tokens') tokens = lesser(tokens, left);
    else requests = lesser(requests, left);
  }
  if (usd !== undefined) fields.push(REMAINING.usd, usd.text);
  if (tokens !== undefined) fields.push(REMAINING.tokens, tokens.text);
  if (requests !== undefined) fields.push(REMAINING.requests, requests.text);
}

function lesser(known: Stated | undefined, other: Stated): Stated {
  return known === undefined || other.left < known.left ? other : known;
}
