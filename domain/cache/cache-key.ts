/**
 * What makes two calls the same to the cache of answers (docs/design.md, Cache): a text, whose SHA-256
 * is the key of an entry. Everything that may change an answer is in it; what is left out is listed
 * there.
 *
 * I10: whose answers may be shared is the first thing in it, framed as JSON, so that no name of a
 * customer, key or end user can be made to look like another one's.
 */

/** Who may be served an answer: one customer, unless the configuration says otherwise by name. */
export type CacheNamespace = 'customer' | 'key' | 'end_user' | 'installation';

export type CacheOwner = { customerId: string; keyId: string };

/**
 * A text that two calls share only if they may share an answer.
 *
 * @param endUser of the call; null: it names nobody, who is nobody else either
 */
export function namespaceText(
  namespace: CacheNamespace,
  { customerId, keyId }: CacheOwner,
  endUser: string | null,
): string {
  switch (namespace) {
    case 'customer':
      return JSON.stringify([namespace, customerId]);
    case 'key':
      return JSON.stringify([namespace, customerId, keyId]);
    case 'end_user':
      return JSON.stringify([namespace, customerId, endUser]);
    case 'installation':
      return JSON.stringify([namespace]);
    default:
      return namespace satisfies never;
  }
}

/** Whenever what is in a key, or what an entry holds, changes its meaning: older entries are never met. */
const VERSION = 'tollgate-cache-1';

/** Headers of a request that may choose another behaviour of the same model, in any dialect. */
const KEYED_HEADERS = [
  'openai-beta',
  'openai-version',
  'anthropic-beta',
  'anthropic-version',
] as const;

export type KeyedHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/**
 * @param namespace as of `namespaceText`
 * @param endpoint of the dialect, such as `chat.completions`
 * @param request what of the request may change the answer, in canonical form: it names the model
 * @param part of a route that divides its calls, the part that this one is in; null: all are alike
 */
export function cacheKeyText(
  namespace: string,
  endpoint: string,
  headers: KeyedHeaders,
  request: string,
  part: string | null = null,
): string {
  const given = KEYED_HEADERS.map((name) => headers[name] ?? null);
  const head = [VERSION, namespace, endpoint, given];
  return `${JSON.stringify(part === null ? head : [...head, part])}\n${request}`;
}
