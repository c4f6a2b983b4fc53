/**
 * The billing API over HTTP: bounded waits, a few repetitions of what may be repeated, and lists page by
 * page. A POST is sent under an `Idempotency-Key`, so that its repetition is the same command.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError, FailedError } from '../errors.ts';

export type Query = Readonly<Record<string, string | number | undefined>>;

export type Api = {
  readonly url: string;
  get<T>(path: string, query?: Query): Promise<T>;
  post<T>(path: string, body?: object, options?: { waitMs?: number }): Promise<T>;
  patch<T>(path: string, body: object): Promise<T>;
  /** A file, piece by piece: what fails halfway breaks off. */
  download(path: string, query?: Query): Promise<AsyncIterable<Uint8Array>>;
  /** Pages of a list, newest first, as many as are asked for. */
  pages<T extends { id: string }>(path: string, query?: Query, most?: number): AsyncGenerator<T[]>;
  /** All of a list, at most so many. */
  all<T extends { id: string }>(path: string, query?: Query, most?: number): Promise<T[]>;
};

/** What the API says of a request that it does not carry out. */
class ApiRefusal extends FailedError {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, message: string) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/** Nobody answers there, or something that is no billing API. */
class ApiUnreachable extends CommandError {}

export type ApiOptions = {
  url: string;
  token: string;
  fetch?: typeof fetch;
  signal?: AbortSignal;
  limits?: Partial<ApiLimits>;
};

type ApiLimits = {
  /** For a whole answer, ms. */
  waitMs: number;
  attemptsMax: number;
  /** Before the second attempt, ms; it doubles. */
  pauseMs: number;
  /** However long the API asks to wait, ms. */
  pauseMaxMs: number;
};

const LIMITS: ApiLimits = { waitMs: 30_000, attemptsMax: 4, pauseMs: 200, pauseMaxMs: 5_000 };

/** Of a whole file, ms: the API itself cuts off a reader that takes nothing. */
const DOWNLOAD_MS = 60 * 60 * 1000;
/** The most that one page has. */
const PAGE_ITEMS = 100;
const ANSWER_SHOWN_MAX = 200;

const TRY_AGAIN = new Set([429, 502, 503, 504]);

type Problem = {
  code?: string;
  title?: string;
  detail?: string;
  action?: string;
  retryable?: boolean;
  errors?: { path: string; message: string }[];
};

export function openApi(options: ApiOptions): Api {
  const url = options.url.replace(/\/+$/, '');
  const call = <T>(
    method: string,
    path: string,
    sent: { query?: Query; body?: object; waitMs?: number },
  ) => new Call<T>({ ...options, url }, method, path, sent).run();
  async function* pages<T extends { id: string }>(
    path: string,
    query: Query = {},
    most = Infinity,
  ) {
    let left = most;
    let after: string | undefined;
    while (left > 0) {
      const limit = Math.min(left, PAGE_ITEMS);
      const page = await call<{ data: T[]; has_more: boolean }>('GET', path, {
        query: { ...query, limit, starting_after: after },
      });
      yield page.data;
      left -= page.data.length;
      after = page.data.at(-1)?.id;
      if (!page.has_more || after === undefined) return;
    }
  }
  return {
    url,
    get: (path, query) => call('GET', path, query === undefined ? {} : { query }),
    post: (path, body = {}, { waitMs } = {}) =>
      call('POST', path, waitMs === undefined ? { body } : { body, waitMs }),
    patch: (path, body) => call('PATCH', path, { body }),
    download: (path, query = {}) =>
      new Call({ ...options, url }, 'GET', path, { query, waitMs: DOWNLOAD_MS }).open(),
    pages,
    async all<T extends { id: string }>(path: string, query: Query = {}, most = 10_000) {
      const items: T[] = [];
      for await (const page of pages<T>(path, query, most)) items.push(...page);
      return items;
    },
  };
}

class Call<T> {
  readonly #options: ApiOptions;
  readonly #limits: ApiLimits;
  readonly #method: string;
  readonly #path: string;
  readonly #request: RequestInit;
  readonly #url: string;

