/**
 * What an operator asks of calls besides budgets and rates (docs/design.md, Guardrails). Pure: which calls
 * a guardrail is about, and what of a call does not fit.
 *
 * A call that is refused here was not sent: it costs nothing and holds nothing. An answer that is refused
 * was paid for, and is metered like any other.
 */
import type { PersonalDataKind } from './personal-data.ts';

/** The calls that fit all that is stated; nothing is stated: all calls. */
export type GuardrailScope = {
  customers: readonly string[] | null;
  teams: readonly string[] | null;
  keys: readonly string[] | null;
  environments: readonly string[] | null;
  /** Tags that the key has. */
  tags: Readonly<Record<string, string>>;
};

export type NamedPattern = { name: string; pattern: string; ignoreCase: boolean };

/** Once a guardrail's webhook cannot be asked, or does not say: whether the call goes on. */
export type WhenUnavailable = 'open' | 'closed';

export type GuardrailWebhook = {
  url: string;
  /** `whsec_…` */
  secret: string;
  onRequest: boolean;
  onAnswer: boolean;
  timeoutMs: number;
  whenUnavailable: WhenUnavailable;
};

export type Guardrail = {
  name: string;
  scope: GuardrailScope;
  /** What a call must state. */
  require: {
    /** Names of headers, in lower case. */
    headers: readonly string[];
    /** Members of the request's own metadata. */
    metadata: readonly string[];
    /** Tags of its key. */
    tags: readonly string[];
    endUser: boolean;
  };
  /** null: no cap. */
  caps: { requestBytes: number | null; outputTokens: number | null };
  deny: readonly NamedPattern[];
  redact: readonly (PersonalDataKind | NamedPattern)[];
  webhook: GuardrailWebhook | null;
};

/** Whose call it is. */
export type GuardedKey = {
  customerId: string;
  teamId: string | null;
  keyId: string;
  environment: string;
  tags: Readonly<Record<string, string>>;
};

export function appliesTo({ scope }: Guardrail, key: GuardedKey): boolean {
  const { customers, teams, keys, environments, tags } = scope;
  // seam: guardrail-scope
  return (
    lists(customers, key.customerId) &&
    lists(teams, key.teamId) &&
    lists(keys, key.keyId) &&
    lists(environments, key.environment) &&
    Object.entries(tags).every(([name, value]) => ownText(key.tags, name) === value)
  );
}

function lists(list: readonly string[] | null, id: string | null): boolean {
  return list === null || (id !== null && list.includes(id));
}

/** What a call states, as far as guardrails ask for it. */
export type StatedByCall = {
  headers: Readonly<Record<string, unknown>>;
  /** Asked for only by guardrails that require some of it. */
  metadata: () => Readonly<Record<string, unknown>>;
  endUser: string | null;
  /** Over all answers; null: it states no limit. */
  outputTokensMax: number | null;
};

/** @returns what is missing, in words that name it; null: nothing is */
export function missingOf({ require }: Guardrail, key: GuardedKey, stated: StatedByCall) {
  const header = require.headers.find((name) => !isText(stated.headers[name]));
  if (header !== undefined) return { what: `the header \`${header}\``, param: header };
  const tag = require.tags.find((name) => !isText(ownText(key.tags, name)));
  if (tag !== undefined) return { what: `a key with the tag \`${tag}\``, param: null };
  if (require.endUser && stated.endUser === null) {
    return { what: 'the end user of the call', param: 'user' };
  }
  if (require.metadata.length === 0) return null;
  const metadata = stated.metadata();
  const member = require.metadata.find((name) => !isText(ownText(metadata, name)));
  return member === undefined
    ? null
    : { what: `\`${member}\` in the request's metadata`, param: `metadata.${member}` };
}

/** A name alone says nothing: what is required has a text that is not blank. */
function isText(value: unknown): boolean {
  return typeof value === 'string' && value.trim() !== '';
}

/** Not of the prototype: a tag may be called `constructor`. */
function ownText(record: Readonly<Record<string, unknown>>, name: string): unknown {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

/** @returns the cap that the request is above; null: it is within all */
export function cappedBytes(guardrails: readonly Guardrail[], bytes: number): number | null {
  const above = guardrails.flatMap(({ caps: { requestBytes } }) =>
    requestBytes !== null && bytes > requestBytes ? [requestBytes] : [],
  );
  return above.length === 0 ? null : Math.min(...above);
}

/** A call that states no limit may write as much as its model can: it is above every cap. */
export function cappedTokens(
  guardrails: readonly Guardrail[],
  outputTokensMax: number | null,
): number | null {
  const above = guardrails.flatMap(({ caps: { outputTokens } }) =>
    // seam: no-output-limit-is-above-a-cap
    outputTokens !== null && (outputTokensMax === null || outputTokensMax > outputTokens)
      ? [outputTokens]
      : [],
  );
  return above.length === 0 ? null : Math.min(...above);
}
