/**
 * The admin APIs that give these exports page by page: OpenAI's and Anthropic's. They ask for an admin
 * key, refuse more buckets than a page may have, and answer 429 when they are asked too often.
 */
import {
  anthropicCostPeriods,
  anthropicPage,
  anthropicUsagePeriods,
  type Period,
} from './anthropic.ts';
import { type ChargedCall, utcDay } from './charged-call.ts';
import { type Bucket, openaiCostBuckets, openaiPage, openaiUsageBuckets } from './openai.ts';

export type AdminAnswer = { status: number; headers: Record<string, string>; body: string };

export type AdminApi = {
  adminKey: string;
  calls: readonly ChargedCall[];
  /** So many answers in turn are 429 before each one that is given. */
  refusals: number;
};

const DAY_MS = 86_400_000;
const LIMITS: Readonly<Record<string, number>> = {
  '/v1/organization/usage/completions': 31,
  '/v1/organization/costs': 180,
  '/v1/organizations/usage_report/messages': 31,
  '/v1/organizations/cost_report': 31,
};

/** @returns what answers requests: a URL and headers with names in lower case */
export function adminApi({ adminKey, calls, refusals }: AdminApi) {
  let refused = 0;
  return (url: URL, headers: Readonly<Record<string, string>>): AdminAnswer => {
    const most = LIMITS[url.pathname];
    if (most === undefined) return problem(404, 'not_found');
    const isOpenai = url.pathname.startsWith('/v1/organization/');
    const key = isOpenai ? headers['authorization']?.replace('Bearer ', '') : headers['x-api-key'];
    if (key !== adminKey) return problem(401, 'invalid_api_key');
    if (!isOpenai && headers['anthropic-version'] === undefined) return problem(400, 'no version');
    if (refused < refusals) {
      refused += 1;
      return { ...problem(429, 'rate_limit'), headers: { 'retry-after': '2' } };
    }
    refused = 0;
    const limit = Number(url.searchParams.get('limit') ?? 7);
    if (limit > most) return problem(400, `limit: at most ${most}`);
    const from = Number(url.searchParams.get('page')?.replace('page_', '') ?? 0);
    const body = isOpenai ? openai(url, calls, from, limit) : anthropic(url, calls, from, limit);
    return { status: 200, headers: {}, body: JSON.stringify(body) };
  };
}

function openai(url: URL, calls: readonly ChargedCall[], from: number, limit: number): object {
  const first = utcDay(Number(url.searchParams.get('start_time')) * 1_000);
  const last = utcDay(Number(url.searchParams.get('end_time')) * 1_000 - DAY_MS);
  const isCosts = url.pathname.endsWith('/costs');
  const all: Bucket[] = (isCosts ? openaiCostBuckets : openaiUsageBuckets)(calls, first, last);
  return openaiPage(all, from, limit);
}

function anthropic(url: URL, calls: readonly ChargedCall[], from: number, limit: number): object {
  const first = utcDay(Date.parse(url.searchParams.get('starting_at') ?? ''));
  const last = utcDay(Date.parse(url.searchParams.get('ending_at') ?? '') - DAY_MS);
  const isCosts = url.pathname.endsWith('/cost_report');
  const all: Period[] = (isCosts ? anthropicCostPeriods : anthropicUsagePeriods)(
    calls,
    first,
    last,
  );
  return anthropicPage(all, from, limit);
}

function problem(status: number, code: string): AdminAnswer {
  return { status, headers: {}, body: JSON.stringify({ error: { code } }) };
}
