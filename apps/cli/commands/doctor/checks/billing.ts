/** What the billing API knows: models without a price, budgets that price nothing, webhooks that fail. */
import { globMatcher } from '@tollgate/domain/routing/glob.ts';
import type { budgetView } from '@tollgate/schemas/http/resources.ts';
import type { deliveryView, webhookView } from '@tollgate/schemas/http/webhooks.ts';
import type { z } from 'zod';
import type { Api } from '../../../connection/api.ts';
import type { UsageRow } from '../../usage/usage-query.ts';
import { type Finding, ok, problem, unknown, warning } from '../finding.ts';
import type { Check } from '../sight.ts';

const DAY_MS = 86_400_000;
const LATELY_MS = 7 * DAY_MS;
const BUDGETS_MAX = 1_000;
const WEBHOOKS_MAX = 50;
const UNITS = new Set(['usd', 'tokens', 'requests']);

export const checkBilling: Check = async (sight) => {
  let api: Api;
  try {
    api = await sight.api();
  } catch (error) {
    return [
      unknown(
        'billing',
        `without a token the billing API is not asked: ${(error as Error).message}`,
      ),
    ];
  }
  try {
    const usage = await usageLately(api, sight.clock());
    return [
      ...unpricedFindings(usage),
      ...(await budgetFindings(api, usage)),
      ...(await webhookFindings(api)),
    ];
  } catch (error) {
    return [unknown('billing', `the billing API did not answer: ${(error as Error).message}`)];
  }
};

async function usageLately(api: Api, nowMs: number): Promise<UsageRow[]> {
  const { data } = await api.get<{ data: UsageRow[] }>('/v1/usage', {
    group_by: 'model,model_requested,provider',
    start: new Date(nowMs - LATELY_MS).toISOString(),
    end: new Date(nowMs + 1).toISOString(),
  });
  return data;
}

function unpricedFindings(usage: readonly UsageRow[]): Finding[] {
  const unpriced = usage.filter((row) => row.unpriced_events > 0);
  if (unpriced.length === 0) return [ok('unpriced_model', 'every model in use has a price')];
  return unpriced.map(({ model, provider, unpriced_events: count }) =>
    problem(
      'unpriced_model',
      `${count} events of ${model ?? 'no model'} at ${provider ?? 'no provider'} in the last 7 days have no cost`,
      `State its price (\`prices\` of tollgate.yaml, or POST /v1/price_books); unknown usage: import the provider’s bill.`,
    ),
  );
}

type Budget = z.output<typeof budgetView>;

/** A budget of money whose models have no price refuses all of their calls, or counts nothing. */
async function budgetFindings(api: Api, usage: readonly UsageRow[]): Promise<Finding[]> {
  const findings: Finding[] = [];
  const budgets = await api.all<Budget>('/v1/budgets', { status: 'active' }, BUDGETS_MAX);
  for (const budget of budgets) {
    if (!UNITS.has(budget.unit)) {
      const what = `budget ${budget.id} is in ${budget.unit}, for which there is no price`;
      findings.push(
        problem('budget_unit', what, 'Make one in usd, tokens or requests in its place.'),
      );
    }
    if (budget.unit !== 'usd' || budget.model === null) continue;
    const fits = globMatcher(budget.model);
    const fitting = usage.filter((row) => fits(row.model ?? '') || fits(row.model_requested ?? ''));
    const isUnpriced =
      fitting.length > 0 && fitting.every((row) => row.unpriced_events === row.events);
    if (!isUnpriced) continue;
    const what = `budget ${budget.id} limits ${budget.model} in dollars, and none of its calls has a price`;
    findings.push(
      problem('budget_unit', what, 'State a price of the model, or limit it in tokens.'),
    );
  }
  return findings.length > 0 ? findings : [ok('budget_unit', 'every budget can be counted')];
}

type Webhook = z.output<typeof webhookView>;
type Delivery = z.output<typeof deliveryView>;

async function webhookFindings(api: Api): Promise<Finding[]> {
  const webhooks = await api.all<Webhook>('/v1/webhooks', { status: 'active' }, WEBHOOKS_MAX);
  const findings: Finding[] = [];
  for (const { id, url } of webhooks) {
    const deliveries = await api.all<Delivery>(`/v1/webhooks/${id}/deliveries`, {}, 20);
    const failing = deliveries.find(
      ({ status, attempts }) =>
        status === 'failed' ||
        (status === 'pending' && attempts.some(({ error }) => error !== null)),
    );
    if (failing === undefined) continue;
    const last = failing.attempts.findLast(({ error }) => error !== null);
    const why = last?.http_status === null ? last.error : `HTTP ${last?.http_status}`;
    const what = `deliveries to ${new URL(url).origin} (${id}) fail: ${why}`;
    const advice =
      'Bring its receiver back within three days; docs/operations.md says what each error means.';
    findings.push(
      failing.status === 'failed'
        ? problem('webhook_deliveries', what, advice)
        : warning('webhook_deliveries', what, advice),
    );
  }
  return findings.length > 0
    ? findings
    : [ok('webhook_deliveries', `${webhooks.length} webhooks, none fails`)];
}
