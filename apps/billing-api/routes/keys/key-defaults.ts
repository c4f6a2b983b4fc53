/**
 * What new keys get (`key_defaults` of the installation and of customers): how it is stored, and how
 * a key gets it. The ledger cannot append to several streams at once, so the budgets and limits of a
 * key are there before the key is: at no moment is there a key that works without them, and a request
 * that was cut off makes the same ones again when it is repeated.
 */
import type { Customer } from '@tollgate/domain/customer/customer.ts';
import { ID_RANDOM_BYTES, makeId } from '@tollgate/domain/ids/ids.ts';
import { INSTALLATION_ID } from '@tollgate/domain/installation/installation-events.ts';
import {
  type AskedOfKey,
  type DefaultBudget,
  type DefaultRateLimit,
  type KeyDefaults,
  keyDefaultsOf,
  scopeOfKey,
  termsOfKey,
} from '@tollgate/domain/key/key-defaults.ts';
import { formatDecimal12, parseDecimal } from '@tollgate/domain/money/money.ts';
import { tagsFitAKey } from '@tollgate/schemas/event/tags.ts';
import type { keyDefaults } from '@tollgate/schemas/http/key-defaults.ts';
import type { z } from 'zod';
import type { ApiContext } from '../../context.ts';
import { ApiProblem } from '../../http/errors.ts';
import type { ApiRequest } from '../../http/route.ts';
import { requireTimeZone } from '../../http/time-zone.ts';
import { requireSense } from '../budgets/budget-request.ts';
import { defineBudget } from '../budgets/define-budget.ts';
import { defineRateLimit, periodOf } from '../rate-limits/define-rate-limit.ts';

export type Stated = z.output<typeof keyDefaults>;

/** As the ledger has them. @throws ApiProblem, naming the field: a key must not find out */
export function storedDefaults(stated: Stated | null): KeyDefaults | null {
  if (stated === null) return null;
  const { budgets, rate_limits, ...rest } = stated;
  return {
    ...rest,
    ...(budgets === undefined ? {} : { budgets: budgets.map(storedBudget) }),
    ...(rate_limits === undefined ? {} : { rate_limits: rate_limits.map(storedRateLimit) }),
  };
}

function storedBudget(
  budget: NonNullable<Stated['budgets']>[number],
  index: number,
): DefaultBudget {
  const within = `key_defaults.budgets.${index}.`;
  requireSense({ ...budget, scope: { type: 'key', id: '' } }, within);
  const { time_zone } = budget;
  return {
    ...budget,
    limit: formatDecimal12(parseDecimal(budget.limit, 12)),
    time_zone:
      time_zone === undefined ? null : requireTimeZone(`body.${within}time_zone`, time_zone),
  };
}

function storedRateLimit(limit: NonNullable<Stated['rate_limits']>[number]): DefaultRateLimit {
  return { ...limit, per: periodOf(limit) };
}

/** The installation's and the customer's, as they are now. */
export function defaultsFor(
  { key_defaults }: Customer,
  { directory }: Pick<ApiContext, 'directory'>,
): KeyDefaults {
  const installation = directory.installation.get(INSTALLATION_ID)?.state;
  return keyDefaultsOf(installation?.key_defaults ?? null, key_defaults);
}

/** What the request says, else the defaults. @throws ApiProblem for too many tags in all */
export function termsOfNewKey(body: AskedOfKey, defaults: KeyDefaults, timeMs: number) {
  const terms = termsOfKey(body, defaults, timeMs);
  if (!tagsFitAKey(terms.tags)) {
    const message = 'with those of the defaults, these are too many';
    throw new ApiProblem('invalid_request', { errors: [{ path: 'body.tags', message }] });
  }
  return terms;
}

type Request = Pick<ApiRequest<unknown, unknown, unknown>, 'commandId' | 'timeMs' | 'random'>;

/** @returns the ids of what the key has, once all of it is in the ledger */
export async function defineDefaults(
  context: ApiContext,
  { commandId, timeMs, random }: Request,
  { keyId, customer, defaults }: { keyId: string; customer: Customer; defaults: KeyDefaults },
) {
  const idOf = (prefix: 'bud' | 'rtl', index: number) =>
    makeId(prefix, timeMs, random(`default|${prefix}|${index}`, ID_RANDOM_BYTES));
  const ids = { default_budget_ids: [] as string[], default_rate_limit_ids: [] as string[] };
  // seam: default-budgets-come-first
  for (const [index, terms] of (defaults.budgets ?? []).entries()) {
    const budget_id = idOf('bud', index);
    const scope = { type: 'key', id: keyId } as const;
    const time_zone = terms.time_zone ?? customer.time_zone;
    await defineBudget(context, { ...terms, budget_id, scope, time_zone }, commandId);
    ids.default_budget_ids.push(budget_id);
  }
  for (const [index, terms] of (defaults.rate_limits ?? []).entries()) {
    const rate_limit_id = idOf('rtl', index);
    const scope = scopeOfKey(terms.scope, keyId);
    await defineRateLimit(context, { ...terms, rate_limit_id, scope }, commandId);
    ids.default_rate_limit_ids.push(rate_limit_id);
  }
  return ids;
}
