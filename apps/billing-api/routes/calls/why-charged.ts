/** How an attempt was priced, held, charged, settled and adjusted. */
import type { AccountedEvent } from '@tollgate/adapters/warehouse/queries/call-account.ts';
import { chargeHold } from '@tollgate/domain/budget/amounts.ts';
import { parseHoldUnit } from '@tollgate/domain/budget/hold-unit.ts';
import {
  holdsByWindow,
  statedUsage,
  type WindowHold,
} from '@tollgate/domain/budget/lease-adjustments.ts';
import { formatDecimal, formatDecimal12 } from '@tollgate/domain/money/money.ts';
import { costLines } from '@tollgate/domain/pricing/cost.ts';
import { emptyPriceList, evolvePrices, findPrice } from '@tollgate/domain/pricing/price-list.ts';
import { knownQuantities } from '@tollgate/domain/usage/quantities.ts';
import type { callWhy } from '@tollgate/schemas/http/call-why.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import { readWindow } from '../budgets/window-history.ts';
import { windowTimes } from './window-times.ts';

type Explained = z.input<typeof callWhy>['attempts'][number];

/** Exact costs are integers of 1e-18 dollars. */
const EXACT_PLACES = 18;

export async function explainAttempt(
  event: AccountedEvent,
  resolution: AccountedEvent | undefined,
  context: ApiContext,
): Promise<Explained> {
  const { id, attempt, provider, status, error_type, usage_source, cost } = event;
  return {
    ...{ id, attempt, time: new Date(event.atMs).toISOString(), provider, model: modelOf(event) },
    ...{ status, error_type, usage_source, cost },
    ...{ output_limit: event.outputLimit, output_clamped: event.outputClamped },
    price: priceOf(event, context),
    budgets: await Promise.all(
      holdsByWindow(event).map((hold) => explainHold(hold, event, context)),
    ),
    resolution:
      resolution === undefined
        ? null
        : { id: resolution.id, source: resolution.source, cost: resolution.cost },
  };
}

/** As it was asked for at the provider: the deployment is its name behind the provider's. */
function modelOf({ provider, deployment }: AccountedEvent): string | null {
  return deployment === null ? null : deployment.slice((provider ?? '').length + 1);
}

/** The version that is on the event; the list of that version says what it multiplied (I7). */
function priceOf(event: AccountedEvent, { directory }: ApiContext): Explained['price'] {
  const { price_version: version, price_source: source } = event;
  if (version === null) return null;
  return { version, source, lines: linesOf(event, directory.priceVersions.get(version)?.state) };
}

type PriceList = NonNullable<ReturnType<ApiContext['directory']['priceVersions']['get']>>['state'];

function linesOf(event: AccountedEvent, list: PriceList | undefined) {
  const [model, used] = [modelOf(event), knownQuantities(event)];
  if (list === undefined || model === null || used === null) return null;
  const prices = evolvePrices(emptyPriceList(), { data: list });
  const found = findPrice(prices, list.provider, model, event.atMs);
  if (found === null) return null;
  const lines = costLines(found.price, used)?.map(({ unit, quantity, picoPerMillion, atto }) => ({
    ...{ unit, quantity, usd_per_million: formatDecimal12(picoPerMillion) },
    cost: formatDecimal(atto, EXACT_PLACES),
  }));
  return lines ?? null;
}

async function explainHold(
  { window, unit, leaseIds, parts }: WindowHold,
  event: AccountedEvent,
  context: ApiContext,
): Promise<Explained['budgets'][number]> {
  const { ledger, limits, directory } = context;
  const reader = { ledger, pageEvents: limits.ledgerPageEvents };
  const history = await readWindow(reader, window).catch((cause: unknown) => {
    throw new ApiProblem('ledger_unavailable', { cause });
  });
  const budgetId = history.opened?.budget_id ?? '';
  const definition = directory.budgets.get(budgetId)?.state ?? null;
  const { charges } = chargeHold(parseHoldUnit(unit), parts, statedUsage(event));
  const adjusted = leaseIds.map((lease) =>
    sum(
      history.adjustments.flatMap(({ leaseId, attemptId, delta }) =>
        leaseId === lease && attemptId === event.id ? [delta] : [],
      ),
    ),
  );
  return {
    budget_id: budgetId,
    scope: definition?.scope ?? null,
    counted_as: unit,
    window_start: windowTimes(window, history.opened, definition).window_start,
    held: formatDecimal12(sum(parts)),
    charged: formatDecimal12(sum(charges)),
    adjusted: formatDecimal12(sum(adjusted)),
    leases: leaseIds.map((lease_id, index) => {
      const lease = history.leases.get(lease_id);
      const settledAtMs = lease?.settledAtMs ?? null;
      return {
        ...{ lease_id, instance_id: lease?.instanceId ?? null },
        held: formatDecimal12(parts[index] ?? 0n),
        charged: formatDecimal12(charges[index] ?? 0n),
        adjusted: formatDecimal12(adjusted[index] ?? 0n),
        settled_at: settledAtMs === null ? null : new Date(settledAtMs).toISOString(),
      };
    }),
  };
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
