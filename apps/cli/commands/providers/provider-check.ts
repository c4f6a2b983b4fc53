/**
 * Asks a provider for the models that it serves: it needs the key, costs nothing, and every dialect has it.
 * What comes of it says whether calls would work.
 */
import type { Authorizer } from '@tollgate/adapters/provider/authorizer.ts';
import {
  type AuthStyle,
  type DialectName,
  OWN_AUTH,
} from '@tollgate/schemas/config/provider-dialects.ts';

export type ProviderAnswer = {
  provider: string;
  /** Name of the key, of several; null: it has one, or none. */
  key: string | null;
  dialect: DialectName;
  url: string;
  outcome: 'works' | 'key_refused' | 'unreachable' | 'slow' | 'no_list' | 'failing';
  http_status: number | null;
  /** How long it took, ms. */
  took_ms: number;
  models: number | null;
  /** What the provider's clock is ahead of ours, ms; null: it does not say its time. */
  clock_ahead_ms: number | null;
  detail: string;
};

export type AskedProvider = {
  name: string;
  baseUrl: string;
  apiKey: string;
  /** The key's name, of several. */
  key?: string | null;
  /** The one of its dialects that it is asked in; default: OpenAI's. */
  dialect?: DialectName;
  /** Default: as the dialect's own clients show a key. */
  auth?: AuthStyle | undefined;
  /** In the query, where it is asked for. */
  apiVersion?: string | undefined;
  /** In place of a key. */
  authorize?: Authorizer | undefined;
  /** More that each request says. */
  headers?: Readonly<Record<string, string>>;
};

function headersFor(asked: AskedProvider): Record<string, string> {
  const { apiKey, dialect = 'openai', headers } = asked;
  const style = asked.auth ?? OWN_AUTH[dialect];
  const shown = style === 'bearer' ? { authorization: `Bearer ${apiKey}` } : { [style]: apiKey };
  return {
    ...(dialect === 'anthropic' ? { 'anthropic-version': '2023-06-01' } : {}),
    ...headers,
    ...(apiKey === '' ? {} : shown),
  };
}

async function proofFor({ authorize }: AskedProvider, url: string): Promise<object> {
  const { host, pathname, search } = new URL(url);
  const request = {
    method: 'GET',
    host,
    path: pathname + search,
    contentType: undefined,
    body: '',
  };
  return (await authorize?.headersFor(request)) ?? {};
}

const WAIT_MS = 10_000;

export async function askProvider(
  asked: AskedProvider,
  { fetch: send, clock, signal }: { fetch: typeof fetch; clock: () => number; signal: AbortSignal },
): Promise<ProviderAnswer> {
  const { name, baseUrl, key = null, dialect = 'openai', apiVersion } = asked;
  const query = apiVersion === undefined ? '' : `?api-version=${apiVersion}`;
  const url = `${baseUrl.replace(/\/+$/, '')}/models${query}`;
  const startMs = performance.now();
  const timeout = AbortSignal.timeout(WAIT_MS);
  const base = {
    ...{ provider: name, key, dialect, url },
    ...{ http_status: null, models: null, clock_ahead_ms: null },
  };
  const took = () => Math.round(performance.now() - startMs);
  try {
    const sentMs = clock();
    const answer = await send(url, {
      // The key goes to this address and to no other (I12).
      redirect: 'manual',
      headers: { ...headersFor(asked), ...(await proofFor(asked, url)) },
      signal: AbortSignal.any([timeout, signal]),
    });
    const ahead = clockAhead(answer.headers.get('date'), sentMs, clock());
    const models = await modelsIn(answer);
    return {
      ...{ ...base, ...judged(answer.status, models) },
      ...{ http_status: answer.status, took_ms: took(), models, clock_ahead_ms: ahead },
    };
  } catch (error) {
    signal.throwIfAborted();
    if (timeout.aborted) {
      const detail = `no answer within ${WAIT_MS / 1000} s`;
      return { ...base, outcome: 'slow', took_ms: took(), detail };
    }
    const { cause } = error as { cause?: { code?: string; message?: string } };
    const detail = cause?.code ?? cause?.message ?? (error as Error).message;
    return { ...base, outcome: 'unreachable', took_ms: took(), detail };
  }
}

function judged(status: number, models: number | null): Pick<ProviderAnswer, 'outcome' | 'detail'> {
  if (status === 401 || status === 403) return { outcome: 'key_refused', detail: `HTTP ${status}` };
  if (status === 404 || status === 405) {
    return { outcome: 'no_list', detail: 'answers, and has no list of models' };
  }
  if (status >= 200 && status < 300) {
    return models === null
      ? { outcome: 'failing', detail: 'answered with no list of models: is the base URL right?' }
      : { outcome: 'works', detail: `${models} models` };
  }
  return { outcome: 'failing', detail: `HTTP ${status}` };
}

async function modelsIn(answer: Response): Promise<number | null> {
  try {
    const { data, models } = (await answer.json()) as { data?: unknown; models?: unknown };
    const list = data ?? models;
    return Array.isArray(list) ? list.length : null;
  } catch {
    return null;
  }
}

/** A date has whole seconds, and was made between the two instants: what could be is no difference. */
export function clockAhead(date: string | null, sentMs: number, receivedMs: number): number | null {
  const theirs = date === null ? Number.NaN : Date.parse(date);
  if (Number.isNaN(theirs)) return null;
  if (theirs > receivedMs) return theirs - receivedMs;
  return theirs + 1_000 < sentMs ? theirs + 1_000 - sentMs : 0;
}
