/** Every model name that a call may use here: what is listed is served, and the other way round. */
import { listModels } from '@tollgate/domain/pricing/price-list.ts';
import type { ServedModel } from '../dialects/dialect.ts';
import type { LedgerView } from '../ledger-view/ledger-view.ts';
import type { Deployments } from '../routing/deployments.ts';

export function servedModels(deployments: Deployments, directory: LedgerView): ServedModel[] {
  const nowMs = Date.now();
  const names = new Set<string>();
  for (const provider of deployments.providers) {
    for (const { model } of listModels(directory.priceList, provider.priceProvider, nowMs)) {
      names.add(model);
    }
  }
  for (const name of deployments.configuredNames()) names.add(name);
  return [...names].flatMap((name) => servedModel(deployments, name, nowMs) ?? []);
}

/** null: a call of it would be refused. */
export function servedModel(
  deployments: Deployments,
  name: string,
  nowMs = Date.now(),
): ServedModel | null {
  const found = deployments.find(name, nowMs);
  return 'provider' in found ? { name, provider: found.provider.name } : null;
}
