/**
 * Every model name that a call of a key may use here: what is listed is served, and the other way
 * round (BerriAI/litellm#1062, maximhq/bifrost#808: lists had models that the key could not call).
 */
import { listModels } from '@tollgate/domain/pricing/price-list.ts';
import type { ModelAccess } from '@tollgate/domain/routing/model-access.ts';
import type { DialectName } from '@tollgate/schemas/config/provider-dialects.ts';
import type { CallDeps } from '../call/call-deps.ts';
import { modelRefusal } from '../call/model-access.ts';
import type { ServedModel } from '../dialects/dialect.ts';
import type { Refusal } from '../errors.ts';
import type { KeyView } from '../ledger-view/ledger-view.ts';
import type { Deployments } from '../routing/deployments.ts';
import type { Route } from '../routing/routes.ts';

/** What can be asked of a model through each API, whatever its provider speaks. */
const CONVERSATION = 'chat.completions';

export type ModelDeps = Pick<CallDeps, 'deployments' | 'directory' | 'router'>;

/** @param dialect in which they are asked for: of those alone that are served through it; null: of all */
export function servedModels(
  deps: ModelDeps,
  key: KeyView,
  dialect: DialectName | null = null,
): ServedModel[] {
  const { deployments, directory, router } = deps;
  const nowMs = Date.now();
  const access = directory.modelAccessOf(key);
  const names = new Set<string>();
  for (const provider of deployments.providers) {
    for (const { model } of listModels(directory.priceList, provider.priceProvider, nowMs)) {
      names.add(model);
    }
  }
  for (const name of deployments.configuredNames()) names.add(name);
  for (const name of router?.names(nowMs) ?? []) names.add(name);
  const models: ServedModel[] = [];
  for (const name of names) {
    const found = servedModel(deps, access, name, dialect, nowMs);
    if (!('code' in found)) models.push(found);
  }
  return models;
}

/**
 * @param access of the key that asks
 * @returns what a call of it would be told, if it would be refused
 */
export function servedModel(
  { deployments, router }: Pick<ModelDeps, 'deployments' | 'router'>,
  access: ModelAccess | null,
  name: string,
  dialect: DialectName | null,
  nowMs = Date.now(),
): ServedModel | Refusal {
  const route = router?.find(name, nowMs);
  if (route !== undefined) return servedRoute(deployments, access, route, dialect, nowMs);
  const found = deployments.find(name, nowMs, dialect, CONVERSATION);
  if ('code' in found) return found;
  const refused = access?.refusal(name, found.model) ?? null;
  // seam: listed-is-allowed
  if (refused !== null) return modelRefusal(refused, name, found.model);
  return { name, provider: found.provider.name };
}

/** A route is served if one of its candidates may be; the first of these is shown. */
function servedRoute(
  deployments: Deployments,
  access: ModelAccess | null,
  { name, terms }: Route,
  dialect: DialectName | null,
  nowMs: number,
): ServedModel | Refusal {
  let refusal: Refusal | undefined;
  for (const [index, { model, provider }] of terms.candidates.entries()) {
    const found = deployments.candidate(model, provider, nowMs, dialect, CONVERSATION);
    if ('code' in found) {
      refusal ??= found;
      continue;
    }
    const refused = access?.refusal(name, found.model, index > 0, model) ?? null;
    if (refused === null) return { name, provider: found.provider.name };
    refusal ??= modelRefusal(refused, name, found.model);
  }
  return refusal as Refusal;
}
