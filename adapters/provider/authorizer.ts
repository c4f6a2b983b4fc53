/** What proves to a provider whose request it is, where that is made for each request, or changes by itself. */
import { readFile } from 'node:fs/promises';

export type AuthorizedRequest = {
  method: string;
  /** With the port, if the URL has one. */
  host: string;
  /** With its query. */
  path: string;
  contentType: string | undefined;
  body: string | Uint8Array;
};

export type Authorizer = {
  /** Headers that the request needs besides. */
  headersFor(request: AuthorizedRequest): Promise<Record<string, string>>;
  /** The head of an answer: one that refuses may say why the next one would be refused too. */
  answered(status: number, date: string | undefined): void;
};

/** Credentials live for an hour: what renews them has a minute to be seen. */
const REREAD_MS = 60_000;
const REFUSED = new Set([401, 403]);

/** Where a text is: it may be replaced while we run, if it is in a file. */
export type TextSource = { text: string } | { file: string };

/** Texts that are read again once a minute, and after a refusal. */
export class RereadTexts {
  readonly #sources: readonly TextSource[];
  readonly #now: () => number;
  #read: Promise<string[]> | undefined;
  #readAtMs = 0;

  constructor(sources: readonly TextSource[], now: () => number = () => performance.now()) {
    this.#sources = sources;
    this.#now = now;
  }

  /** @throws Error naming the file that cannot be read, never what is in it (I12) */
  texts(): Promise<string[]> {
    const nowMs = this.#now();
    // seam: token-is-read-again
    if (this.#read !== undefined && nowMs - this.#readAtMs < REREAD_MS) return this.#read;
    this.#readAtMs = nowMs;
    const read = Promise.all(this.#sources.map(textOf));
    this.#read = read;
    // The next request tries again.
    read.catch(() => this.forget());
    return read;
  }

  forget(): void {
    this.#read = undefined;
  }
}

async function textOf(source: TextSource): Promise<string> {
  if ('text' in source) return source.text;
  const text = await readFile(source.file, 'utf8').catch((cause) => {
    throw new Error(`the secret file ${source.file} cannot be read`, { cause });
  });
  const trimmed = text.trim();
  if (trimmed === '') throw new Error(`the secret file ${source.file} is empty`);
  return trimmed;
}

/** A bearer token that something else renews: Google's and Microsoft's live for an hour. */
export function fileToken(file: string): Authorizer {
  const texts = new RereadTexts([{ file }]);
  return {
    headersFor: async () => ({ authorization: `Bearer ${(await texts.texts())[0]}` }),
    answered: (status) => {
      if (REFUSED.has(status)) texts.forget();
    },
  };
}