  constructor(
    options: ApiOptions,
    method: string,
    path: string,
    { query = {}, body, waitMs }: { query?: Query; body?: object; waitMs?: number },
  ) {
    this.#options = options;
    this.#limits = { ...LIMITS, ...options.limits, ...(waitMs === undefined ? {} : { waitMs }) };
    this.#method = method;
    this.#path = path;
    const url = new URL(options.url + path);
    for (const [name, value] of Object.entries(query)) {
      if (value !== undefined) url.searchParams.set(name, String(value));
    }
    this.#url = url.href;
    this.#request = {
      method,
      // The token goes to this address and to no other (I12).
      redirect: 'error',
      headers: {
        authorization: `Bearer ${options.token}`,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'POST' ? { 'idempotency-key': randomUUID() } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    };
  }

  async run(): Promise<T> {
    return await this.#read(await this.#answer());
  }

  async open(): Promise<AsyncIterable<Uint8Array>> {
    const answer = await this.#answer();
    if (answer.ok && answer.body !== null) return answer.body;
    await this.#read(answer);
    throw new FailedError(`${this.#url} was answered with ${answer.status} and no file.`);
  }

  async #answer(): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt >= this.#limits.attemptsMax;
      const answer = await this.#ask(isLast);
      if (answer !== undefined && (isLast || !TRY_AGAIN.has(answer.status))) {
        return answer;
      }
      const asked = Number(answer?.headers.get('retry-after') ?? 0) * 1000;
      const pauseMs = Math.max(this.#limits.pauseMs * 2 ** (attempt - 1), asked);
      await answer?.body?.cancel();
      await sleep(Math.min(pauseMs, this.#limits.pauseMaxMs), undefined, this.#abortable());
    }
  }

  /** @returns undefined: nobody answered, and it may be tried again. */
  async #ask(isLast: boolean): Promise<Response | undefined> {
    const send = this.#options.fetch ?? fetch;
    const timeout = AbortSignal.timeout(this.#limits.waitMs);
    const { signal } = this.#options;
    const either = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    try {
      return await send(this.#url, { ...this.#request, signal: either });
    } catch (error) {
      signal?.throwIfAborted();
      if (timeout.aborted) {
        const seconds = Math.round(this.#limits.waitMs / 1000);
        throw new ApiUnreachable(`${this.#options.url} did not answer within ${seconds} s.`, {
          cause: error,
        });
      }
      if (isLast) throw unreachable(this.#options.url, error);
      return undefined;
    }
  }

  async #read(answer: Response): Promise<T> {
    const text = await answer.text();
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch (cause) {
      const shown = text.slice(0, ANSWER_SHOWN_MAX).replaceAll(/\s+/g, ' ');
      throw new ApiUnreachable(
        `${this.#options.url} is no billing API of Tollgate: it answered ${answer.status} ${shown}`,
        { cause },
      );
    }
    if (answer.ok) return body as T;
    throw refusal(answer.status, body as Problem, `${this.#method} ${this.#path}`);
  }

  #abortable() {
    const { signal } = this.#options;
    return signal === undefined ? {} : { signal };
  }
}

function refusal(status: number, problem: Problem, request: string): ApiRefusal {
  const { code = 'unknown', title, detail, action, errors = [] } = problem;
  const fields = errors.map(({ path, message }) => `  ${path}: ${message}`);
  const said = [detail ?? title ?? `${request} was answered with ${status}`];
  if (status === 401) {
    said.push('The token is not valid here: `tollgate profiles show` says where it comes from.');
  } else if (action !== undefined) {
    said.push(action);
  }
  const message = `${said.map((text) => (/[.!?]$/.test(text) ? text : `${text}.`)).join(' ')} (${code})`;
  return new ApiRefusal(status, code, [message, ...fields].join('\n'));
}

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ENOTFOUND: 'its name is not known',
  EAI_AGAIN: 'its name cannot be looked up now',
  ECONNRESET: 'it closed the connection',
  EHOSTUNREACH: 'there is no way to it',
  ENETUNREACH: 'there is no way to it',
};

function unreachable(url: string, error: unknown): ApiUnreachable {
  const { cause } = error as { cause?: { code?: string; message?: string } };
  const why = REASONS[cause?.code ?? ''] ?? cause?.message ?? (error as Error).message;
  const help =
    'Is Tollgate running? `tollgate profiles show` says which address is asked, and why.';
  return new ApiUnreachable(`${url} cannot be reached: ${why}. ${help}`, { cause: error });
}
