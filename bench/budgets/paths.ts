/** Keys of one proxy, with none, one, or four budgets and a rate limit on their path. */
import { join } from 'node:path';
import type { AdminClient } from '@tollgate/adapters/billing-api/admin-client.ts';
import type { Ledger } from '@tollgate/adapters/ledger/ledger.ts';
import { RateCounters } from '@tollgate/adapters/rates/rate-counters.ts';
import { rateSeat } from '@tollgate/adapters/rates/rate-desk.ts';
import type { RateAsks } from '@tollgate/adapters/rates/rate-messages.ts';
import type { Subject } from '../harness/process.ts';
import { prepareTollgate, startProxyOn } from '../proxy/tollgate.ts';

export type Path = { name: string; secret: string; budgetIds: readonly string[] };

const ROOT = join(import.meta.dirname, '../..');
/** What no run of this bench can spend. */
const LIMIT = '1000000000';

/** One process for all keys, so that only what is on their paths differs. */
export async function startPaths(
  folder: string,
  upstreamUrl: string,
  nodeArgs: readonly string[],
): Promise<{ proxy: Subject; paths: readonly Path[]; config: string }> {
  const prepared = await prepareTollgate(folder, upstreamUrl, ROOT, makePaths);
  // The store of rates of a supervisor, which this process is here.
  const seat = rateSeat(new RateCounters(Date.now));
  const hear = (message: object, tell: (answer: object) => void) => {
    if ((message as { type: string }).type === 'rates') seat.hear(message as RateAsks, tell);
  };
  const proxy = await startProxyOn(prepared, { root: ROOT, nodeArgs }, '0', hear);
  return { proxy, paths: prepared.made, config: prepared.config };
}

async function makePaths(api: AdminClient): Promise<Path[]> {
  return [
    await makePath(api, 'no budget', [], false),
    await makePath(api, 'one budget', [{ scope: 'key', unit: 'usd', limit: LIMIT }], false),
    await makePath(
      api,
      'four budgets and a rate limit',
      [
        { scope: 'key', unit: 'usd', limit: LIMIT },
        { scope: 'team', unit: 'tokens', limit: `${LIMIT}000`, window: 'week' },
        { scope: 'customer', unit: 'usd', basis: 'billed', limit: LIMIT },
        { scope: 'customer', unit: 'requests', limit: LIMIT, window: 'day' },
      ],
      true,
    ),
  ];
}

type Defined = { scope: 'key' | 'team' | 'customer' } & Record<string, string>;

async function makePath(
  api: AdminClient,
  name: string,
  budgets: readonly Defined[],
  isRated: boolean,
): Promise<Path> {
  const create = (path: string, body: object) =>
    api.post<{ id: string; secret: string }>(path, body);
  const customer = await create('/v1/customers', { name, markup_ppm: 200_000 });
  const team = await create('/v1/teams', { customer_id: customer.id, name });
  const owner = { customer_id: customer.id, team_id: team.id };
  const key = await create('/v1/keys', { ...owner, name, environment: 'test' });
  const ids = { key: key.id, team: team.id, customer: customer.id };
  const budgetIds: string[] = [];
  for (const { scope, ...more } of budgets) {
    const { id } = await create('/v1/budgets', { scope: { type: scope, id: ids[scope] }, ...more });
    budgetIds.push(id);
  }
  if (isRated) {
    const scope = { type: 'key', id: key.id };
    await create('/v1/rate_limits', { scope, measure: 'requests', limit: 1_000_000_000 });
  }
  return { name, secret: key.secret, budgetIds };
}

/** Events of all windows of a budget. */
export async function windowEvents(ledger: Ledger, budgetId: string): Promise<number> {
  const end = new AbortController();
  let events = 0;
  const items = ledger.subscribe({
    ...{ prefixes: [`budget-${budgetId}@`], after: null, signal: end.signal },
  });
  for await (const { kind } of items) {
    if (kind === 'event') events++;
    else break;
  }
  end.abort();
  return events;
}
