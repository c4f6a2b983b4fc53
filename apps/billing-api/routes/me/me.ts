/**
 * GET /v1/me, with a virtual key: what that key has used by model, in the windows of today, of this
 * month, and of the budgets that bind it. Proxies ask it for their answer of the same path.
 */
import { BUCKET_S } from '@tollgate/adapters/warehouse/queries/buckets.ts';
import { usageWindows } from '@tollgate/adapters/warehouse/queries/usage-windows.ts';
import type { BudgetDefinition } from '@tollgate/domain/budget/definition.ts';
import { type WindowRule, windowBounds } from '@tollgate/domain/budget/window.ts';
import type { KeyState } from '@tollgate/domain/key/key.ts';
import { formatDecimal12, parseDecimal12 } from '@tollgate/domain/money/money.ts';
import { ownUsage, type UsedInWindow } from '@tollgate/schemas/http/me.ts';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { defineRoute } from '../../http/route.ts';

export const getMe = defineRoute({
  operationId: 'getMe',
  method: 'GET',
  path: '/v1/me',
  tag: 'Usage',
  summary: 'What the virtual key that asks has used, by model',
  description:
    'Asked with a virtual key, not with an admin token; it tells of that key alone. The proxies answer ' +
    'the same path, with the limits of the key besides.',
  auth: 'key',
  status: 200,
  response: ownUsage,
  errors: ['missing_key', 'invalid_key', 'overloaded'],
  async handler({ keyId }, context) {
    const key = context.directory.keys.get(keyId ?? '');
    if (key === undefined) throw new ApiProblem('invalid_key');
    const { key_id } = key.state;
    const usage = context.ownUsage.get(key_id, () => usageOf(key.state, context));
    if (usage === null) throw new ApiProblem('overloaded');
    return { object: 'own_usage' as const, key_id, usage: await usage };
  },
});

async function usageOf(key: KeyState, context: ApiContext): Promise<UsedInWindow[]> {
  const nowMs = context.clock();
  const rules = rulesOf(key, nowMs, context);
  return await Promise.all(rules.map((rule) => usedIn(rule, key, nowMs, context)));
}

/** One for each start: budgets may have the same windows. */
function rulesOf(key: KeyState, nowMs: number, { directory, limits }: ApiContext): WindowRule[] {
  const time_zone = directory.customers.get(key.customer_id)?.state.time_zone ?? 'UTC';
  const usual: WindowRule[] = [
    { window: 'day', time_zone, anchor: null },
    { window: 'month', time_zone, anchor: null },
  ];
  const onPath = directory.budgets.where((budget) => binds(budget, key));
  const byBounds = new Map<string, WindowRule>();
  for (const rule of [...usual, ...onPath.map(({ state }) => state)]) {
    const { startMs, endMs } = windowBounds(rule, nowMs);
    const bounds = `${startMs} ${endMs}`;
    if (!byBounds.has(bounds)) byBounds.set(bounds, rule);
  }
  return [...byBounds.values()].slice(0, limits.ownUsageWindowsMax);
}

function binds({ scope, archived }: BudgetDefinition, key: KeyState): boolean {
  if (archived) return false;
  switch (scope.type) {
    case 'key':
      return scope.id === key.key_id;
    case 'team':
      return scope.id === key.team_id;
    case 'customer':
      return scope.id === key.customer_id;
    case 'installation':
      return true;
    default:
      return scope satisfies never;
  }
}

async function usedIn(
  { window, time_zone, anchor }: WindowRule,
  { key_id, customer_id }: KeyState,
  nowMs: number,
  { warehouse, limits }: ApiContext,
): Promise<UsedInWindow> {
  const { startMs, endMs } = windowBounds({ window, time_zone, anchor }, nowMs);
  const rows = await usageWindows(warehouse, {
    window: 'total',
    timeZone: 'UTC',
    tag: null,
    groupBy: ['model'],
    startS: Math.floor(startMs / 1000 / BUCKET_S) * BUCKET_S,
    endS: Math.ceil((nowMs / 1000 + 1) / BUCKET_S) * BUCKET_S,
    // seam: own-usage-is-of-the-key
    filters: { customer_id, key_id },
    history: false,
    rowsMax: limits.ownUsageModelsMax,
  });
  const used = rows.filter(({ sums }) => sums.events > sums.refusals);
  const cost = used.reduce((sum, row) => sum + parseDecimal12(row.cost), 0n);
  return {
    ...{ window, time_zone, window_start: new Date(startMs).toISOString() },
    window_end: Number.isFinite(endMs) ? new Date(endMs).toISOString() : null,
    cost: formatDecimal12(cost),
    models: used.map(({ values, sums, cost: spent }) => ({
      model: values.model ?? '',
      requests: sums.requests,
      input_tokens:
        sums.input_tokens +
        sums.cache_read_tokens +
        sums.cache_write_tokens +
        sums.cache_write_1h_tokens +
        sums.audio_input_tokens +
        sums.image_input_tokens,
      output_tokens:
        sums.output_tokens +
        sums.reasoning_tokens +
        sums.audio_output_tokens +
        sums.image_output_tokens,
      cost: spent,
      unpriced_events: sums.unpriced_events,
    })),
  };
}
