/** Every model name that a call may use here. */
import { listModels } from '@tollgate/domain/pricing/price-list.ts';
import type { ServedModel } from '../dialects/dialect.ts';
import type { LedgerView } from '../ledger-view/ledger-view.ts';
import type { Deployments } from '../routing/deployments.ts';

export function servedModels(deployments: Deployments, directory: LedgerView): ServedModel[] {
  const providers = new Map<string, string>();
  const nowMs = Date.now();
  for (const provider of deployments.providers) {
    for (const { model } of listModels(directory.priceList, provider.priceProvider, nowMs)) {
      if (!providers.has(model)) providers.set(model, provider.name);
    }
  }
  for (const name of deployments.configuredNames()) {
    const deployment = deployments.find(name, nowMs);
    if ('provider' in deployment) providers.set(name, deployment.provider.name);
  }
  return [...providers].map(([name, provider]) => ({ name, provider }));
}
