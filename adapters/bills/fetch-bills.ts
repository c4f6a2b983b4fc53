/**
 * Usage and costs of an organization from its provider's admin API: the same pages that `read-bill.ts`
 * reads from files. Nothing asks for them unless an operator does, with an admin key that has no other
 * use here. What can go wrong is bounded: pages, bytes, attempts and waits.
 */
import { setTimeout } from 'node:timers/promises';
import { adminPage } from '@tollgate/schemas/bills/admin-page.ts';
import { BillError } from './bill-collector.ts';
import { billLimits } from './bill-limits.ts';

export type FetchedFrom = 'openai' | 'anthropic';

/** Whole days in UTC, both included. */
export type FetchedDays = { firstDay: string; lastDay: string };

export type FetchOptions = {
  /** Sent to this provider's address and to no other (I12). */
  adminKey: string;
  /** Default: the provider's own. */
  baseUrl?: string | undefined;
  fetch?: typeof fetch;
  /** Between attempts, ms. */
  wait?: (ms: number) => Promise<unknown>;
  signal?: AbortSignal | undefined;
};

export type FetchedFile = { name: string; content: string };

type Report = { name: string; path: string; query: readonly (readonly [string, string])[] };

const DAY_MS = 86_400_000;

const PROVIDERS = {
  openai: {
    baseUrl: 'https://api.openai.com',
    headers: (key: string) => ({ authorization: `Bearer ${key}` }),
    reports(startMs: number, endMs: number): readonly Report[] {
      const range = [
        ['start_time', String(startMs / 1_000)],
        ['end_time', String(endMs / 1_000)],
        ['bucket_width', '1d'],
      ] as const;
      const by = (...names: string[]) => names.map((name) => ['group_by', name] as const);
      return [
        {
          ...{ name: 'openai-usage', path: '/v1/organization/usage/completions' },
          query: [
            ...[...range, ['limit', '31'] as const],
            ...by('model', 'project_id', 'api_key_id', 'service_tier', 'batch'),
          ],
        },
        {
          ...{ name: 'openai-costs', path: '/v1/organization/costs' },
          query: [...range, ['limit', '180'], ...by('line_item', 'project_id')],
        },
      ];
    },
  },
  anthropic: {
    baseUrl: 'https://api.anthropic.com',
    headers: (key: string) => ({ 'x-api-key': key, 'anthropic-version': '2023-06-01' }),
    reports(startMs: number, endMs: number): readonly Report[] {
      const range = [
        ['starting_at', new Date(startMs).toISOString()],
        ['ending_at', new Date(endMs).toISOString()],
        ['bucket_width', '1d'],
        ['limit', '31'],
      ] as const;
      const by = (...names: string[]) => names.map((name) => ['group_by[]', name] as const);
      return [
        {
          ...{ name: 'anthropic-usage', path: '/v1/organizations/usage_report/messages' },
          query: [...range, ...by('model', 'api_key_id', 'workspace_id', 'service_tier')],
        },
        {
          ...{ name: 'anthropic-costs', path: '/v1/organizations/cost_report' },
          query: [...range, ...by('description', 'workspace_id')],
        },
      ];
    },
  },
} as const;

/** A usage report and its costs, a file for each page. @throws BillError */
export async function fetchBills(
  from: FetchedFrom,
  { firstDay, lastDay }: FetchedDays,
  options: FetchOptions,
): Promise<FetchedFile[]> {
  const startMs = Date.parse(firstDay);
  const endMs = Date.parse(lastDay) + DAY_MS;
  const files: FetchedFile[] = [];
  for (const report of PROVIDERS[from].reports(startMs, endMs)) {
    files.push(...(await pagesOf(from, report, options)));
  }
  return files;
}

async function pagesOf(
  from: FetchedFrom,
  { name, path, query }: Report,
  options: FetchOptions,
): Promise<FetchedFile[]> {
  const files: FetchedFile[] = [];
  const seen = new Set<string>();
  let page: string | undefined;
  while (files.length < billLimits.pagesMax) {
    const url = new URL(path, options.baseUrl ?? PROVIDERS[from].baseUrl);
    for (const [key, value] of query) url.searchParams.append(key, value);
    if (page !== undefined) url.searchParams.set('page', page);
    const content = await answerOf(url, PROVIDERS[from].headers(options.adminKey), options);
    files.push({ name: `${name}-${files.length + 1}.json`, content });
    const { has_more, next_page } = headOf(content, path);
    if (!has_more) return files;
    if (next_page === null || next_page === undefined || seen.has(next_page)) {
      throw new BillError(`${path} says that there is more, and not where`);
    }
    seen.add(next_page);
    page = next_page;
  }
  throw new BillError(`${path} has more than ${billLimits.pagesMax} pages: take a shorter range`);
}

function headOf(content: string, path: string) {
  let parsed: unknown;
  try {
    parsed = JSON.parse(content);
  } catch (cause) {
    throw new BillError(`${path} did not answer JSON`, { cause });
  }
  const head = adminPage.safeParse(parsed);
  if (!head.success) throw new BillError(`${path} answered something that is no page`);
  return head.data;
}

/** Asks again after 429 and 5xx, as long as the provider says, within a bound. */
async function answerOf(
  url: URL,
  headers: Readonly<Record<string, string>>,
  options: FetchOptions,
): Promise<string> {
  const send = options.fetch ?? fetch;
  const wait = options.wait ?? ((ms: number) => setTimeout(ms, undefined, { ref: true }));
  for (let attempt = 1; ; attempt++) {
    const timeout = AbortSignal.timeout(billLimits.answerMs);
    const signal =
      options.signal === undefined ? timeout : AbortSignal.any([timeout, options.signal]);
    const answer = await send(url, { headers, signal, redirect: 'error' });
    if (answer.ok) return await textOf(answer, url.pathname);
    await answer.body?.cancel();
    const isBusy = answer.status === 429 || answer.status >= 500;
    if (!isBusy || attempt === billLimits.attemptsMax) {
      const hint = answer.status === 401 ? ': it takes an admin key of the organization' : '';
      throw new BillError(`${url.pathname} answered ${answer.status}${hint}`);
    }
    const asked = Number(answer.headers.get('retry-after') ?? 0) * 1_000;
    const own = billLimits.pauseMs * 2 ** (attempt - 1);
    await wait(Math.min(Math.max(own, asked), billLimits.pauseMaxMs));
  }
}

async function textOf(answer: Response, path: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of answer.body ?? []) {
    bytes += chunk.length;
    if (bytes > billLimits.lineBytesMax) throw new BillError(`${path} answered too much at once`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}
