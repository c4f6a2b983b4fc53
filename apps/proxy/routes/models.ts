/** `GET /v1/models` in the OpenAI dialect: every model name that a call may use here. */
import { listModels } from '@tollgate/domain/pricing/price-list.ts';
import type { Directory } from '../directory/directory.ts';
import type { Deployments } from '../routing/deployments.ts';

type ModelEntry = { id: string; object: 'model'; created: number; owned_by: string };

export function modelList(
  deployments: Deployments,
  directory: Directory,
): { object: 'list'; data: ModelEntry[] } {
  const owners = new Map<string, string>();
  const nowMs = Date.now();
  for (const provider of deployments.providers) {
    for (const { model } of listModels(directory.priceList, provider.priceProvider, nowMs)) {
      if (!owners.has(model)) owners.set(model, provider.name);
    }
  }
  for (const name of deployments.configuredNames()) {
    const deployment = deployments.find(name, nowMs);
    if ('provider' in deployment) owners.set(name, deployment.provider.name);
  }
  const data = [...owners].map(
    ([id, owned_by]): ModelEntry => ({ id, object: 'model', created: 0, owned_by }),
  );
  return { object: 'list', data };
}
